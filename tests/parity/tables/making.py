"""Tensors made of numbers and of arrays, and what is no number."""

OLD = """
torch.Tensor(np.ones(3)).dtype, torch.Tensor(np.ones((2, 3), dtype=np.int64)).dtype
torch.Tensor(np.array(2.5)), torch.Tensor(np.int64(2)).shape
a = np.ones(3, np.float32); b = torch.Tensor(a); a[0] = 5; b
a = np.ones(3, np.float64); b = torch.Tensor(a); a[0] = 5; b
torch.FloatTensor(np.ones(2)), torch.LongTensor(np.ones(2)), torch.IntTensor(np.ones(2, dtype=np.int64))
torch.Tensor([np.float64(1.5), 2]), torch.Tensor([[], [1]]), torch.LongTensor([np.float64(1.5), 2, True])
torch.Tensor([1, "a"])
torch.Tensor([[1], ["a"]])
torch.Tensor(["a"])
torch.Tensor("a")
torch.Tensor(b"ab")
torch.Tensor([1, None])
torch.Tensor([1, {}])
torch.Tensor([1, [2]])
torch.Tensor(1, 2.5)
torch.Tensor(2, "a")
torch.Tensor(2.5, 1)
torch.Tensor([1], 2)
torch.Tensor(2.0)
torch.Tensor([1, 2], dtype=torch.int64)
torch.Tensor([1, 2], requires_grad=True)
torch.Tensor([1, 2], device="cpu"), torch.Tensor(2, 3, device="cpu").shape
torch.Tensor(3, device="cuda")
torch.Tensor(data=[1]), torch.Tensor(size=(2, 3)).shape, torch.Tensor(other=torch.ones(1))
torch.Tensor(foo=3)
torch.Tensor(torch.tensor(3)), torch.Tensor(torch.tensor([3]))
torch.Tensor(torch.ones(2), 3)
a = torch.ones(2); b = torch.Tensor(a); b[0] = 5; a, b is a
x = torch.ones(2, requires_grad=True); torch.Tensor(x * 2).sum().backward(); x.grad
torch.FloatTensor([1, "a"])
torch.LongTensor([1, "a"])
torch.LongTensor([1, 2.5]), torch.LongTensor([2.5, 1])
torch.LongTensor([1, [2]])
torch.BoolTensor([1, None])
torch.LongTensor(torch.ones(2))
torch.LongTensor([1], dtype=torch.int64)
"""
NEW = """
torch.ones(1).new_tensor("a")
torch.ones(1).new_tensor([1, "a"])
torch.ones(1).new_tensor([1, "a"], dtype=torch.int64)
torch.ones(1).new_tensor(None)
torch.ones(1).new_tensor({})
torch.ones(1).new_tensor([1, [2]])
torch.ones(1).new_tensor()
torch.ones(1).new_tensor([1, 2], dtype="a")
torch.ones(1).new_tensor(torch.arange(2))
torch.tensor([1, "a"], dtype=torch.float32)
torch.tensor([1, None], dtype=torch.float32)
torch.tensor([1, [2]], dtype=torch.float32)
torch.tensor(None, dtype=torch.float32)
torch.tensor("a", dtype=torch.float32)
torch.tensor([1, "a"], dtype=torch.int64)
torch.tensor([1.5, [2]])
torch.tensor([[], [1]])
torch.tensor(b"a")
torch.tensor([np.float64(1.5)]), torch.tensor([np.int32(1)]), torch.tensor([np.float32(1.5), np.float64(2)])
torch.tensor([np.float64(2), 1.5]).dtype, torch.tensor([np.int32(1), 2]).dtype, torch.tensor([np.int32(1), 1.5]).dtype
torch.tensor([torch.tensor(1.0, dtype=torch.float64), 1]).dtype, torch.tensor([True, np.int8(1)]).dtype
torch.tensor([torch.tensor(1, dtype=torch.uint8), torch.tensor(1, dtype=torch.int8)]).dtype
torch.tensor([np.mean(np.ones(3)), np.std(np.ones(3))])
torch.tensor([1.0], requires_grad=1)
torch.tensor([1], requires_grad=1)
torch.tensor([1.0], requires_grad="yes")
torch.ones(2, requires_grad=1)
torch.zeros(2, requires_grad="a")
torch.zeros_like(torch.ones(2), requires_grad=1)
"""
PROGRAMS = OLD + NEW
