"""Layers that read sequences."""

from parity.cases import N, layer

LAYERS = [
    layer("nn.RNN(4, 3)", (5, N, 4)),
    layer("nn.RNN(4, 3, 2, 'relu', batch_first=True)", (N, 5, 4)),
    layer("nn.RNN(4, 3, 2, bidirectional=True)", (5, N, 4), (4, N, 3)),
    layer("nn.RNN(4, 3, bias=False, batch_first=True)", (N, 1, 4)),
    layer("nn.RNN(4, 3, 3, dropout=0.5, batch_first=True, bidirectional=True)", (N, 2, 4), random=True),
    layer("nn.RNN(4, 3, batch_first=True)", (N, 4)),
    layer("nn.LSTM(4, 3)", (5, N, 4)),
    layer("nn.LSTM(4, 3, 2, batch_first=True)", (N, 5, 4)),
    layer("nn.LSTM(4, 3, bias=False, bidirectional=True)", (5, N, 4)),
    layer("nn.LSTM(4, 17, 2, False, True, 0.25, True)", (N, 2, 4), random=True),
    layer("nn.LSTM(4, 3)", (N, 4)),
    layer("nn.LSTM(4, 3, batch_first=True)", (N, 1, 4)),
]
PROGRAMS = """
# Results as they are printed.
torch.manual_seed(1); nn.LSTM(2, 3)(torch.randn(2, 1, 2))
torch.manual_seed(1); nn.LSTM(2, 3, batch_first=True)(torch.randn(2, 1, 2))
torch.manual_seed(1); nn.LSTM(2, 3, 2, batch_first=True)(torch.randn(2, 2))
torch.manual_seed(1); nn.LSTM(2, 3, bidirectional=True)(torch.randn(2, 1, 2))[0]
torch.manual_seed(1); nn.RNN(2, 3)(torch.randn(2, 1, 2))
torch.manual_seed(1); nn.RNN(2, 3, nonlinearity="relu", batch_first=True)(torch.randn(2, 1, 2))
torch.manual_seed(1); nn.RNN(2, 3, bidirectional=True)(torch.randn(2, 2))
torch.manual_seed(1); nn.LSTM(3, 4, 3, dropout=0.5)(torch.randn(2, 2, 3))[0].detach()
torch.manual_seed(1); nn.LSTM(3, 4, 3, dropout=0.5, batch_first=True, bidirectional=True)(torch.randn(2, 2, 3))[1][0]
torch.manual_seed(1); nn.RNN(3, 4, 3, dropout=0.5, batch_first=True, bidirectional=True)(torch.randn(2, 2, 3))[0]
torch.manual_seed(1); nn.RNN(3, 4, 3, dropout=0.5).eval()(torch.randn(2, 2, 3))[0].detach()
torch.manual_seed(1); nn.LSTM(3, 4, 2, dropout=1)(torch.randn(2, 2, 3))[0].detach()
torch.manual_seed(1); l = nn.LSTM(2, 3); s = (torch.randn(1, 2, 3), torch.randn(1, 2, 3)); l(torch.randn(2, 2, 2), s)
torch.manual_seed(1); l = nn.LSTM(2, 3); x = torch.randn(4, 2); o, s = l(x[:2]); l(x[2:], s)[0].detach()
torch.manual_seed(1); l = nn.LSTM(2, 2); x = torch.randn(3, 1, 2); l(x)[0].sum().backward(); l.weight_hh_l0.grad
nn.RNN(2, 3)(torch.ones(2, 0, 2))[0].shape, nn.RNN(2, 3)(torch.ones(2, 0, 2))[1].shape
# Modules.
nn.LSTM(4, 5), nn.RNN(4, 5), nn.LSTM(4, 5, 2, dropout=1)
nn.LSTM(4, 5, 3, dropout=0.25, bidirectional=True, batch_first=True, bias=False)
nn.RNN(4, 5, 3, dropout=0.25, bidirectional=True, batch_first=True, bias=False)
nn.Sequential(nn.LSTM(4, 5), nn.RNN(4, 5, nonlinearity="relu"))
list(nn.LSTM(4, 5, 2, bidirectional=True).state_dict())
[(name, parameter.shape) for name, parameter in nn.RNN(4, 5, 2, bidirectional=True).named_parameters()]
torch.manual_seed(1); nn.LSTM(2, 2).all_weights
[[tuple(weight.shape) for weight in each] for each in nn.LSTM(4, 5, 2, bias=False).all_weights]
l = nn.LSTM(2, 3, 2); [getattr(l, n) for n in "mode input_size hidden_size num_layers bias batch_first dropout".split()]
l = nn.RNN(2, 2, 1, "relu"); l.mode, l.nonlinearity, l.bidirectional, l.proj_size, l.flatten_parameters()
torch.manual_seed(1); l = nn.RNN(2, 2); l.reset_parameters(); l.bias_hh_l0
l = nn.LSTM(2, 2); l.weight_ih_l0 = nn.Parameter(torch.zeros(8, 2)); l.all_weights[0][0]
l = nn.LSTM(2, 2).double(); l.all_weights[0][0].dtype, l(torch.ones(1, 1, 2).double())[0].dtype
torch.manual_seed(1); l = nn.LSTM(2, 2); copy.deepcopy(l)(torch.ones(1, 1, 2))[0]
l = nn.LSTM(2, 2); l.load_state_dict(nn.LSTM(2, 3).state_dict())
l = nn.RNN(2, 2); l.weight_ih_l0 = torch.zeros(2, 2)
# Arguments that are refused, or warned of.
nn.LSTM(4, 5, dropout=0.5)
nn.RNN(4, 5, dropout=0.5)
nn.LSTM(4, 5, dropout=2)
nn.LSTM(4, 5, dropout=-0.1)
nn.LSTM(4, 5, dropout=True)
nn.LSTM(4, 5, dropout="much")
nn.RNN(4, 5, nonlinearity="sigmoid")
nn.RNN(4, 0)
nn.RNN(0, 5)
nn.RNN(4, 5, 0)
nn.RNN(4.0, 5)
nn.RNN(4, "5")
nn.LSTM(4, 5, "2")
nn.LSTM(4, 5, 2.0)
nn.LSTM(4, 5, bias=1)
nn.LSTM(4, 5, batch_first="yes")
nn.LSTM(4, 5, proj_size=-1)
nn.LSTM(4, 5, proj_size=5)
# Inputs that are refused.
nn.LSTM(4, 5)(torch.ones(2, 3, 6))
nn.RNN(4, 5)(torch.ones(2, 3, 6))
nn.LSTM(4, 5)(torch.ones(4))
nn.RNN(4, 5)(torch.ones(4))
nn.LSTM(4, 5)(torch.ones(1, 2, 3, 4))
nn.RNN(4, 5)(torch.ones(1, 2, 3, 4))
nn.LSTM(4, 5)(torch.ones(0, 3, 4))
nn.RNN(4, 5, batch_first=True)(torch.ones(3, 0, 4))
nn.LSTM(4, 5)(torch.ones(2, 3, 4, dtype=torch.float64))
nn.RNN(4, 5)(torch.ones(2, 3, 4, dtype=torch.int64))
nn.Sequential(nn.LSTM(2, 2), nn.Linear(2, 2))(torch.ones(1, 2, 2))
# States that are refused.
nn.LSTM(4, 5)(torch.ones(2, 3, 4), torch.zeros(1, 3, 5))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), torch.zeros(2, 3, 5))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), torch.zeros(1, 3, 5), torch.zeros(1, 3, 5))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 3, 5),))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 3, 5),) * 3)
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 3, 5), torch.zeros(1, 3, 6)))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 2, 5), torch.zeros(1, 3, 5)))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(3, 5), torch.zeros(3, 5)))
nn.LSTM(4, 5)(torch.ones(2, 4), (torch.zeros(1, 3, 5), torch.zeros(1, 3, 5)))
nn.LSTM(4, 5)(torch.ones(2, 4), (torch.zeros(3, 5), torch.zeros(1, 5)))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 3, 5), torch.zeros(1, 3, 5, dtype=torch.float64)))
nn.LSTM(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 3, 5, dtype=torch.int64), torch.zeros(1, 3, 5)))
nn.LSTM(4, 5).double()(torch.ones(2, 3, 4).double(), (torch.zeros(1, 3, 5), torch.zeros(1, 3, 5)))
nn.RNN(4, 5)(torch.ones(2, 3, 4), torch.zeros(3, 5))
nn.RNN(4, 5)(torch.ones(2, 4), torch.zeros(1, 3, 5))
nn.RNN(4, 5)(torch.ones(2, 3, 4), torch.zeros(1, 2, 5))
nn.RNN(4, 5)(torch.ones(2, 3, 4), (torch.zeros(1, 3, 5), torch.zeros(1, 3, 5)))
nn.RNN(4, 5)(torch.ones(2, 4), torch.zeros(2, 5))
nn.RNN(4, 5)(torch.ones(2, 3, 4), torch.zeros(1, 3, 5, dtype=torch.float64))
"""
