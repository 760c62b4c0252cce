"""Reading and writing by index: what can be an index, and what can be assigned."""

from parity.cases import after

OF_A_VECTOR = """
x[0] = [1, 2, 3]; x
x[0] = [1]; x
x[0] = (1,); x
x[:] = [1, 2, 3]; x
x[0] = torch.ones(2); x
x[:] = torch.ones(2); x
x[0] = 2**70; x
x[0] = 2**63; x
x[0] = np.bool_(True); x
x[0] = np.float64(2); x
x[[0, 1]] = 2**70; x
x[[0, 1]] = [1, 2]; x
x[x==0] = np.ones(3); x
x[0] = torch.tensor([1.]); x
x[0] = torch.tensor([[1.]]); x
x[0] = torch.ones(0); x
x[0] = torch.ones(1, 2); x
"""
OF_A_MATRIX = """
x[0] = torch.ones(2); x
x[0] = torch.ones(2, 3); x
x[0] = np.ones(3); x
x[0] = np.ones(2); x
x[0] = {}; x
x[0] = "a"; x
x[0] = None; x
x[0, 0] = np.float32(3); x
x[0, 0] = np.int64(3); x
x["a"] = 3; x
x["a"]
x[1.0]
x[1.0] = 1
x[5] = 1
x[0, 5] = 1
x[0, 0, 0] = 1
x[[0, 5]] = 1
x[torch.tensor([0.5])] = 1
x[torch.tensor([True])] = 1
x[torch.tensor([True, False])] = torch.ones(2)
x[x==0] = torch.ones(5)
x[x==0] = [1, 2, 3, 4, 5, 6]; x
x[[0, 1]] = torch.ones(3); x
x[[0, 1]] = torch.ones(2); x
x[0] = nn.Linear(1, 1); x
x[...] = 5; x
x[0] = True; x
x[::-1]
x[{}]
x[None] = 3; x
x[()] = 3; x
x[[]] = 3; x
x[0] = torch.ones(2, 1); x
x[:, 0] = torch.ones(3); x
x[:, 0] = torch.ones(2, 1); x
x[:, 0] = torch.ones(1, 2); x
x[:] = torch.ones(2); x
x[0] = 5, ; x
x[0] = range(3); x
x[0] = lambda: 1; x
x[[0.5]]
x[["a"]]
x[np.array([0.5])]
x[np.array([0, 1])]
x[np.float32(1)]
x[np.int64(1)]
x[True]
x[False].shape
x["a", 0]
x[0, "a"]
x[0, 1.5]
x[1.5, 0]
x[torch.tensor(1.5)]
x[(0, 1), (0, 1)]
x[[[0, 1]]].shape
x["a":]
x[0.5:]
x[::0]
x[0:5].shape
x[range(2)].shape
x[nn.Linear(1, 1)]
x[None, ..., 0, None].shape
x[..., ...]
x[set()]
x[lambda: 1]
x[2]
x[-3]
x[0, 3]
x[0, 0, 0]
x[[2]]
x[torch.tensor([2])]
x[:, torch.tensor([3])]
x[torch.tensor([0]), torch.tensor([0, 1])].shape
x[torch.tensor([0, 1, 1]), torch.tensor([0, 1])]
x[torch.ones(3)>0]
x[torch.ones(2, 3)>0].shape
x[0] = torch.ones(3, requires_grad=True); x
x[x>0] = torch.tensor(3); x
x[[0]] = torch.ones(1, 3, dtype=torch.float64); x
x[0] = torch.ones(3, dtype=torch.float64); x
"""
OTHERS = """
x = torch.zeros(3, dtype=torch.int8); x[0] = 300; x
x = torch.zeros(3, dtype=torch.int64); x[0] = 2**70; x
x = torch.zeros(3, dtype=torch.int64); x[0] = 1.7; x
x = torch.zeros(3, dtype=torch.int64); x[0] = torch.tensor(1.7); x
x = torch.zeros(3, dtype=torch.int64); x[:] = torch.tensor([1.7]); x
x = torch.zeros(3, dtype=torch.int64); x[torch.tensor([0])] = torch.tensor([1.7]); x
x = torch.zeros(3, dtype=torch.uint8); x[0] = -1; x
x = torch.zeros(3, dtype=torch.uint8); x[0] = -300; x
x = torch.zeros(3, dtype=torch.int32); x[0] = 2**40; x
x = torch.zeros(3, dtype=torch.bool); x[0] = 5; x
x = torch.zeros(3, dtype=torch.int8); x[[0, 1]] = 300; x
x = torch.zeros(3, dtype=torch.int8); x[x==0] = 300; x
x = torch.tensor(1.); x[0]
x = torch.tensor(1.); x[0] = 1
x = torch.tensor(1.); x[...] = 3; x
x = torch.tensor(1.); x[None].shape
x = torch.zeros(2, 3, requires_grad=True); x[0] = 1
x = torch.zeros(2, 3, dtype=torch.int64); x[x==0] = 1.5; x
x = torch.zeros(2, 3, dtype=torch.bool); x[[0]] = torch.ones(1, 3); x
"""
PROGRAMS = [
    *after("x = torch.zeros(3)", OF_A_VECTOR),
    *after("x = torch.zeros(2, 3)", OF_A_MATRIX),
    *after("", OTHERS),
]
