"""Names and spellings that programs have from NumPy, from older PyTorch, or from a desk calculator."""

from parity.cases import after

STRANGE = """
x.nan_to_num().sum().backward(); x.grad
torch.nan_to_num(x, nan=5., posinf=6., neginf=7.)
"""
HALF = """
F.linear(x, y, torch.randn(3).half())
l = nn.Linear(70, 3).half(); F.cross_entropy(l(x), torch.tensor([0, 1, 0, 1])).backward(); l.weight.grad.dtype
"""
FACTORS = """
torch.addmm(x, y, y, beta=2, alpha=3).sum().backward(); x.grad, y.grad
"""
SINGLE = """
torch.zeros(0).amax(-1)
torch.zeros(2, 0).amin((0, -1))
torch.zeros(0).amax(), torch.tensor(3.0).amax(0)
x = torch.arange(6.).view(2, 3); x.sum(axis=0), x.mean(axis=1, keepdims=True), x.max(axis=0), x.argmax(axis=1)
x = torch.arange(6.).view(2, 3); x.std(axis=0), x.var(axis=0)
x = torch.arange(6.).view(2, 3); torch.sum(x, axis=0), torch.cat((x, x), axis=1), torch.stack((x, x), axis=1)
x = torch.arange(6.).view(2, 3); torch.softmax(x, axis=1), x.softmax(axis=0), x.log_softmax(axis=0)
x = torch.arange(6.).view(2, 3); x.unsqueeze(axis=0).shape, x.squeeze(axis=0).shape, x.cumsum(axis=0), x.prod(axis=0)
x = torch.arange(6.).view(2, 3); x.amax(axis=0), x.logsumexp(axis=0), x.any(axis=0), x.all(axis=1), x.sort(axis=0)
x = torch.arange(6.).view(2, 3); x.topk(2, axis=1), x.unbind(axis=1), x.chunk(2, axis=1), x.argsort(axis=0)
x = torch.arange(6.).view(2, 3); x.min(axis=1)
x = torch.arange(6.).view(2, 3); torch.max(x, axis=1), torch.median(x, axis=1), torch.mean(x, axis=0)
x = torch.arange(6.).view(2, 3); torch.argmin(x, axis=0), torch.unsqueeze(x, axis=0)
x = torch.arange(6.).view(2, 3); torch.std(x, axis=0, keepdims=True)
x = torch.arange(6.).view(2, 3); torch.sum(a=x), torch.add(x1=x, x2=x)
x = torch.arange(6.).view(2, 3); x.split(2, axis=0)
x = torch.arange(6.).view(2, 3); x.norm(axis=0)
x = torch.arange(6.).view(2, 3); x.transpose(axis0=0, axis1=1)
x = torch.arange(6.).view(2, 3); x.flip(axis=0)
x = torch.arange(6.).view(2, 3); F.softmax(x, axis=0)
x = torch.arange(6.).view(2, 3); x.sum(dim=0, axis=0)
x = torch.arange(6.).view(2, 3); torch.clip(x, 1, 3), x.clip(1), x.clip(min=1, max=2), x.clip(max=2), x.clip_(1, 2), x
x = torch.arange(6., requires_grad=True); y = x.view(2, 3); torch.hstack((y, y)), torch.vstack((x, x))
x = torch.arange(6., requires_grad=True); y = x.view(2, 3); torch.concat((x, x)), torch.hstack((x, x))
torch.hstack((torch.tensor(1), torch.tensor(2))), torch.vstack((torch.tensor(1), torch.tensor(2)))
torch.hstack(torch.ones(2))
torch.vstack([])
torch.hstack([])
torch.hstack([1])
torch.hstack((torch.ones(2), torch.ones(2, 1)))
torch.vstack((torch.ones(2), torch.ones(3)))
x = torch.arange(6., requires_grad=True).view(2, 3); x.roll(1), x.roll(1, 0), torch.roll(x, (1, -1), (0, 1))
x = torch.arange(6., requires_grad=True).view(2, 3); x.roll(shifts=2, dims=1)
x = torch.arange(6.); x.roll((1, 2))
x = torch.arange(6.); x.roll(1, (0, 0))
x = torch.arange(6.); x.roll(1, 3)
x = torch.arange(6.); x.roll((1,), (0, 1))
x = torch.arange(6.); x.roll("a")
x = torch.arange(3); x.tan(), x.asin(), x.acos(), x.atan()
x = torch.tensor([2., 1., -1.], requires_grad=True); x.acos().sum().backward(); x.grad
x = torch.tensor([1., 2.], requires_grad=True); torch.lerp(x, torch.tensor([3., 4.]), 0.5)
x = torch.tensor([1., 2.], requires_grad=True); x.lerp(torch.tensor([3., 4.]), torch.tensor([0.1, 0.9]))
x = torch.tensor([1., 2.]); torch.lerp(x, torch.tensor([3, 4]), 0.5)
x = torch.tensor([1., 2.]); torch.lerp(x, 3, 0.5)
x = torch.tensor([1., 2.]); torch.lerp(x, torch.ones(3), 0.5)
x = torch.arange(3); torch.lerp(x, x, 0.5)
x = torch.tensor([3., 1., 2., 7.], requires_grad=True); x.median(), x.view(2, 2).median(1), torch.median(x)
x = torch.tensor([3., 1., 2., 7.], requires_grad=True); x.median(0, keepdim=True)
x = torch.tensor([3., 1., 2., 7.], requires_grad=True); x.median().backward(); x.grad
x = torch.tensor([[3., 1., 2.], [1., 1., 5.]], requires_grad=True); x.median(1)[0].sum().backward(); x.grad
x = torch.tensor([3, 1, 2]); x.median(), torch.tensor([]).median(), torch.tensor([1., float("nan"), 3.]).median()
x = torch.tensor([3, 1, 2]); torch.tensor([1., float("nan"), 3.]).median(0)
torch.median(torch.zeros(0, 3), 1)
torch.median(torch.zeros(0, 3), 0)
torch.median(torch.tensor([True]))
torch.median(torch.tensor(3.), 0), torch.tensor([1, 1, 1]).median(0), torch.tensor([2, 1, 2, 1]).median(0)
x = torch.tensor([1, 2, 3]); y = torch.tensor([3, 2, 1]); x & y, x | y, x ^ y, ~x, torch.bitwise_and(x, y)
x = torch.tensor([1, 2, 3]); y = torch.tensor([3, 2, 1]); torch.bitwise_or(x, 1), torch.bitwise_xor(x, y)
x = torch.tensor([1, 2, 3]); y = torch.tensor([3, 2, 1]); torch.bitwise_not(x), x.bitwise_and(y), x.bitwise_or(y)
x = torch.tensor([1, 2, 3]); y = torch.tensor([3, 2, 1]); x.bitwise_xor(y), x.bitwise_not(), 1&x, 1|x, 1^x
x = torch.tensor([True, False]); y = torch.tensor([True, True]); x & y, x | y, x ^ y, ~x, x&True, True|x, x&1
x = torch.tensor([True, False]); y = torch.tensor([True, True]); x|torch.tensor([1, 2])
x = torch.ones(2); x&x
x = torch.ones(2); x|1
x = torch.ones(2); ~x
x = torch.ones(2); torch.bitwise_not(x)
x = torch.arange(2); x&1.5
x = torch.arange(2); x&"a"
x = torch.arange(2); x&torch.arange(3)
x = torch.tensor([3, 5]); x&=1; x
x = torch.tensor([3, 5]); x|=8; x^=1; x
x = torch.tensor([True, False]); x&=torch.tensor([True, True]); x
x = torch.tensor([True, False]); x|=~x; x
x = torch.tensor([3, 5], dtype=torch.uint8); x&torch.tensor([1, 1]), ~x
x = torch.tensor([1., -2.], requires_grad=True); x.where(x>0, torch.tensor(0.)), x.where(x>0, 0.)
x = torch.tensor([1., -2.], requires_grad=True); torch.where(x>0, x, 0), torch.where(x>0)
x = torch.tensor([1., -2.], requires_grad=True); x.where(x>0, torch.zeros(2))
torch.where(torch.tensor([1, 0]), 1, 2)
torch.where(torch.tensor([True, False]), 1, 2), torch.where(torch.tensor([True, False]), 1, 2.5)
torch.where(torch.tensor([True, False]), torch.arange(2), 1.5)
torch.where(torch.tensor([True, False]), "a", 2)
torch.where([True], 1, 2)
torch.where(torch.tensor([True, False]), torch.ones(3), 2)
x = torch.ones(2); x.equal(torch.ones(3)), torch.equal(x, x.double())
x = torch.ones(2); torch.equal(torch.ones(2), torch.ones(2, dtype=torch.int64))
x = torch.ones(2); x.allclose(torch.ones(3))
x = torch.ones(2); x.allclose(torch.ones(2, dtype=torch.float64))
x = torch.ones(2); torch.isclose(x, torch.ones(2, dtype=torch.float64))
x = torch.ones(2); torch.allclose(x, 1.0)
x = torch.ones(2); torch.equal(x, 1.0)
x = torch.ones(2); torch.allclose(x, x, rtol=-1)
x = torch.eye(2, requires_grad=True); x.addmm(x, x), torch.addmm(x, x, x, beta=0.5, alpha=2), x.addmm(x, x, alpha=2)
x = torch.arange(3., requires_grad=True); torch.broadcast_to(x, (2, 3)), x.broadcast_to((2, 3)), x.broadcast_to(2, 3)
torch.broadcast_to(torch.ones(2), (3,))
torch.broadcast_to(torch.ones(2), 3)
x = torch.arange(6., requires_grad=True).view(2, 3); x.trace(), torch.trace(x)
x = torch.arange(6., requires_grad=True); x.view(2, 3).trace().backward(); x.grad
torch.trace(torch.ones(2)), 1
torch.trace(torch.arange(9).view(3, 3))
x = torch.arange(6., requires_grad=True).view(2, 3); x.repeat_interleave(2), torch.repeat_interleave(x, 2, dim=1)
x = torch.arange(6., requires_grad=True).view(2, 3); x.repeat_interleave(torch.tensor([1, 2]), 0)
x = torch.arange(6., requires_grad=True).view(2, 3); torch.repeat_interleave(torch.tensor([1, 2]))
x = torch.arange(3.); x.repeat_interleave(-1)
x = torch.arange(3.); x.repeat_interleave(torch.tensor([1, 2]))
x = torch.arange(3.); x.repeat_interleave("a")
x = torch.arange(3.); x.repeat_interleave(torch.tensor([2])), x.repeat_interleave(0)
x = torch.arange(3.); torch.tensor(3.).repeat_interleave(2)
x = torch.tensor([1., float("nan"), float("inf"), -float("inf")], requires_grad=True); x.nan_to_num()
x = torch.tensor([1., float("nan"), float("inf"), -float("inf")], requires_grad=True); x.detach().nan_to_num_()
x = torch.tensor([1., float("nan"), float("inf"), -float("inf")], requires_grad=True); torch.nan_to_num(torch.arange(3))
torch.pi, torch.inf, torch.nan, torch.e, torch.newaxis, torch.ones(2)[:, torch.newaxis].shape
torch.get_default_dtype()
torch.FloatTensor([1, 2]), torch.LongTensor([1, 2]), torch.FloatTensor(2, 3).shape, torch.LongTensor(2).shape
torch.DoubleTensor([1]), torch.IntTensor([1]), torch.BoolTensor([True]), torch.ByteTensor([1])
torch.FloatTensor, torch.LongTensor
isinstance(torch.ones(2), torch.FloatTensor), isinstance(torch.ones(2), torch.LongTensor)
torch.ones(2).type(torch.LongTensor), torch.ones(2).type(torch.FloatTensor), torch.ones(2).type("torch.LongTensor")
torch.ones(2).type(torch.int64)
torch.ones(2).type("foo")
torch.LongTensor([1.5]), torch.FloatTensor(np.ones(2))
torch.LongTensor(1.5)
torch.FloatTensor("a")
x = torch.arange(6., requires_grad=True).view(2, 3); x.split(2, foo=1)
x = torch.ones(2); torch.flip(x, 0)
x = torch.ones(2); torch.reshape(x, 2, 1)
x = torch.ones(2, 3); torch.permute(x, 1, 0)
x = torch.ones(2, 3); torch.tile(x, 2)
x = torch.ones(2, 3); torch.reshape(x, (3, 2)).shape, torch.flip(x, (0,)).shape, torch.flip(x, dims=(0,)).shape
x = torch.ones(2, 3); torch.permute(x, (1, 0)).shape, torch.reshape(x, shape=(6,)).shape
x = torch.ones(2, 3); torch.permute(x, dims=(1, 0)).shape, torch.tile(x, (2,)).shape
x = torch.ones(2, 3); torch.reshape(input=x, shape=(6,)).shape
torch.where(torch.tensor([1], dtype=torch.uint8), 1, 2)
torch.arange(3.).repeat_interleave(torch.tensor([1, -1, 1]))
torch.repeat_interleave(torch.arange(3.), 2, dim=2)
torch.Tensor("a")
torch.Tensor(1.5)
torch.Tensor(None)
torch.Tensor([[1], [2, 3]])
torch.Tensor(torch.Size([2])).shape
torch.Tensor((2, 3))
torch.Tensor({})
torch.Tensor()
torch.Tensor(3).shape
torch.Tensor(torch.ones(2))
torch.Tensor([True, False])
torch.Tensor([]).shape
torch.Tensor(True)
torch.Tensor(-1)
torch.DoubleTensor([1]), torch.IntTensor([1]), torch.BoolTensor([True]), torch.ByteTensor([1]), torch.HalfTensor([1])
torch.ShortTensor([1]), torch.CharTensor([1])
torch.LongTensor([1.5]), torch.FloatTensor(np.ones(2, dtype=np.float32))
torch.LongTensor("a")
torch.FloatTensor(np.ones(2))
torch.LongTensor([[1, 2], [3]])
torch.repeat_interleave(torch.tensor([1, 2]))
torch.repeat_interleave("a")
torch.ones(2).half()@torch.ones(2).half(), torch.ones(2, 2).half()@torch.ones(2).half()
x = torch.ones(2, 2).half().requires_grad_(); (x@x).sum().backward(); x.grad
torch.manual_seed(0); x = torch.randn(5, 70).half(); y = torch.randn(70, 5).half(); x@y
torch.manual_seed(0); x = torch.randn(70).half(); y = torch.randn(70).half(); x@y
torch.manual_seed(0); x = torch.randn(5, 70).half(); y = torch.randn(70).half(); x@y
torch.manual_seed(0); x = torch.randn(2, 5, 70).half(); y = torch.randn(2, 70, 3).half(); x@y
torch.manual_seed(0); l=nn.Linear(7, 3).half(); x = torch.randn(4, 7).half(); l(x)
torch.manual_seed(0); l=nn.Linear(7, 3).half(); x = torch.randn(4, 7).half(); l(x).sum().backward(); l.weight.grad
torch.manual_seed(0); l=nn.Linear(7, 3).half(); x = torch.randn(4, 7).half(); l(x).sum().backward(); l.bias.grad
torch.ones(2, 2).half() @ torch.ones(2, 2)
nn.Linear(2, 2)(torch.ones(2, 2).half())
nn.Linear(2, 2).half()(torch.ones(2, 2))
nn.Linear(2, 2)(torch.ones(2, 2, dtype=torch.int64))
nn.Linear(2, 2)(torch.ones(2, 2, dtype=torch.float64))
torch.ones(3).half().softmax(0), torch.ones(3).half().sum(), torch.ones(3).half().mean(), torch.ones(3).half().exp()
torch.ones(3).half().relu(), torch.ones(3).half().sigmoid(), torch.ones(3).half().tanh()
torch.ones(3).half().log_softmax(0)
F.mse_loss(torch.ones(3).half(), torch.zeros(3).half())
torch.addmm(torch.ones(2), torch.eye(2), torch.eye(2), beta=2, alpha=0.5)
torch.eye(2).addmm(torch.eye(2), torch.eye(2)), torch.addmm(torch.ones(2), torch.eye(2), 3)
torch.clip(torch.arange(3), 1), torch.arange(3).clip(max=1), torch.arange(3).clip_(1)
torch.concat((torch.ones(1), torch.zeros(1))), torch.concatenate((torch.ones(1), torch.zeros(1)), axis=0)
torch.broadcast_to(torch.ones(2), (3, 2)), torch.ones(2).broadcast_to(3, 2)
torch.vstack((torch.ones(1, requires_grad=True),)).grad_fn.next_functions[0][0].name()
"""
PROGRAMS = [
    *after("", SINGLE),
    *after("x = torch.tensor([1., math.nan, math.inf, -math.inf], requires_grad=True)", STRANGE),
    *after("torch.manual_seed(0); x = torch.randn(4, 70).half(); y = torch.randn(3, 70).half()", HALF),
    *after("x = torch.ones(2).requires_grad_(); y = torch.eye(2).requires_grad_()", FACTORS),
]
