"""Batch normalization and dropout."""

from parity.cases import N, layer

LAYERS = [
    layer("nn.BatchNorm1d(3)", (N, 3)),
    layer("nn.BatchNorm1d(3)", (N, 3, 5)),
    layer("nn.BatchNorm1d(2, eps=0.1, momentum=0.5, affine=False)", (N, 2, 4)),
    layer("nn.BatchNorm1d(4, momentum=None)", (N, 4)),
    layer("nn.BatchNorm1d(4, bias=False)", (N, 4)),
    layer("nn.BatchNorm1d(4, track_running_stats=False)", (N, 4)),
    layer("nn.BatchNorm1d(3, momentum=None, track_running_stats=False, affine=False)", (N, 3)),
    layer("nn.BatchNorm1d(3)", (N, 4)),
    layer("nn.BatchNorm1d(3, dtype=torch.float64)", (N, 3)),
    layer("nn.BatchNorm2d(3)", (N, 3, 4, 5)),
    layer("nn.BatchNorm2d(1, eps=1e-3, momentum=1.0)", (N, 1, 2, 2)),
    layer("nn.BatchNorm2d(2, momentum=None, affine=False)", (N, 2, 3, 3)),
    layer("nn.BatchNorm2d(2, track_running_stats=False, bias=False)", (N, 2, 3, 3)),
    layer("nn.BatchNorm2d(3)", (N, 3, 2)),
    layer("nn.Sequential(nn.Conv2d(1, 3, 2, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten())", (N, 1, 4, 4)),
    layer("nn.Dropout(0.0, True)", (N, 5)),
    layer("nn.Dropout(1.0)", (N, 5)),
    layer("nn.Dropout(0.3)", (N, 5), random=True),
    layer("nn.Dropout1d(1.0)", (N, 2, 3)),
    layer("nn.Dropout1d(0.25)", (N, 2, 3), random=True),
    layer("nn.Dropout1d()", (N, 2, 3, 4), random=True),
    layer("nn.Dropout2d(0.0)", (N, 2, 3, 3)),
    layer("nn.Dropout2d(1.0)", (N, 2, 3, 3)),
    layer("nn.Dropout2d(0.4, inplace=False)", (N, 2, 3, 3), random=True),
]
PROGRAMS = """
nn.BatchNorm1d(2)(torch.tensor([[1., 2.], [3., 5.], [8., 0.]]))
nn.BatchNorm2d(1).eval()(torch.arange(4.).view(1, 1, 2, 2))
m = nn.BatchNorm1d(2); m(torch.tensor([[1., 2.], [3., 5.]])); m.running_mean, m.running_var, m.num_batches_tracked
m = nn.BatchNorm1d(1, momentum=None); [m(torch.tensor([[1. * k], [3.]])) for k in range(4)]; m.state_dict()
m = nn.BatchNorm1d(2); m(torch.eye(2)); m.num_batches_tracked._version, m.running_mean._version
m = nn.BatchNorm1d(2); m(torch.eye(2)); m.reset_running_stats(); m.state_dict()
m = nn.BatchNorm1d(2); m(torch.eye(2)); m.weight.data.fill_(3); m.reset_parameters(); m.state_dict()
m = nn.BatchNorm1d(2).eval(); m(torch.eye(2)); m.num_batches_tracked
m = nn.BatchNorm1d(2); m.num_batches_tracked = None; m(torch.eye(2)); m.running_mean
m = nn.BatchNorm1d(2, momentum=None); m.num_batches_tracked = None; m(torch.eye(2)); m.running_mean
m = nn.BatchNorm1d(2, affine=False); m.weight, m.bias, m._parameters, list(m._buffers)
dict(nn.BatchNorm1d(2, track_running_stats=False)._buffers)
nn.BatchNorm1d(2).double()(torch.eye(2).double())
nn.BatchNorm1d(2).state_dict()._metadata
nn.BatchNorm2d(6), nn.BatchNorm1d(6, affine=False), nn.BatchNorm1d(6, bias=False), nn.BatchNorm2d(1, 1e-3, None)
nn.BatchNorm2d(2)(torch.ones(3, 2, 2))
nn.BatchNorm2d(2)(torch.ones(2, 2, 2, 2, 2))
nn.BatchNorm1d(2)(torch.ones(2))
nn.BatchNorm1d(2)(torch.ones(2, 2, 2, 2))
nn.BatchNorm1d(2)(torch.ones(1, 2))
nn.BatchNorm1d(2)(torch.ones(1, 2, 1))
nn.BatchNorm2d(2)(torch.ones(1, 2, 1, 1))
nn.BatchNorm1d(2)(torch.ones(1, 5))
nn.BatchNorm2d(2)(torch.ones(2, 3, 2, 2))
nn.BatchNorm2d(2).eval()(torch.ones(2, 3, 2, 2))
nn.BatchNorm1d(2, track_running_stats=False)(torch.ones(2, 3))
nn.BatchNorm1d(2)(torch.eye(2).double())
nn.BatchNorm1d(2).double()(torch.eye(2))
nn.BatchNorm1d(2)(torch.ones(2, 2, dtype=torch.int64))
nn.BatchNorm1d(2)([1])
nn.BatchNorm1d(-1)
F.batch_norm([1], None, None)
F.batch_norm(torch.eye(2), None, None)
F.batch_norm(torch.eye(2), torch.zeros(2), None)
F.batch_norm(torch.eye(2), None, None, training=True)
F.batch_norm(torch.eye(2), torch.zeros(2), None, training=True)
F.batch_norm(torch.eye(2), torch.zeros(3), torch.ones(3))
F.batch_norm(torch.eye(2), torch.zeros(2), torch.ones(3))
F.batch_norm(torch.eye(2), torch.zeros(2), torch.ones(2), torch.ones(3))
F.batch_norm(torch.eye(2), torch.zeros(2), torch.ones(2), torch.ones(2), torch.ones(3))
F.batch_norm(torch.eye(2), torch.zeros(2, 1), torch.ones(2))
F.batch_norm(torch.eye(2), torch.zeros(2), torch.ones(2), torch.ones(2).double())
F.batch_norm(torch.ones(3), torch.zeros(3), torch.ones(3))
F.batch_norm(torch.ones(2), torch.zeros(2), torch.ones(2), training=True)
F.batch_norm(torch.eye(2), torch.zeros(2).requires_grad_(), torch.ones(2))
F.batch_norm(torch.eye(2), torch.zeros(2), torch.ones(2), training=True, eps=0.)
F.batch_norm(torch.eye(2), torch.zeros(2), torch.ones(2), momentum=None)
F.batch_norm(torch.ones(2, 2, 2, 2, 2), torch.zeros(2), torch.ones(2)).shape
F.batch_norm(torch.tensor([[1., float("nan")], [2., 3.]]), None, None, training=True)
F.batch_norm(torch.eye(2).requires_grad_(), None, None, training=True).grad_fn.next_functions[1:]
nn.BatchNorm1d(2)(torch.zeros(0, 2))
m = nn.BatchNorm1d(2); m(torch.zeros(0, 2)); m.running_mean, m.running_var, m.num_batches_tracked
s = nn.BatchNorm1d(2).state_dict(); del s["num_batches_tracked"]; nn.BatchNorm1d(2).load_state_dict(s)
s = dict(nn.BatchNorm1d(2).state_dict()); del s["num_batches_tracked"]; nn.BatchNorm1d(2).load_state_dict(s)
s = dict(nn.BatchNorm1d(2).state_dict()); del s["running_var"]; nn.BatchNorm1d(2).load_state_dict(s)
m = nn.BatchNorm1d(2); m(torch.eye(2)); s = dict(nn.Linear(2, 2).state_dict()); m.load_state_dict(s, strict=False)
nn.BatchNorm1d(3, track_running_stats=False).load_state_dict(nn.BatchNorm1d(3).state_dict())
torch.manual_seed(0); F.dropout(torch.ones(3), 1.), torch.rand(1)
x = torch.ones(2, 3, 2, 2); F.dropout2d(x, 1., inplace=True) is x, x
x = torch.ones(3, 2); F.dropout1d(x, 1., inplace=True) is x, x
x = torch.zeros(0); F.dropout(x) is x, F.dropout2d(x) is x
F.dropout2d(torch.ones(3, 2), 1.)
F.dropout2d(torch.ones(3), 1.)
F.dropout2d(torch.ones(3), 0.5)
F.dropout2d(torch.ones(3), training=False)
F.dropout2d(torch.ones(2, 2, 2, 2, 2), 0.)
F.dropout1d(torch.ones(3))
F.dropout1d(torch.ones(2, 2, 2, 2))
F.dropout(torch.ones(3, dtype=torch.int64))
F.dropout(None)
F.dropout2d(None)
F.dropout(torch.ones(3), 1.5)
F.dropout1d(torch.ones(3), -0.5)
F.dropout2d(torch.ones(3), 2)
F.dropout(torch.ones(3).requires_grad_(), inplace=True)
F.dropout(torch.tensor([float("nan"), float("inf")]), 1.)
nn.Dropout(-0.1)
nn.Dropout1d(1.1)
nn.Dropout2d(7)
nn.Dropout(), nn.Dropout1d(0.2), nn.Dropout2d(inplace=True)
"""

_NORMALIZED = "b = nn.BatchNorm1d(2); x = t.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True); y = b(x)"
PROGRAMS = [
    *PROGRAMS.strip().split("\n"),
    # Running statistics that change before backward: by hand that is refused, by another batch it is not.
    f"{_NORMALIZED}; b.running_mean.add_(1); y.sum().backward()",
    f"{_NORMALIZED}; b.running_var.mul_(2); y.sum().backward()",
    f"{_NORMALIZED}; b.reset_running_stats(); y.sum().backward()",
    f"{_NORMALIZED}; b(x); y.sum().backward(); b.running_mean._version",
    f"{_NORMALIZED}; b.num_batches_tracked.add_(1); y.sum().backward()",
    f"b = nn.BatchNorm1d(2).eval(); {_NORMALIZED.partition('; ')[2]}; b.running_mean.add_(1); y.sum().backward()",
    "nn.BatchNorm1d(0)",
    "nn.BatchNorm1d(2.5)",
    'nn.BatchNorm2d("a")',
    "nn.BatchNorm1d(-1)",
]
