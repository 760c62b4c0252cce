import pytest

from nnkit import nn

PRINTED = [
    "nn.Conv2d(6, 16, (3, 5), stride=(2, 1), padding=(4, 2), dilation=(3, 1), groups=2, bias=False)",
    "nn.Conv2d(1, 1, 3, padding='same', dilation=2)",
    "nn.Conv2d(1, 1, (2, 3), padding='valid')",
    "nn.MaxPool2d(2)",
    "nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True)",
    "nn.ReLU(), nn.ReLU(inplace=True), nn.Tanh(), nn.Sigmoid(), nn.Identity(1, a=3)",
    "nn.Softmax(dim=-1), nn.LogSoftmax(dim=1), nn.LogSoftmax(), nn.Dropout(0.25), nn.Dropout(0.3, True)",
    "nn.Flatten(), nn.Flatten(1, 2), nn.Linear(10, 3), nn.Linear(10, 3, bias=False)",
    "nn.MSELoss(), nn.CrossEntropyLoss(), nn.NLLLoss(), nn.CrossEntropyLoss(torch.ones(3))",
    "list(nn.CrossEntropyLoss(torch.ones(3)).state_dict()), list(nn.NLLLoss().state_dict())",
    "class E(nn.Module):\n    def extra_repr(self): return 'a=1,\\nb=2'\nE()",
    "class E(nn.Module):\n    def __init__(self): super().__init__(); self.sub = nn.ReLU()\n"
    "    def extra_repr(self): return 'a=1'\nE()",
    "class E(nn.Module):\n    def __init__(self): super().__init__(); self.sub = nn.Sequential(nn.ReLU())\nE()",
]

REFUSED = [
    "nn.Conv2d(3, 6, 3, groups=2)",
    "nn.Conv2d(4, 6, 3, groups=4)",
    "nn.Conv2d(1, 6, 3, groups=0)",
    "nn.Conv2d(1, 6, 3, stride=2, padding='same')",
    "nn.Conv2d(1, 6, -1)",
    "nn.Linear(-1, 3)",
    "nn.Linear(2.5, 3)",
    "nn.Dropout(1.5)",
    "nn.Dropout(-1)",
]

RUN = [
    "nn.Linear(0, 3)",
    "nn.Linear(2, 3).weight",
    "nn.Linear(2, 3, dtype=torch.float64).weight",
    "nn.Conv2d(0, 1, 1)",
    "nn.Conv2d(2, 3, (2, 1)).bias",
    "nn.Linear(3, 4)(torch.ones(2, 3))",
    "nn.Linear(3, 4)(torch.ones(3))",
    "nn.Linear(3, 4)(torch.ones(0, 3))",
    "nn.Linear(3, 4)(torch.ones(2, 0, 3)).shape",
    "nn.Linear(3, 4)(torch.ones(2, 2, 3)).shape",
    "nn.Linear(3, 4)(torch.ones(2, 5))",
    "nn.Linear(3, 4)(torch.ones(5))",
    "nn.Linear(3, 4)(torch.ones(2, 2, 5))",
    "nn.Linear(3, 4)(torch.tensor(1.0))",
    "nn.Linear(3, 4)(torch.ones(2, 3, dtype=torch.float64))",
    "nn.Linear(3, 4)(torch.ones(2, 3, dtype=torch.int64))",
    "nn.Linear(3, 4)([1.0])",
    "nn.Conv2d(3, 4, 3)(torch.ones(1, 1, 8, 8))",
    "nn.Conv2d(3, 4, 3)(torch.ones(1, 1))",
    "nn.Conv2d(3, 4, 3)(torch.ones(8, 8))",
    "nn.Conv2d(3, 4, 3)(torch.ones(3, 8, 8)).shape",
    "nn.Conv2d(3, 4, 3)(torch.ones(1, 8, 8))",
    "nn.Conv2d(3, 4, 5)(torch.ones(1, 3, 4, 4))",
    "nn.Conv2d(3, 4, 5, padding=1)(torch.ones(1, 3, 2, 2))",
    "nn.Conv2d(3, 4, 3)(torch.ones(1, 3, 8, 8, dtype=torch.float64))",
    "nn.Conv2d(3, 4, 3)(torch.ones(1, 3, 8, 8, dtype=torch.uint8))",
    "nn.Conv2d(3, 4, 3)(torch.ones(0, 3, 8, 8)).shape",
    "nn.Conv2d(3, 4, 3)(torch.ones(1, 3, 0, 0))",
    "nn.Conv2d(1, 1, 3, padding=-1)(torch.ones(1, 1, 8, 8))",
    "nn.Conv2d(1, 1, 3, padding=(1, 2, 3))(torch.ones(1, 1, 4, 4))",
    "nn.Conv2d(1, 1, (2, 3), padding='same', dilation=2)(torch.ones(1, 1, 5, 5)).shape",
    "nn.MaxPool2d(2, return_indices=True)(torch.tensor([[[1.0, 2.0], [4.0, 3.0]]]))",
    "nn.Softmax()(torch.ones(2, 3))",
    "nn.Softmax(dim=1)(torch.ones(2, 3)), nn.LogSoftmax(dim=0)(torch.ones(2, 3)), nn.Tanh()(torch.ones(2))",
    "nn.Identity()(3)",
    "nn.Flatten()(torch.ones(2, 3, 4)).shape, nn.Flatten(0)(torch.ones(2, 3, 4)).shape",
    "nn.Flatten(2, 1)(torch.ones(2, 3, 4))",
    "nn.CrossEntropyLoss()(torch.ones(2, 3), [0, 1])",
    "nn.MSELoss(reduction='bogus')(torch.ones(2), torch.ones(2))",
    "m = nn.Dropout(0.5).eval(); x = torch.ones(3); m(x) is x",
    "x = torch.tensor([-1.0, 1.0]); y = nn.ReLU(inplace=True)(x); y is x, x",
]


@pytest.mark.parametrize("source", PRINTED + REFUSED)
def test_layers_print_and_refuse_as_pytorchs(same_as_torch, source):
    same_as_torch(source)


@pytest.mark.parametrize("source", RUN)
def test_layers_start_and_compute_as_pytorchs(same_as_torch, source):
    same_as_torch(f"_ = torch.manual_seed(0)\n{source}")


def test_an_unknown_padding_is_refused():
    # PyTorch lists the choices in an order that changes from run to run.
    modes = r"\{'circular', 'reflect', 'replicate', 'zeros'\}"
    with pytest.raises(ValueError, match=f"padding_mode must be one of {modes}, but got padding_mode='bogus'"):
        nn.Conv2d(1, 6, 3, padding_mode="bogus")
    with pytest.raises(ValueError, match=r"Invalid padding string 'bogus', should be one of \{'same', 'valid'\}"):
        nn.Conv2d(1, 6, 3, padding="bogus")
