"""What is written into tensors: memory that overlaps, numbers that do not fit, and arguments of other kinds."""

PROGRAMS = """
x = t.arange(4.); x[1:].add_(x[:-1])
x = t.arange(4.); x[1:] = x[:-1]; x
x = t.arange(4.); x[1:].copy_(x[:-1])
x = t.arange(4.).view(2, 2); x.copy_(x.t())
x = t.arange(4.); x.sub_(x[0])
x = t.arange(4.); x.sub_(x[2]); x
x = t.arange(4.); x += x; x *= x.detach(); x.copy_(x.view(4)); x
x = t.arange(8.).view(2, 4); x[0] = x[1]; x[:, 0] = x[:, 2]; x
x = t.arange(4.); x[1:].copy_(x[:-1].clone()); x
x = t.ones(2); x += "a"; x
x = t.ones(2); x -= None; x
x = t.ones(2); x *= [1, 2]; x
x = t.ones(2); x /= "a"; x
x = t.ones(2); x **= "a"; x
x = t.ones(2); x.fill_(t.tensor(3)), x.fill_(t.tensor([3]))
t.ones(3).masked_fill(t.tensor([1, 0, 1]), 1)
t.ones(3).masked_fill_(t.ones(3), 1)
t.arange(3).uniform_()
t.tensor([True]).uniform_()
t.arange(3).normal_()
t.tensor([1], dtype=t.uint8).normal_()
t.tensor(2**63)
t.tensor(-(2**63)), t.tensor([2**63 - 1])
t.tensor([2**70, 1])
t.tensor(2**63, dtype=t.int64)
t.tensor(2**70, dtype=t.float32), t.tensor([1.5, 2**70])
t.tensor(300, dtype=t.uint8)
t.tensor([1, -256], dtype=t.uint8)
t.tensor([255, -255, -1], dtype=t.uint8), t.tensor(-128, dtype=t.int8), t.tensor(5, dtype=t.bool)
t.tensor(2**40, dtype=t.int32)
t.tensor(200.5, dtype=t.int8)
t.tensor(np.array([300]), dtype=t.uint8)
t.tensor([1, None])
t.tensor([None])
t.stack([t.ones(1), 3])
t.cat((t.ones(1), None))
t.stack(t.ones(2, 2))
t.cat(iter([t.ones(1)]))
t.tensor(1).size(0)
t.tensor(1).size(-1)
"""
