"""Tables of rows, layer normalization, the activation that learns its slope, and wrong dimensions of a softmax."""

from parity.cases import N, layer

LAYERS = [
    layer("nn.LayerNorm(4)", (N, 4)),
    layer("nn.LayerNorm([3, 4], eps=0.1)", (N, 3, 4)),
    layer("nn.LayerNorm((4,), elementwise_affine=False)", (N, 3, 4)),
    layer("nn.LayerNorm(4, bias=False)", (N, 2, 3, 4)),
    layer("nn.PReLU()", (N, 4)),
    layer("nn.PReLU(3, init=-0.5)", (N, 3, 2, 2)),
]

PROGRAMS = """
F.embedding(t.tensor([0, 3]), t.arange(6.).view(3, 2))
F.embedding(t.tensor([0, -1]), t.arange(6.).view(3, 2))
F.embedding(t.tensor([0., 1.]), t.arange(6.).view(3, 2))
F.embedding(t.tensor([True]), t.arange(6.).view(3, 2))
F.embedding(t.tensor([1], dtype=t.uint8), t.arange(6.).view(3, 2))
F.embedding(t.tensor([1], dtype=t.int32), t.arange(6.).view(3, 2))
F.embedding(t.tensor(1), t.arange(6.).view(3, 2))
F.embedding(t.zeros(2, 0, dtype=t.int64), t.arange(6.).view(3, 2)).shape
F.embedding(t.tensor([1]), t.arange(6.))
F.embedding(t.tensor([1]), t.arange(12.).view(3, 2, 2))
F.embedding(t.tensor([1]), t.arange(6).view(3, 2))
F.embedding([1], t.arange(6.).view(3, 2))
F.embedding(1, t.arange(6.).view(3, 2))
F.embedding(t.tensor([1]), 3)
F.embedding(t.tensor([1]), t.arange(6.).view(3, 2), 3)
F.embedding(t.tensor([1]), t.arange(6.).view(3, 2), -4)
F.embedding(t.tensor([1]), t.arange(6.).view(3, 2), "a")
F.embedding(t.tensor([1]), t.arange(6.).view(3, 2), 1.)
F.embedding(t.tensor([1]), t.arange(6.).view(3, 2), sparse=True)
w = t.arange(6.).view(3, 2).requires_grad_(); F.embedding(t.tensor([1, 1, 2]), w, 2).sum().backward(); w.grad
w = t.ones(3, 2).requires_grad_(); F.embedding(t.tensor([1, 1]), w, scale_grad_by_freq=True).sum().backward(); w.grad
w = t.arange(6.).view(3, 2).requires_grad_(); F.embedding(t.tensor([1, 1, 2]), w, max_norm=1.)
w = t.arange(6.).view(3, 2); F.embedding(t.tensor([1, 1, 2]), w, max_norm=1.), w
w = t.ones(3, 2).requires_grad_(); y = F.embedding(t.tensor([1, 1, 2]), w); w.detach().add_(1); y.sum().backward()
w = t.ones(3, 2).requires_grad_(); i = t.tensor([1, 1]); y = F.embedding(i, w); i.add_(1); y.sum().backward(); w.grad
nn.Embedding(3, 2)
nn.Embedding(3, 2, padding_idx=-1), nn.Embedding(3, 2, 1, 2., 1., True, True)
nn.Embedding(3, 2, padding_idx=0).weight
nn.Embedding(3, 2).weight
nn.Embedding(3, 2, padding_idx=3)
nn.Embedding(3, 2, padding_idx=-4)
nn.Embedding(3)
nn.Embedding(3, 2.5)
nn.Embedding("a", 2)
nn.Embedding(3, 2)(t.tensor([5]))
nn.Embedding(3, 2)(t.tensor([.5]))
nn.Embedding(3, 2)([1])
nn.Embedding(3, 2).from_pretrained(t.ones(3, 2)), nn.Embedding.from_pretrained(t.ones(3, 2)).weight
nn.Embedding.from_pretrained(t.ones(3))
nn.Embedding.from_pretrained(t.ones(3, 2), freeze=False)(t.tensor([[0, 2]]))
nn.Embedding(2, 2, _weight=t.ones(3, 2))
nn.Embedding(0, 2)
nn.Embedding(-1, 2)
F.layer_norm(t.arange(6.).view(2, 3), (3,))
F.layer_norm(t.arange(6.).view(2, 3), 3)
F.layer_norm(t.arange(6.).view(2, 3), [2, 3])
F.layer_norm(t.arange(6.).view(2, 3), (2,))
F.layer_norm(t.arange(6.).view(2, 3), ())
F.layer_norm(t.arange(6.).view(2, 3), (3,), t.ones(2))
F.layer_norm(t.arange(6.).view(2, 3), (3,), t.ones(3), t.ones(2))
F.layer_norm(t.arange(6.).view(2, 3), (3,), t.ones(3, dtype=t.float64))
F.layer_norm(t.arange(6).view(2, 3), (3,))
F.layer_norm(3, (3,))
F.layer_norm(t.arange(6.).view(2, 3), "a")
F.layer_norm(t.arange(6.).view(2, 3), (3,), 3)
F.layer_norm(t.arange(6.).view(2, 3), (3,), eps="a")
F.layer_norm(t.zeros(0, 3), (3,)).shape
F.layer_norm(t.zeros(2, 0), (0,)).shape
nn.LayerNorm(3), nn.LayerNorm((2, 3)), nn.LayerNorm(3, elementwise_affine=False), nn.LayerNorm(3, bias=False)
nn.LayerNorm(3).state_dict()
nn.LayerNorm(2.5)
nn.LayerNorm("a")
nn.LayerNorm()
nn.LayerNorm(3)(t.zeros(2, 2))
nn.LayerNorm(3)(3)
nn.LayerNorm(3)(t.zeros(2, 3, dtype=t.float64))
F.prelu(t.tensor([-1., 2.]), t.tensor([.5]))
F.prelu(t.tensor([-1., 2.]), t.tensor(.5))
F.prelu(t.tensor([[-1., -2.]]), t.tensor([.5, .25]))
F.prelu(t.tensor([-1., 2.]), t.tensor([.5, .25]))
F.prelu(t.tensor([[-1., 2.]]), t.tensor([.5, .25, 3.]))
F.prelu(t.tensor([[-1., 2.]]), t.ones(2, 2))
F.prelu(t.tensor([-1, 2]), t.tensor([.5]))
F.prelu(t.tensor([-1, 2]), t.tensor([5]))
F.prelu(t.tensor([-1., 2.], dtype=t.float64), t.tensor([.5]))
F.prelu(t.tensor(-1.), t.tensor([.5]))
F.prelu(t.tensor(-1.), t.tensor([.5, .5]))
F.prelu(3, t.tensor([.5]))
F.prelu(t.tensor([-1.]), 3)
F.prelu(t.tensor([-1.]), .5)
nn.PReLU(), nn.PReLU(3, init=.5), nn.PReLU(3).weight
nn.PReLU(2.5)
nn.PReLU(2)(t.zeros(2, 3))
nn.PReLU(2)(t.zeros(3))
t.manual_seed(3); e = nn.Embedding(5, 3, padding_idx=0); e(t.tensor([[1, 0], [4, 1]])).sum().backward(); e.weight.grad
t.manual_seed(3); e = nn.Embedding(5, 3, max_norm=0.5); e(t.tensor([1, 4])).square().sum().backward(); e.weight.grad, e
t.manual_seed(3); e = nn.Embedding(5, 3, max_norm=0.5, norm_type=1); e(t.tensor([1, 4])), e.weight
m = nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 2)); m(t.tensor([[1, 2]])).shape, m
nn.Softmax("a")(t.zeros(2))
nn.LogSoftmax(1.5)(t.zeros(2))
F.softmax(t.zeros(2), dim=1.0)
F.log_softmax(t.zeros(2), (0,))
F.softmax(t.zeros(2), dim=True)
F.softmax(t.zeros(2), dim=np.int64(0))
F.softmax(t.zeros(2), dim=t.tensor(0))
F.softmax(3, 0)
"""
