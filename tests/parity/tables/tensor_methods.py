"""Methods and functions of tensors, their types, sizes and texts."""

PROGRAMS = """
torch.tensor([1, 2]) + 1.5, torch.tensor([1, 2]) / 2, torch.tensor([True]) + 1, torch.tensor([True]) * 2.0
torch.ones(2, dtype=torch.float64) + torch.ones((), dtype=torch.float32)
torch.ones(2) + torch.ones((), dtype=torch.float64)
torch.tensor([1], dtype=torch.uint8) + 300, torch.tensor([1], dtype=torch.int8) + torch.tensor([1], dtype=torch.uint8)
torch.tensor(1, dtype=torch.int32) + torch.tensor(1), torch.tensor([1], dtype=torch.int32) * torch.tensor(2)
torch.ones(2, dtype=torch.float16) + 1, torch.ones(2, dtype=torch.float16) * torch.ones(2)
torch.tensor([0.1], dtype=torch.float16)
torch.tensor([5, -5]) // 2, torch.tensor([5, -5]) % 3, 7 // torch.tensor([2, -2]), 7 % torch.tensor([2, -3])
torch.tensor([5.5]) // 2
torch.tensor([5, -5]).fmod(3), torch.tensor([5, -5]).remainder(3), torch.tensor([7, -7]).div(2, rounding_mode='trunc')
torch.tensor([1]) // 0
torch.tensor([1]).div(2, rounding_mode='up')
x = torch.tensor([1, 2]); x += 1.5
x = torch.tensor([1, 2]); x /= 2
x = torch.tensor([True]); x += 1
x = torch.ones(2); x += torch.ones(2, dtype=torch.float64); x
torch.tensor([1, 2]) == torch.tensor([1.0, 3.0]), torch.tensor([1, 2]) < 1.5
torch.tensor(1) == np.float32(1), np.float64(2) * torch.ones(2)
torch.result_type(torch.ones(1, dtype=torch.int8), 1), torch.result_type(torch.ones(1, dtype=torch.int8), 1.0)
torch.result_type(True, 1)
torch.promote_types(torch.int32, torch.float16), torch.promote_types(torch.uint8, torch.int8)
torch.promote_types(torch.bool, torch.bool)
torch.can_cast(torch.float32, torch.int64), torch.can_cast(torch.int64, torch.uint8)
torch.can_cast(torch.bool, torch.uint8)
torch.finfo(torch.float32), torch.finfo(torch.float16), torch.finfo(torch.float64), torch.finfo()
torch.iinfo(torch.int8), torch.iinfo(torch.int64).max, torch.iinfo(torch.uint8).min
torch.finfo(torch.int8)
torch.iinfo(torch.float32)
torch.half, torch.short, torch.long, torch.double, torch.float16.itemsize, torch.int16.is_floating_point
torch.tensor([1.7]).half(), torch.tensor([1.7]).short(), torch.tensor([1.7]).byte(), torch.tensor([1.7]).char()
x = torch.zeros(2, 3); x.type(), x.half().type(), x.layout, x[1].storage_offset(), x.itemsize, x.nbytes
torch.Size([2, 3])[1:], torch.Size([2]) + (3,), (1,) + torch.Size([2]), torch.Size([2]) * 2
torch.Size([2, 3]).numel()
torch.Size([2, 'a'])
torch.Size([1]) + [2]
torch.Size([2, 3]) == (2, 3), hash(torch.Size([1])) == hash((1,)), torch.Size([1, 2]).count(1)
torch.Size([3, 4]).index(4)
torch.arange(6.).view(2, 3).sin(), torch.tensor([0.5]).cos(), torch.tensor([1]).sinh(), torch.tensor([1]).cosh()
torch.tensor([1.5, -1.5, 2.5]).round(), torch.tensor([1.5, -1.5]).floor(), torch.tensor([1.5]).ceil()
torch.tensor([-1.5]).trunc()
torch.tensor([1, -2, 0]).sign(), torch.tensor([1.5, float('nan')]).sign(), torch.tensor([3]).floor()
torch.tensor([True]).sign()
torch.tensor([4, 1]).rsqrt(), torch.tensor([8]).log2(), torch.tensor([100]).log10(), torch.tensor([0.]).log1p()
torch.tensor([0]).erf()
torch.arange(6).view(2, 3).cumsum(1), torch.arange(1, 7).view(2, 3).prod(1), torch.tensor([True, True]).cumsum(0)
torch.arange(3).sum(0)
torch.arange(6.).view(2, 3).logsumexp(1), torch.arange(6).view(2, 3).amax(0), torch.arange(6.).view(2, 3).amin((0, 1))
torch.arange(6.).view(2, 3).topk(2), torch.tensor([3, 1, 2]).sort(), torch.tensor([3, 1, 2]).sort(descending=True)
torch.tensor([3, 1, 2]).argsort(), torch.tensor([1, 1, 0]).sort(stable=True)
torch.tensor([2., float('nan'), 1.]).sort()
torch.ones(2).topk(3)
torch.arange(6).view(2, 3).gather(1, torch.tensor([[0], [2]]))
torch.arange(6).view(2, 3).gather(0, torch.tensor([[1, 0]]))
torch.arange(6).view(2, 3).gather(1, torch.tensor([[3]]))
torch.arange(6).view(2, 3).gather(1, torch.tensor([0]))
torch.arange(6).view(2, 3).gather(1, torch.tensor([[0.]]))
torch.zeros(2, 3).scatter_(1, torch.tensor([[0], [2]]), 1.0)
torch.zeros(2, 3).scatter(0, torch.tensor([[1, 0, 1]]), torch.ones(1, 3))
torch.zeros(2, 3).scatter_(1, torch.tensor([[3]]), 1.0)
torch.zeros(2, 3).scatter_(1, torch.tensor([[0], [2]]), value=7)
torch.arange(6).view(2, 3).index_select(1, torch.tensor([2, 0]))
torch.index_select(torch.arange(3), 0, torch.tensor([1]))
torch.arange(3).index_select(0, torch.tensor([3]))
torch.arange(3).masked_select(torch.tensor([True, False, True])), torch.tensor([0, 3, 0, 4]).nonzero()
torch.eye(2).nonzero(as_tuple=True)
torch.arange(7).split(3), torch.arange(7).split([2, 5]), torch.arange(7).chunk(3)
torch.arange(6).view(2, 3).split(2, 1)
torch.arange(7).split([2, 4])
torch.arange(7).split(-1)
torch.arange(7).chunk(0)
torch.arange(5).narrow(0, 1, 3), torch.arange(5).narrow(0, -2, 2), torch.narrow(torch.arange(4).view(2, 2), 1, 0, 1)
torch.arange(5).narrow(0, 3, 3)
torch.tensor([1, 2]).repeat(2), torch.tensor([1, 2]).repeat(2, 2), torch.tensor([[1], [2]]).tile(2)
torch.tensor([1, 2]).flip(0)
torch.tensor([[1, 2]]).repeat(2)
torch.ones(3, 3).tril(), torch.ones(2, 3).triu(1), torch.tensor([1, 2]).diag(), torch.arange(4).view(2, 2).diag(1)
torch.zeros(2, 6).unflatten(1, (2, -1)).shape, torch.zeros(1, 2, 1).squeeze((0, 2)).shape
torch.zeros(2, 3).ravel().shape
torch.zeros(2, 6).unflatten(1, (4, 2))
torch.zeros(2, 3).mT.shape, torch.zeros(2, 3, 4).mT.shape
torch.zeros(3).mT
torch.outer(torch.arange(3), torch.arange(2)), torch.arange(3.).outer(torch.ones(2))
torch.outer(torch.ones(2, 2), torch.ones(2))
torch.einsum('ij,jk->ik', torch.eye(2), torch.ones(2, 2)), torch.einsum('ij->j', torch.ones(2, 3))
torch.einsum('i,i', torch.ones(3), torch.ones(3))
torch.einsum('bij,bjk->bik', torch.ones(2, 3, 4), torch.ones(2, 4, 5)).shape, torch.einsum('ij', torch.ones(2, 3)).shape
torch.einsum('ij,jk->ik', torch.eye(2))
torch.einsum('ijk->i', torch.eye(2))
torch.tensor([1, 1, 3]).bincount(), torch.bincount(torch.tensor([0, 1]), minlength=4)
torch.tensor([3, 1, 3]).unique()
torch.unique(torch.tensor([3, 1, 3]), return_counts=True), torch.tensor([3, 1, 3]).unique(return_inverse=True)
torch.isclose(torch.ones(2), torch.tensor([1.0, 1.1])), torch.tensor([0, 2]).logical_not()
torch.tensor([0, 2]).count_nonzero()
torch.logical_and(torch.tensor([0, 1]), torch.tensor([1, 1])), torch.tensor([0, 1]).logical_or(torch.tensor([0, 0]))
torch.isinf(torch.tensor([1e39]))
torch.ones(1).std()
torch.ones(2, 1).var(1)
torch.ones(3).var(unbiased=False), torch.arange(4.).std(0, True), torch.arange(4.).view(2, 2).var(1, keepdim=True)
torch.var(torch.arange(3.), 0)
torch.ones(2).sum(dtype=torch.float64), torch.arange(4).mean(dtype=torch.float32)
torch.arange(4).view(2, 2).sum(0, dtype=torch.float32)
torch.ones(1, dtype=torch.int64).new_zeros(2), torch.ones(1).new_ones(2, 2), torch.ones(1).new_full((2,), 7)
torch.ones(1).new_tensor([1, 2])
torch.clamp_min(torch.arange(3), 1), torch.arange(3).clamp_max(1), torch.arange(3).clamp(1.5)
torch.multiply(torch.ones(2), 3)
torch.linalg.norm(torch.tensor([3., 4.])), torch.linalg.vector_norm(torch.ones(2, 2), ord=1)
torch.linalg.norm(torch.ones(2, 2))
torch.manual_seed(3); torch.bernoulli(torch.full((20,), 0.5)), torch.normal(1.0, 2.0, (3,))
torch.manual_seed(3); torch.normal(torch.zeros(2), torch.ones(2))
torch.manual_seed(3); torch.multinomial(torch.tensor([1., 2, 3, 4]), 6, replacement=True)
torch.manual_seed(3); torch.multinomial(torch.tensor([1., 2, 3, 4]), 3)
torch.multinomial(torch.ones(2), 3)
torch.meshgrid(torch.arange(2), torch.arange(3), indexing='ij')
torch.meshgrid(torch.arange(2), torch.arange(3), indexing='xy')
torch.set_printoptions(precision=2); x = repr(torch.tensor([1 / 3])); torch.set_printoptions(profile='default'); x
torch.set_printoptions(profile='short'); x = repr(torch.arange(2000.)); torch.set_printoptions(profile='default'); x
torch.set_printoptions(sci_mode=True); x = repr(torch.tensor([1.5])); torch.set_printoptions(profile='default'); x
torch.set_printoptions(sci_mode=False); x = repr(torch.tensor([1e-9])); torch.set_printoptions(profile='default'); x
torch.set_printoptions(5, 5, 2, 40); x = repr(torch.eye(10)); torch.set_printoptions(profile='default'); x
torch.tensor([]), torch.zeros(0, 3), torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0, dtype=torch.bool)
torch.tensor(float('nan'))
torch.tensor([float('inf'), 1.5]), torch.tensor([1e10, 1.0]), torch.tensor([1e-5, 1.0]), torch.tensor([100000., 0.5])
torch.tensor(1e-8)
torch.arange(1001), torch.zeros(50, 50), torch.arange(2000).view(2, 1000) * 1.5
torch.tensor([[True, False]]), torch.tensor([-1, 100]), torch.tensor(5), torch.tensor(True)
torch.ones(2, dtype=torch.float64)
"""
