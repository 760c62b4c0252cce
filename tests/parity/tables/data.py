"""Data sets and loaders, generators, devices, and memory that is shared with NumPy."""

_LOADERS = """
t.manual_seed(0); l = D.DataLoader(D.TensorDataset(t.arange(10)), 3, shuffle=True); [list(l), list(l)], t.rand(2)
t.manual_seed(0); l = D.DataLoader(D.TensorDataset(t.arange(10)), 3, shuffle=True); len(l)
g = t.Generator().manual_seed(1); l = D.DataLoader(range(9), 4, True, generator=g); [list(l), list(l)]
g = t.Generator().manual_seed(1); l = D.DataLoader(range(9), 4, True, generator=g); t.rand(1, generator=g)
t.manual_seed(3); batches = iter(D.DataLoader(range(10), 4, shuffle=True)); t.rand(1), list(batches), t.rand(1)
t.manual_seed(0); g = t.Generator(); s = D.RandomSampler(range(4), generator=g); list(s)
t.manual_seed(0); g = t.Generator(); list(D.DataLoader("abcd", 2, sampler=D.RandomSampler(range(4), generator=g)))
list(D.DataLoader(D.TensorDataset(t.arange(10.).view(5, 2), t.arange(5)), 2, drop_last=True))
[len(D.DataLoader(range(5), 2, drop_last=drop)) for drop in (False, True)], len(D.DataLoader([]))
list(D.DataLoader(D.random_split(D.TensorDataset(t.arange(10)), [4, 6], t.Generator())[0], 2))
list(D.DataLoader(D.TensorDataset(t.arange(4)), batch_sampler=[(0, 3), iter([1]), t.tensor([2, 0])]))
list(D.DataLoader(D.TensorDataset(t.arange(4)), batch_sampler=[[]]))
list(D.DataLoader(D.TensorDataset(t.arange(4)), batch_sampler=[()]))
list(D.DataLoader([10, 20, 30, 40], batch_sampler=[[0, 3], [1]])), len(D.DataLoader([10, 20], batch_sampler=[[0], [1]]))
list(D.DataLoader([10, 20, 30, 40], sampler=[3, 1, 0], batch_size=2))
list(D.DataLoader(D.TensorDataset(t.arange(4) * 2), sampler=t.tensor([3, 1, -1]), batch_size=2))
list(D.DataLoader(D.Subset(D.TensorDataset(t.arange(4) * 2), t.tensor([3, 1, 0])), 2, sampler=np.array([2, 0])))
list(D.DataLoader(D.Subset(D.Subset(D.TensorDataset(t.arange(9) * 2), range(2, 8)), [5, 0, -1]), 2))
list(D.DataLoader(D.TensorDataset(t.ones(2, 2).t(), t.arange(4.).view(2, 2).t(), t.tensor([True, False])), 2))
list(D.DataLoader(list(zip(range(3), "abc")), 2)), list(D.DataLoader(np.arange(6).reshape(3, 2), 2))
list(D.DataLoader([]))
list(D.DataLoader(list(zip(range(3), "abc")), 2, collate_fn=lambda samples: [name for _, name in samples]))
list(D.DataLoader([np.ones(2), np.float32(1), (3, "a")], batch_size=None))
[rows.shape for rows in D.DataLoader(t.zeros(5, 3), 2)], list(D.DataLoader(D.TensorDataset(t.arange(3)), num_workers=0))
[rows.grad_fn for (rows,) in D.DataLoader(D.TensorDataset(t.ones(3, requires_grad=True).detach()), 2)]
[type(rows.grad_fn).__name__ for (rows,) in D.DataLoader(D.TensorDataset(t.ones(3, requires_grad=True)), 2)]
images, _ = next(iter(D.DataLoader(D.TensorDataset(t.zeros(8, 1, 4, 4), t.zeros(8)), 4))); images.shape
images, _ = next(iter(D.DataLoader(D.TensorDataset(t.zeros(8, 1, 4, 4), t.zeros(8)), 4))); images.is_contiguous()
l = D.DataLoader(range(4), 2, shuffle=True); type(l.sampler).__name__, type(l.batch_sampler).__name__
l = D.DataLoader(range(4), 2, shuffle=True); l.batch_size, l.drop_last
l = D.DataLoader(range(4), 2); l.generator, l.pin_memory, l.num_workers
l = D.DataLoader(range(4), 2); l.timeout, l.prefetch_factor, l.persistent_workers
l = D.DataLoader([1]); l.batch_size = 3; l
l = D.DataLoader([1]); l.num_workers = 3; l.num_workers
list(D.DataLoader([1, 2], pin_memory=True))
list(D.DataLoader(D.TensorDataset(t.arange(3)), sampler=[7]))
D.DataLoader([1], sampler=[0], shuffle=True)
D.DataLoader([1], batch_sampler=[[0]], batch_size=2)
D.DataLoader([1], batch_size=None, drop_last=True)
D.DataLoader([1], batch_size=0)
D.DataLoader([1], batch_size=2.5)
D.DataLoader([1], drop_last=3)
D.DataLoader([1], num_workers=-1)
D.DataLoader([1], timeout=-1)
D.DataLoader([1], prefetch_factor=2)
D.DataLoader([1], num_workers=1, prefetch_factor=-2)
D.DataLoader([1], persistent_workers=True)
D.DataLoader([1], multiprocessing_context="fork")
D.DataLoader([], shuffle=True)
D.get_worker_info()
"""
_SAMPLERS = """
t.manual_seed(3); list(D.RandomSampler(range(5), replacement=True, num_samples=70)), t.rand(1)
t.manual_seed(3); list(D.RandomSampler(range(5), num_samples=12)), t.rand(1)
g = t.Generator().manual_seed(4); list(D.RandomSampler(range(9), True, 64, g)), t.rand(1, generator=g)
g = t.Generator().manual_seed(4); list(D.RandomSampler(range(9), generator=g)), t.rand(1, generator=g)
t.manual_seed(3); list(D.SubsetRandomSampler([5, 6, 7])), list(D.SubsetRandomSampler([5, 6, 7], t.Generator()))
[list(D.BatchSampler(range(5), 2, drop)) for drop in (True, False)], len(D.BatchSampler(range(5), 2, False))
len(D.RandomSampler(range(5))), len(D.SequentialSampler("ab")), list(D.SequentialSampler("ab"))
len(D.SubsetRandomSampler([5, 6, 7])), len(D.BatchSampler(range(5), 2, True)), D.RandomSampler("ab").num_samples
D.BatchSampler(range(5), True, True)
D.BatchSampler(range(5), 2, 1)
D.RandomSampler(range(5), replacement=1)
D.RandomSampler(range(5), num_samples=0)
D.RandomSampler([])
iter(D.Sampler())
"""
_DATASETS = """
t.manual_seed(1); [part.indices for part in D.random_split(range(10), [3, 7])], t.rand(1)
[part.indices for part in D.random_split(range(11), [.3, .3, .4], generator=t.Generator().manual_seed(42))]
[len(part) for part in D.random_split(range(2), [.1, .1, .8])]
D.random_split(range(10), [3, 6])
D.random_split(range(10), [.3, .6])
D.random_split(range(10), [-.5, 1.5])
d = D.TensorDataset(t.arange(4), t.arange(4) * 2); d[1], d[-1], d[1:3], d[[0, 2]], len(d), len(d.tensors)
D.TensorDataset(t.ones(2), t.ones(3))
D.TensorDataset(t.arange(4))[9]
D.Dataset()[0]
len(D.Dataset())
iter(D.IterableDataset())
both = D.TensorDataset(t.arange(2)) + D.TensorDataset(t.arange(3)); len(both), both[3], both[-1], both.cumulative_sizes
D.ConcatDataset([[1], [2]])[-5]
D.ConcatDataset([[1], [2]])[5]
D.ConcatDataset([])
s = D.Subset([5, 6, 7], [2, 0]); s[0], s[-1], len(s), list(s)
s = D.Subset(D.TensorDataset(t.arange(9)), [2, 0, 5]); s[[0, 2]], s.__getitems__([1, 2])
"""
_BATCHES = """
D.default_collate([1, 2]), D.default_collate([1., 2.]), D.default_collate([True, False]), D.default_collate(["a", "b"])
[D.default_collate([kind(1), kind(2)]) for kind in (np.float32, np.float64, np.int32, np.uint8, np.bool_)]
D.default_collate([np.ones(2), np.zeros(2)]), D.default_collate([np.array(1.), np.array(2.)]), D.default_collate([b"a"])
D.default_collate([(1, "a"), (2, "b")]), D.default_collate([[1, 2.], [3, 4.]])
D.default_collate([range(2), range(1, 3)])
D.default_collate([{"a": 1, "b": [1, 2]}, {"a": 3, "b": [5, 6]}]), D.default_collate([OrderedDict(a=t.ones(2))])
D.default_collate([[1], [1, 2]])
D.default_collate([None, None])
D.default_collate([np.array(["a"])])
D.default_collate([np.array([None])])
D.default_collate([object])
D.default_collate([{1, 2}])
D.default_collate([])
D.default_collate([t.ones(2), t.ones(3)])
D.default_convert([1, np.ones(2), (np.float32(3), "a"), {"b": np.array(["c"])}])
"""
_CLASSES = [
    """
class Squares(D.Dataset):
    def __len__(self): return 5
    def __getitem__(self, index): return {"number": np.full(2, index), "name": str(index), "square": index ** 2.0}
list(D.DataLoader(Squares(), 2)), list(D.DataLoader(D.Subset(Squares(), [4, 0]), 2)), (Squares() + [7])[-1]
""",
    """
class Doubled(D.TensorDataset):
    def __getitem__(self, index): return self.tensors[0][index] * 2
list(D.DataLoader(Doubled(t.arange(4)), 2))
""",
    """
class Together(D.Dataset):
    def __getitems__(self, indices): return [(index, indices) for index in indices]
list(D.DataLoader(Together(), 2, sampler=[4, 1, 3], collate_fn=list)), D.Subset(Together(), [7, 8]).__getitems__([1])
""",
    """
class One(D.Subset):
    def __getitem__(self, index): return 1
One([1], [0])
""",
    """
Point = __import__("collections").namedtuple("Point", "x y")
D.default_collate([Point(1, 2.0), Point(3, 4.0)]), D.default_convert(Point(np.ones(1), 2))
""",
    *[
        f"""
class Stream(D.IterableDataset):
    def __iter__(self): return iter(range(7))
    {"def __len__(self): return 7" if sized else ""}
{use}
"""
        for sized, use in [
            (False, "[list(D.DataLoader(Stream(), size, drop_last=drop)) for size, drop in ((3, False), (3, True))]"),
            (False, "list(D.DataLoader(Stream(), None)), list(Stream())"),
            (
                True,
                "[len(D.DataLoader(Stream(), size)) for size in (3, None)]",
            ),
            (True, "len(D.DataLoader(Stream(), 3, drop_last=True))"),
            (False, "len(D.DataLoader(Stream(), 3))"),
            (False, "D.DataLoader(Stream(), shuffle=True)"),
            (False, "D.DataLoader(Stream(), sampler=[1])"),
            (False, "D.DataLoader(Stream(), batch_sampler=[[1]])"),
            (False, "D.ConcatDataset([Stream()])"),
        ]
    ],
]
_GENERATORS = """
t.manual_seed(-1); t.initial_seed(), t.rand(2)
t.manual_seed(2**64 - 1); t.initial_seed(), t.rand(2)
t.manual_seed(2**64)
t.manual_seed(-2**63 - 1)
t.manual_seed(1.7).initial_seed(), t.manual_seed("12").initial_seed(), t.random.manual_seed(3).initial_seed()
t.manual_seed(None)
t.manual_seed("a")
t.Generator().manual_seed("a")
t.Generator().manual_seed(1.5)
t.Generator().manual_seed(2**64)
t.Generator().manual_seed(-3).initial_seed(), t.Generator().initial_seed()
t.Generator().device, t.Generator("cpu").device
t.Generator(device=t.device("cpu")).device
t.Generator("bogus")
t.Generator().get_state().shape, t.get_rng_state().dtype, t.random.get_rng_state().shape
t.Generator().set_state(t.zeros(3, dtype=t.uint8))
t.Generator().set_state(t.zeros(5056, dtype=t.uint8))
t.Generator().set_state(t.zeros(5056))
t.Generator().set_state(np.zeros(5056, dtype=np.uint8))
t.Generator().set_state([1])
t.set_rng_state(t.zeros(3))
g = t.Generator(); seed = g.seed(); type(seed), g.initial_seed() == seed, type(t.seed())
state = t.Generator().get_state(); t.rand(3, generator=t.Generator().set_state(state))
g = t.Generator(); state = g.get_state(); t.rand(3, generator=g), g.set_state(state) is g, t.rand(3, generator=g)
t.manual_seed(3) is t.default_generator, t.random.default_generator is t.default_generator
state = t.get_rng_state(); first = t.rand(3); t.set_rng_state(state); (first == t.rand(3)).all()
"""
_DEVICES = """
t.device("cpu"), t.device("cuda"), t.device("cuda:0"), t.device("cuda", 1)
t.device("cpu:1"), t.device("mps"), t.device("meta")
t.device(type="cuda", index=2), t.device(t.device("cuda:1")), str(t.device("cuda:1")), f"{t.device('cpu')}"
t.device("cpu") == t.device("cpu", None), t.device("cpu") == "cpu"
t.device("cpu") == t.device("cpu:0"), t.device("xpu", 3).index
{t.device("cpu"): 1}[t.device("cpu")], copy.deepcopy(t.device("cuda", 1))
t.device("cuda:1").type, t.device("cuda").index
t.device("cuda:0", 1)
t.device("cuda:-1")
t.device("cuda:00")
t.device("cuda:")
t.device("cuda:a")
t.device("CPU")
t.device("")
t.device("cuda", -1)
t.device(0)
t.device(None)
t.device(1.5)
t.zeros(2, device=t.device("cuda"))
t.zeros(2, device="xpu")
t.zeros(2, device=0)
t.zeros(2, device="cpu:0").device, t.zeros(2, device=None).device
t.zeros(2).to("cpu:0").device, t.zeros(2).cpu().device
t.ones(2).to("bogus")
t.ones(2).to("mps")
t.ones(2).to("cuda:3")
t.ones(2).to(0)
t.ones(2).cuda()
nn.Linear(2, 2).to("mps")
nn.Linear(2, 2).to(t.device("cuda"))
nn.Linear(2, 2).to(t.device("cpu")), nn.Linear(2, 2).cpu()
nn.Linear(2, 2).cuda()
t.set_default_device("cpu"); t.get_default_device(), t.zeros(2).device
t.cuda.is_available(), t.cuda.device_count(), t.cuda.manual_seed(1), t.cuda.manual_seed_all(1), t.cuda.empty_cache()
t.cuda.current_device()
t.cuda.synchronize()
t.cuda.get_device_name(0)
t.accelerator.is_available(), t.accelerator.current_accelerator(), t.accelerator.device_count()
t.backends.mps.is_available(), t.backends.mps.is_built(), t.backends.cudnn.is_available(), t.backends.cudnn.enabled
t.backends.cudnn.deterministic, t.backends.cudnn.benchmark
device = t.accelerator.current_accelerator().type if t.accelerator.is_available() else "cpu"; t.ones(2, device=device)
"""
_SETTINGS = """
t.set_num_threads(0)
t.set_num_threads(-1)
t.set_num_threads(1.5)
t.set_num_threads("a")
t.set_num_threads(True)
before = t.get_num_threads(); t.set_num_threads(1); one = t.get_num_threads(); t.set_num_threads(before); one
n = t.get_num_threads(); t.set_num_threads(1); t.set_num_threads(n); t.get_num_threads() == n
t.use_deterministic_algorithms(True); t.are_deterministic_algorithms_enabled()
t.use_deterministic_algorithms(False, warn_only=True); t.is_deterministic_algorithms_warn_only_enabled()
t.use_deterministic_algorithms(False); t.are_deterministic_algorithms_enabled()
t.use_deterministic_algorithms(False); t.is_deterministic_algorithms_warn_only_enabled()
t.use_deterministic_algorithms(1)
t.use_deterministic_algorithms("a")
"""
_NUMPY = """
a = np.ones(2); x = t.from_numpy(a); a[0] = 5; x.add_(1); a, x, np.shares_memory(a, x.numpy())
a = np.ones(2); x = t.from_numpy(a); x.numpy() is a, x.numpy() is x.numpy(), x.data.numpy(), t.tensor(3).numpy()
t.from_numpy(np.array(3.0)), t.from_numpy(np.arange(6.).reshape(2, 3).T).stride(), t.from_numpy(np.zeros((0, 3))).shape
[t.from_numpy(np.zeros(1, kind)).dtype for kind in "bhilfdB?"], t.from_numpy(np.ma.array([1., 2.]))
t.from_numpy([1])
t.from_numpy(t.ones(2))
t.from_numpy(np.arange(3, dtype=">f4"))
t.from_numpy(np.zeros(3, dtype=[("a", np.int8), ("b", np.float32)])["b"])
t.from_numpy(np.arange(3.)[::-1])
t.as_tensor(np.arange(3)[::-1])
t.ones(2, requires_grad=True).numpy()
t.ones(2, requires_grad=True).numpy(force=True), t.ones(2).numpy(force=True)
t.ones(2, requires_grad=True).__array__()
np.asarray(t.ones(2)), np.asarray(t.ones(2), dtype=np.float64), np.ones(3)[t.tensor([0, 1])], np.ones(3)[t.tensor(1)]
x = t.ones(2); np.shares_memory(np.asarray(x), x.numpy()), np.allclose(x, 1), np.array_equal(x, np.ones(2))
np.concatenate([t.ones(2), t.zeros(1)]), np.stack([t.ones(2), t.zeros(2)])
np.unique(t.tensor([1, 1, 2])), np.float64(t.tensor(3.))
np.array([t.tensor(1.), t.tensor(2.)]), np.array([t.ones(2), t.ones(2)])
np.shape(t.ones(2, 3)), np.linalg.norm(t.ones(4))
t.ones(2) == np.ones(2), np.ones(2) == t.ones(2), t.ones(2) * np.float64(3), np.float32(3) + t.ones(2)
np.exp(t.zeros(2, requires_grad=True))
np.ones(2) * t.ones(2)
t.ones(2).__array_priority__, t.ones(2).__array_wrap__(np.ones(2)), t.ones(2).__array_wrap__(np.ones(2, dtype=bool))
a = np.ones(2); x = t.as_tensor(a); x[0] = 5; y = t.as_tensor(a, dtype=t.float32); y[0] = 7; a, y
a = np.ones(2); x = t.as_tensor(a); x[0] = 5; y = t.as_tensor(a, dtype=t.float32); y[0] = 7; t.as_tensor(3.5)
a = np.ones(2); x = t.as_tensor(a); x[0] = 5; y = t.as_tensor(a, dtype=t.float32); y[0] = 7; t.as_tensor(x) is x
x = t.arange(6).view(2, 3).t(); y = t.from_dlpack(x); y[0, 1] = 9; x, y.stride(), np.from_dlpack(x)
t.from_dlpack(np.ones(2)), t.utils.dlpack.from_dlpack(t.utils.dlpack.to_dlpack(t.ones(2)))
t.from_dlpack(t.ones(2).__dlpack__())
t.from_dlpack(3)
t.from_dlpack(t.ones(2, requires_grad=True))
t.ones(2, requires_grad=True).__dlpack__()
t.ones(2).__dlpack__(stream=1)
tuple(map(int, t.ones(2).__dlpack_device__())), t.utils.dlpack.from_dlpack(t.ones(2, dtype=t.bool))
"""


_SAVING = """
f = io.BytesIO(); t.save({"epoch": 3, "state": nn.Linear(2, 1).state_dict()}, f); f.seek(0); len(t.load(f))
f = io.BytesIO(); t.save([1, 2.5, None, True, "a", (1, 2), t.ones(2), t.arange(6).view(2, 3)], f); f.seek(0); t.load(f)
f = io.BytesIO(); t.save(nn.Linear(2, 1).state_dict(), f); f.seek(0); t.load(f, weights_only=True)._metadata
f = io.BytesIO(); t.save(t.ones(2), f); f.seek(0); t.load(f, map_location="cuda")
t.load("no such file.pt")
t.save({}, "no such folder/file.pt")
"""


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


PROGRAMS = [
    *[
        f"D = t.utils.data\n{program}"
        for text in (_LOADERS, _SAMPLERS, _DATASETS, _BATCHES)
        for program in _lines(text)
    ],
    *[f"D = t.utils.data\n{program}" for program in _CLASSES],
    *[f"import io\n{program}" for program in _lines(_SAVING)],
    *[program for text in (_GENERATORS, _DEVICES, _SETTINGS, _NUMPY) for program in _lines(text)],
]
