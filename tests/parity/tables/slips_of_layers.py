"""Slips of layers, losses, optimizers and schedules, and names of them that programs have."""

OF_LAYERS = """
nn.BatchNorm1d(True)(torch.zeros(2, 1))
nn.BatchNorm1d(0)(torch.zeros(2, 0))
nn.BatchNorm1d(0).eval()(torch.zeros(0, 0))
nn.BatchNorm2d(0)(torch.zeros(2, 0, 3, 3))
nn.BatchNorm1d(3, eps="a")(torch.ones(2, 3))
nn.BatchNorm1d(3, eps="a").eval()(torch.ones(2, 3))
nn.BatchNorm1d(3, eps=-1.).eval()(torch.ones(2, 3))
nn.BatchNorm1d(3, eps=None)(torch.ones(2, 3))
nn.BatchNorm1d(3, eps=[1])(torch.ones(2, 3))
nn.BatchNorm1d(3, momentum="a")(torch.ones(2, 3))
nn.BatchNorm1d(3, momentum=[1])(torch.ones(2, 3))
F.batch_norm(torch.ones(2, 3), None, None, training=True, eps="a")
F.batch_norm(torch.ones(2, 3), None, None, training=True, momentum="a")
nn.PReLU(init="a")
nn.PReLU(init=True)
nn.Linear(2, 2).load_state_dict(state=3)
nn.MaxPool2d(2)(torch.ones(1, 2, 2) > 0)
nn.Softmin(), nn.Softmin(dim=1), nn.Softsign()
nn.Softmin(dim=1)(torch.tensor([[1., 2., 3.]]))
nn.Softmin()(torch.tensor([[1., 2., 3.]]))
nn.Softmin("a")(torch.ones(2))
F.softmin(torch.ones(3), 1)
F.softmin(torch.arange(3), 0)
F.softmin(torch.arange(3), 0, dtype=torch.float32)
x = torch.arange(-3., 3., requires_grad=True); F.softmin(x, 0)[0].backward(); x.grad
nn.Softsign()(torch.arange(-2, 3)), F.softsign(torch.tensor([True, False]))
x = torch.arange(-3., 3., requires_grad=True); y = F.softsign(x); y.sum().backward(); y, x.grad
F.softsign(3)
nn.RNNBase("LSTM", 2, 3), nn.RNNBase("RNN_RELU", 2, 3, 2, batch_first=True)
nn.RNNBase("FOO", 2, 3)
nn.RNNBase("LSTM", 2, 3, proj_size=-1)
nn.RNNBase("LSTM", 2, 3, proj_size=4)
isinstance(nn.LSTM(2, 3), nn.RNNBase), isinstance(nn.RNN(2, 3), nn.RNNBase)
[(name, value.shape) for name, value in nn.RNNBase("LSTM", 2, 3).named_parameters()]
nn.modules.Linear is nn.Linear, nn.modules.MSELoss is nn.MSELoss, nn.modules.Module is nn.Module
nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softsign, nn.Tanh, nn.Sigmoid, nn.LogSigmoid, nn.RNNBase, nn.PReLU
torch.utils.data.DataLoader, torch.utils.data.TensorDataset
torch.utils.data.random_split(range(4), [2.0, 3.0])
w = torch.tensor([[3., 4.], [1., 2.], [.1, .2]]); F.embedding(torch.tensor([0, 1, 2]), w, max_norm=1.).tolist()
w = torch.tensor([[3., 4.], [1., 2.], [.1, .2]]); F.embedding(torch.tensor([0, 1, 2]), w, max_norm=2., norm_type=1); w
"""
OF_LOSSES = """
nn.CrossEntropyLoss(ignore_index="a")(torch.ones(2, 3), torch.tensor([0, 1]))
nn.NLLLoss(ignore_index="a")(torch.ones(2, 3), torch.tensor([0, 1]))
F.nll_loss(torch.ones(2, 3), torch.tensor([0, 1]), ignore_index=None)
nn.CrossEntropyLoss(label_smoothing="a")(torch.ones(2, 3), torch.tensor([0, 1]))
nn.BCELoss()(torch.ones(2) > 0, torch.ones(2) > 0)
nn.BCELoss()(torch.arange(3), torch.arange(3))
x = torch.ones(2, 2, requires_grad=True); F.nll_loss(x, torch.tensor([0, 1])).grad_fn._saved_target
x = torch.ones(2, 2, requires_grad=True); F.binary_cross_entropy(x, torch.zeros(2, 2)).grad_fn._saved_weight
x = torch.ones(2, 2, requires_grad=True); y = F.linear(x, torch.ones(2, 2), torch.ones(2)); y.grad_fn._saved_mat1
x = torch.ones(2, requires_grad=True); (x * 2).grad_fn._saved_self, (x * torch.ones(2)).grad_fn._saved_self
"""
OF_OPTIMIZERS = """
x = torch.zeros(2, requires_grad=True); x.register_hook(lambda g: g.double()); (x * 2).sum().backward()
x = torch.zeros(2, requires_grad=True); x.register_hook(lambda g: g.long()); (x * 2).sum().backward()
x = torch.zeros(2, requires_grad=True); y = x * 2; y.register_hook(lambda g: g.double()); y.sum().backward()
x = torch.zeros(2, requires_grad=True); y = x * 2; y.grad_fn.register_hook(lambda i, o: (i[0].double(),)); y.backward(x)
optim.AdamW, optim.Adam, type(optim.AdamW([torch.zeros(2)]))
lr_scheduler._LRScheduler, issubclass(lr_scheduler._LRScheduler, lr_scheduler.LRScheduler)
issubclass(lr_scheduler.StepLR, lr_scheduler._LRScheduler)
optim.Adam([torch.zeros(1)], lr=torch.tensor([0.1, 0.2]))
optim.SGD([nn.Linear(1, 1).parameters()], lr=0.1)
"""
NESTED = """
o = optim.SGD([torch.zeros(2)], lr=1.)
a = lr_scheduler.SequentialLR(o, [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.9)], [3])
b = lr_scheduler.SequentialLR(o, [{}], [5])
[(o.step(), b.step(), b.get_last_lr())[2] for _ in range(12)]
"""
PROGRAMS = [
    *OF_LAYERS.strip().splitlines(),
    *OF_LOSSES.strip().splitlines(),
    *OF_OPTIMIZERS.strip().splitlines(),
    NESTED.replace("{}", "a, lr_scheduler.StepLR(o, 2)"),
    NESTED.replace("{}", "lr_scheduler.StepLR(o, 2), a"),
]
