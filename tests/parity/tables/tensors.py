"""Activations and losses."""

from parity.cases import N, layer, loss

LAYERS = [
    layer("nn.ReLU(inplace=True)", (N, 5)),
    layer("nn.ReLU6()", (N, 5)),
    layer("nn.LeakyReLU()", (N, 3, 2)),
    layer("nn.LeakyReLU(0.3)", (N, 5)),
    layer("nn.ELU()", (N, 5)),
    layer("nn.ELU(0.5)", (N, 5)),
    layer("nn.SELU()", (N, 5)),
    layer("nn.GELU()", (N, 5)),
    layer("nn.GELU('tanh')", (N, 5)),
    layer("nn.SiLU()", (N, 5)),
    layer("nn.Softplus()", (N, 5)),
    layer("nn.Softplus(2, 3)", (N, 5)),
    layer("nn.Hardtanh()", (N, 5)),
    layer("nn.Hardtanh(-0.5, 1.5)", (N, 5)),
    layer("nn.Tanh()", (N, 5)),
    layer("nn.Sigmoid()", (N, 5)),
    layer("nn.LogSigmoid()", (N, 5)),
    layer("nn.Softmax(dim=-1)", (N, 5)),
    layer("nn.Softmin(dim=-1)", (N, 5)),
    layer("nn.Softsign()", (N, 5)),
    layer("nn.LogSoftmax(dim=1)", (N, 5, 2)),
    layer("nn.Identity(3, a=4)", (N, 5)),
    *(
        layer(f"nn.Sequential(nn.Linear(5, 4), nn.{name}(inplace=True))", (N, 5))
        for name in ("ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "SiLU", "Hardtanh")
    ),
]
LOSSES = [
    loss("nn.MSELoss(reduction='sum')", (N, 3), "t.ones(n, 3)"),
    loss("nn.MSELoss(reduction='none')", (N, 3), "t.ones(n, 3, dtype=t.int64)"),
    loss("nn.MSELoss()", (N, 1), "t.ones(n)"),
    *(
        loss(f"nn.{name}(reduction={reduction!r})", (N, 2, 3), "t.linspace(-1, 2, n * 6).view(n, 2, 3)")
        for name in ("L1Loss", "SmoothL1Loss", "HuberLoss")
        for reduction in ("mean", "sum", "none")
    ),
    loss("nn.SmoothL1Loss(beta=0.3)", (N, 3), "t.zeros(n, 3)"),
    loss("nn.SmoothL1Loss(beta=0)", (N, 3), "t.zeros(n, 3)"),
    loss("nn.HuberLoss(delta=0.3)", (N, 3), "t.zeros(n, 3)"),
    loss("nn.KLDivLoss(reduction='batchmean')", (N, 3), "t.rand(n, 3).softmax(1)"),
    loss("nn.KLDivLoss(log_target=True)", (N, 3), "t.rand(n, 3).log_softmax(1)"),
    loss("nn.KLDivLoss(reduction='none')", (N, 3), "t.eye(max(n, 3))[:n, :3]"),
    loss("nn.BCELoss()", (N, 3), "t.rand(n, 3)"),
    loss("nn.BCELoss(t.tensor([1., 2., 3.]), reduction='none')", (N, 3), "t.rand(n, 3)"),
    loss("nn.BCEWithLogitsLoss()", (N, 3), "t.rand(n, 3)"),
    loss("nn.BCEWithLogitsLoss(t.tensor([1., 2., 3.]), pos_weight=t.tensor(3.))", (N, 3), "t.rand(n, 3)"),
    loss("nn.BCEWithLogitsLoss(reduction='sum', pos_weight=t.tensor([1., 2., 3.]))", (N, 3), "t.rand(n, 3)"),
    *(
        loss(f"nn.CrossEntropyLoss({options})", (N, 5), target)
        for target in ("t.arange(n) % 5", "t.arange(n) % 5 * 101 - 100 * (t.arange(n) % 5)")
        for options in (
            "",
            "t.arange(5.) + 1",
            "label_smoothing=0.2",
            "t.arange(5.) + 1, label_smoothing=0.2",
            "reduction='sum', label_smoothing=0.2",
            "t.arange(5.) + 1, reduction='none', label_smoothing=0.2",
            "ignore_index=2",
            "ignore_index=2, label_smoothing=0.2",
            "t.arange(5.), ignore_index=2, reduction='none'",
        )
    ),
    loss("nn.CrossEntropyLoss()", (N, 5), "t.full((n,), -100)"),
    loss("nn.CrossEntropyLoss(t.ones(5))", (N, 5), "t.full((n,), -100)"),
    *(
        loss(f"nn.CrossEntropyLoss({options})", (N, 5), "t.rand(n, 5).softmax(1)")
        for options in (
            "",
            "t.arange(5.) + 1",
            "label_smoothing=0.2",
            "reduction='sum'",
            "t.arange(5.) + 1, reduction='none', label_smoothing=0.2",
        )
    ),
    *(
        loss(f"nn.CrossEntropyLoss({options})", (N, 3, 2), "t.arange(2 * n).view(n, 2) % 3")
        for options in ("", "t.arange(3.) + 1", "reduction='none'", "label_smoothing=0.3", "ignore_index=1")
    ),
    loss("nn.CrossEntropyLoss(t.arange(3.))", (N, 3, 2), "t.rand(n, 3, 2).softmax(1)"),
    loss("nn.CrossEntropyLoss(reduction='none')", (N, 3, 2), "t.rand(n, 3, 2).softmax(1)"),
    loss("nn.CrossEntropyLoss()", (3,), "t.tensor(1)"),
    loss("nn.CrossEntropyLoss(label_smoothing=0.3, reduction='none')", (3,), "t.tensor(1)"),
    loss("nn.CrossEntropyLoss()", (3,), "t.tensor([0.5, 0.25, 0.25])"),
    loss("nn.NLLLoss()", (N, 3, 2, 2), "t.arange(4 * n).view(n, 2, 2) % 3"),
    loss("nn.NLLLoss(t.arange(3.) + 1, reduction='none')", (N, 3, 2), "t.arange(2 * n).view(n, 2) % 3"),
    loss("nn.NLLLoss()", (N, 3), "t.full((n,), 3)"),
    loss("nn.NLLLoss()", (N, 3), "t.zeros(n)"),
    loss("nn.NLLLoss(t.ones(2))", (N, 3), "t.arange(n) % 3"),
]
PROGRAMS = """
nn.ReLU6(True), nn.LeakyReLU(0.2, True), nn.ELU(0.5, True), nn.SELU(), nn.SELU(True), nn.GELU(), nn.GELU('tanh')
nn.SiLU(True), nn.Softplus(2, 10), nn.Softplus(), nn.Hardtanh(), nn.Hardtanh(-2, 2, True), nn.LogSigmoid(), nn.ELU()
nn.Hardtanh(2, 1)
nn.GELU('sigmoid')(torch.ones(2))
F.gelu(torch.arange(3))
F.silu(torch.arange(3) > 1)
F.elu(torch.arange(3))
F.leaky_relu(torch.arange(3))
F.softplus(torch.arange(3))
F.logsigmoid(torch.arange(3))
F.hardtanh(torch.arange(3)), F.relu6(torch.arange(9)), F.relu(torch.arange(-1, 2))
F.hardtanh(torch.arange(3) > 1)
F.relu(torch.arange(3) > 1)
F.sigmoid(torch.arange(3)), torch.tanh(torch.arange(3) > 1)
F.hardtanh(torch.ones(2), 2, 1)
F.leaky_relu(torch.ones(2), 'a')
F.elu(3)
F.gelu([1.0])
F.sigmoid(3)
F.softmax([1.0], 0)
x = torch.tensor([-1.0, 2.0]); (F.leaky_relu(x, inplace=True) is x, x, F.relu_(x), F.elu(x, inplace=True) is x)
x = torch.tensor([-30., -1, 0, 1, 30, float('nan')], requires_grad=True); F.elu(x).sum().backward(); x.grad
x = torch.tensor([-30., -1, 0, 1, 30, float('nan')], requires_grad=True); F.leaky_relu(x).sum().backward(); x.grad
x = torch.tensor([-30., -1, 0, 1, 30, float('nan')], requires_grad=True); F.hardtanh(x).sum().backward(); x.grad
x = torch.tensor([-30., -1, 0, 1, 30, float('nan')], requires_grad=True); F.softplus(x).sum().backward(); x.grad
x = torch.tensor([-30., -1, 0, 1, 30, float('nan')], requires_grad=True); F.logsigmoid(x).sum().backward(); x.grad
x = torch.tensor([-1.0], requires_grad=True) * 1; F.elu(x, alpha=-1.0, inplace=True).sum().backward()
nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss(beta=2.), nn.HuberLoss(delta=2.), nn.KLDivLoss(), nn.BCELoss()
nn.BCEWithLogitsLoss(), nn.NLLLoss(), nn.CrossEntropyLoss(label_smoothing=0.1), nn.MSELoss(reduction='x')
nn.MSELoss(reduction='x')(torch.ones(2), torch.ones(2))
nn.MSELoss(size_average=False)(torch.ones(2), torch.zeros(2))
nn.MSELoss(reduce=False)(torch.ones(2), torch.zeros(2))
nn.MSELoss(True, True)(torch.ones(2), torch.zeros(2))
nn.CrossEntropyLoss(reduce=False)(torch.ones(2, 3), torch.tensor([0, 1]))
F.nll_loss(torch.ones(2, 2), torch.tensor([0, 1]), None, False)
F.mse_loss(torch.ones(2), torch.zeros(2), False)
F.l1_loss(torch.ones(4, 1), torch.zeros(4))
F.smooth_l1_loss(torch.ones(4, 1), torch.zeros(4))
F.huber_loss(torch.ones(4, 1), torch.zeros(4))
F.l1_loss(torch.ones(2), torch.zeros(3))
F.huber_loss(torch.ones(2), torch.zeros(3))
F.l1_loss(torch.arange(2), torch.arange(2))
F.smooth_l1_loss(torch.arange(2), torch.arange(2))
F.huber_loss(torch.arange(2), torch.arange(2))
F.mse_loss(torch.arange(2), torch.arange(2))
F.smooth_l1_loss(torch.ones(2), torch.arange(2)), F.mse_loss(torch.ones(2), torch.arange(2))
F.smooth_l1_loss(torch.ones(2), torch.zeros(2), beta=-1)
F.huber_loss(torch.ones(2), torch.zeros(2), delta=0)
F.l1_loss(torch.ones(2), torch.zeros(2), reduction='x')
F.huber_loss(torch.ones(2), torch.zeros(2), reduction='x')
F.mse_loss(3, torch.zeros(2))
F.kl_div(torch.ones(2), torch.zeros(2))
F.kl_div(torch.ones(2), torch.zeros(3), reduction='sum')
F.kl_div(torch.ones(2), torch.ones(2), reduction='x')
F.kl_div(torch.arange(2), torch.arange(2), reduction='sum')
F.binary_cross_entropy(torch.ones(2), torch.ones(2, dtype=torch.int64))
F.binary_cross_entropy(torch.ones(2) * 2, torch.ones(2))
F.binary_cross_entropy(torch.ones(2) * float('nan'), torch.ones(2))
F.binary_cross_entropy(torch.ones(2) * 0.5, torch.ones(2) * 3)
F.binary_cross_entropy(torch.ones(2) * 0.5, torch.ones(3))
F.binary_cross_entropy(torch.ones(2) * 0.5, torch.ones(2), torch.ones(3))
F.binary_cross_entropy(torch.tensor([0., 1.]), torch.tensor([1., 0.]))
F.binary_cross_entropy(torch.ones(0), torch.ones(0))
F.binary_cross_entropy_with_logits(torch.ones(2), torch.ones(3))
F.binary_cross_entropy_with_logits(torch.ones(2), torch.arange(2))
F.binary_cross_entropy_with_logits(torch.arange(2), torch.ones(2))
F.binary_cross_entropy_with_logits(torch.ones(2), torch.ones(2), torch.ones(3))
F.binary_cross_entropy_with_logits(torch.ones(2), torch.ones(2), pos_weight=torch.ones(3))
F.binary_cross_entropy_with_logits(torch.tensor([100., -100]), torch.tensor([0., 1.]))
F.cross_entropy(torch.zeros(0, 3), torch.zeros(0, 3))
F.cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))
F.cross_entropy(torch.zeros(2, 3), torch.zeros(2), label_smoothing=1.5)
F.cross_entropy(torch.zeros(2, 3), torch.ones(2, 3), torch.ones(2))
F.cross_entropy(torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.int64))
F.cross_entropy(torch.zeros(2, 3), torch.ones(2, 3), ignore_index=1)
F.one_hot(torch.tensor([0, 2])), F.one_hot(torch.tensor(1), 3), F.one_hot(torch.tensor([], dtype=torch.int64), 3)
F.one_hot(torch.tensor([0, 2]), 2)
F.one_hot(torch.tensor([0, -2]))
F.one_hot(torch.tensor([0.]))
F.one_hot(torch.tensor([], dtype=torch.int64))
x = torch.ones(2, 3).requires_grad_(); F.kl_div(x, x.detach(), reduction='batchmean')
x = torch.ones(2, 3).requires_grad_(); F.l1_loss(x, x.detach(), reduction='sum')
x = torch.ones(2, 3, requires_grad=True); F.cross_entropy(x, torch.tensor([0, 1]), label_smoothing=0.1)
x = torch.ones(2, 3, requires_grad=True); F.cross_entropy(x, x.detach())
x = torch.ones(1, 3, 4, 4, requires_grad=True); F.nll_loss(F.log_softmax(x, 1), torch.zeros(1, 4, 4, dtype=torch.long))
"""
