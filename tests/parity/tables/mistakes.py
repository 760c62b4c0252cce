"""Lines that learners write, and what becomes of them."""

from parity.cases import after

OF_A_MATRIX = """
x+torch.ones(2)
x@torch.ones(2, 3)
x.mm(torch.ones(3))
x@torch.arange(3)
x.view(4, 2)
x.view(-1, -1)
x.t().view(6)
x.reshape(7)
x.squeeze(5)
x.unsqueeze(5)
x.permute(0)
x.permute(0, 0)
x.permute(0, 2)
x.transpose(0, 2)
x.expand(3, 3)
x.expand(3)
x.repeat(2)
x.sum(2)
x.sum((0, 0))
x.mean(5)
x.max(3)
x.argmax(3)
"""
OTHERS = """
x = torch.arange(3); x.mean()
x = torch.arange(3); x.std()
x = torch.arange(3); x.norm()
x = torch.arange(3); x.softmax(0)
x = torch.arange(3); x.log_softmax(0)
x = torch.arange(3); x.sigmoid(), x.exp(), x.sqrt()
x = torch.arange(3); x.requires_grad_()
x = torch.arange(3); x.requires_grad=True
torch.tensor([1, 2], requires_grad=True)
torch.cat((torch.ones(2), torch.ones(2, 2)))
torch.cat((torch.ones(2, 3), torch.ones(2, 2)))
torch.cat((torch.ones(2), torch.ones(2)), 1)
torch.cat([])
torch.stack((torch.ones(2), torch.ones(3)))
torch.stack([])
torch.cat((torch.ones(2), np.ones(2)))
torch.cat((torch.tensor(1), torch.tensor(2)))
torch.tensor([1, 2, 3]).item()
torch.tensor([]).item()
float(torch.ones(2)); 1
int(torch.tensor(2.7))
bool(torch.ones(2))
bool(torch.tensor([]))
if_=[1 for _ in torch.tensor(1)]; if_
len(torch.tensor(1))
range(torch.tensor(3)), [1, 2, 3][torch.tensor(1)]
range(torch.tensor(3.))
[1, 2, 3][torch.tensor(1.)]
torch.ones(2, requires_grad=True).numpy()
np.mean(torch.ones(2)), np.sum(torch.ones(2))
np.ones(2)+torch.ones(2)
torch.ones(2)*np.float32(2), np.float32(2)*torch.ones(2), np.int64(2)*torch.ones(2)
sum([torch.ones(1), torch.ones(1)])
sum(torch.ones(3)), max(torch.tensor([1, 3, 2])), min(torch.tensor([1, 3, 2])), sorted(torch.tensor([3, 1, 2]))
torch.ones(2)==None, torch.ones(2)!=None, torch.ones(2)=="a", torch.ones(2)==[1, 1]
torch.ones(2)<None
torch.ones(2)**"a"
"a"**torch.ones(2)
torch.ones(2)//"a"
torch.ones(2)%None
[1, 2]*torch.ones(2)
[1, 2]+torch.ones(2)
(1, 2)*torch.tensor(2)
torch.ones(2)@[1, 2]
-torch.tensor(True)
+torch.tensor(3)
abs(torch.tensor(-3)), round(torch.tensor(2.6)), divmod(torch.tensor(7), 2)
torch.tensor(3).__round__()
f"{torch.tensor(3.14159):.2f}", f"{torch.ones(2)}", str(torch.tensor(3)), "%.2f" % torch.tensor(3.14159)
f"{torch.ones(2):.2f}"
"%d" % torch.tensor(3)
hash(torch.ones(1))==hash(torch.ones(1))
{torch.tensor(1):2}[torch.tensor(1)]
torch.ones(2).shape[5]
torch.ones(2).size(5)
torch.ones(2).size("a")
torch.ones(2, 3).size(dim=1), torch.ones(2, 3).stride(1), torch.ones(2).stride(5)
torch.ones(2).shape == [2], torch.ones(2).shape == (2,), torch.ones(2).shape == 2
torch.ones(2).length
torch.ones(2).grad()
torch.ones(2).T()
torch.ones(2)(3)
torch.ones(2).cuda()
torch.ones(2).to("cuda")
torch.ones(2).to("gpu")
torch.ones(2).to(device="cuda:0")
torch.zeros(2, device="cuda")
torch.zeros(2, device="gpu")
torch.tensor([1], device="cuda")
torch.ones(-1)
torch.ones(2, -1)
torch.zeros(torch.tensor(2)).shape, torch.zeros(np.int64(2)).shape
torch.zeros(torch.tensor(2.))
torch.rand(2, 3, dtype=torch.int64)
torch.arange(0, 1, 0)
torch.arange(5, 0)
torch.arange(torch.tensor(3)), torch.arange(np.int64(3)), torch.arange(3.5)
torch.linspace(0, 1, -1)
torch.linspace(0, 1, steps=3), torch.linspace(start=0, end=1, steps=2)
torch.eye(-1)
torch.eye(2, 3), torch.eye(0)
torch.randint(5, 2, (3,))
torch.full((2,), True), torch.full((2,), 1), torch.full((2,), 1.), torch.full([], 3)
torch.full_like(torch.ones(2), 3), torch.zeros_like([1])
torch.ones_like(3)
torch.tensor([1, 2], dtype=np.float32)
torch.tensor(object())
torch.tensor([object()])
torch.tensor({1, 2})
torch.tensor(x for x in range(3))
torch.tensor(zip([1], [2]))
torch.tensor([torch.tensor(1), torch.tensor(2)])
torch.tensor([torch.ones(2)])
torch.tensor([[1, 2], [3]])
torch.tensor([1, [2]])
torch.tensor("1")
torch.tensor(["1"])
torch.tensor(None)
torch.as_tensor([1, "a"])
torch.as_tensor(None)
torch.from_numpy(np.array(1)), torch.from_numpy(np.arange(3, dtype=np.int16))
torch.ones(2).add(other=3), torch.ones(2).mul(other=3), torch.add(input=torch.ones(2), other=2)
torch.ones(2).backward()
torch.ones(2, requires_grad=True).backward()
x = torch.ones(2, requires_grad=True); x.sum().backward(torch.ones(2))
x = torch.ones(2, requires_grad=True); x.sum().backward(1.0)
x = torch.ones(2, requires_grad=True); (x*2).backward([1, 1])
x = torch.ones(2, requires_grad=True); x+=1
x = torch.ones(2, requires_grad=True); x[0]=1
x = torch.ones(2, requires_grad=True); x.data+=1; x
x = torch.ones(2, requires_grad=True); x.grad=3
x = torch.ones(2, requires_grad=True); x.grad=torch.ones(3)
x = torch.ones(2, requires_grad=True); x.grad=torch.ones(2, dtype=torch.float64)
x = torch.ones(2); x.data=3
x = torch.ones(2); x.data=torch.ones(3); x
x = torch.ones(2); x.shape=(1, 2)
x = torch.ones(2); x.dtype=torch.int64
x = torch.ones(2); x.requires_grad="yes"
x = torch.ones(2); x.requires_grad_("yes")
x = torch.ones(2)*2; x.retain_grad()
x = torch.ones(2).requires_grad_()*2; x.requires_grad=False
torch.topk(torch.ones(3), 5)
torch.sort(torch.tensor([3, 1])), torch.argsort(torch.tensor([3, 1]))
torch.gather(torch.ones(2, 2), 0, torch.tensor([5]))
torch.gather(torch.ones(2, 2), 1, torch.tensor([[5]]))
torch.ones(2).gather(0, [0])
torch.ones(2).index_select(0, [0])
torch.ones(2).masked_select([True, False])
torch.ones(2).masked_fill([True, False], 1)
torch.ones(2).scatter_(0, 0, 1)
torch.ones(3).split(0)
torch.ones(3).chunk("a")
torch.ones(3).unbind(1)
torch.ones(3).flip()
torch.ones(3).flip(1)
torch.ones(3).flip("a")
torch.ones(3).pow(), 1
torch.ones(3).max(torch.zeros(3)), torch.max(torch.ones(2), torch.zeros(2)), torch.max(torch.ones(2), 0)
torch.max(1, 2)
torch.max([1, 2])
torch.maximum(torch.ones(2), 1)
torch.minimum(1, torch.ones(2))
torch.abs(-1)
torch.sqrt(4)
torch.exp("a")
torch.sum(3)
torch.mean([1., 2.])
torch.dot(torch.ones(2, 2), torch.ones(2))
torch.dot(torch.ones(2), torch.ones(3))
torch.matmul(torch.ones(2), 3)
torch.mm(torch.ones(2, 2), torch.ones(2))
torch.bmm(torch.ones(2, 2), torch.ones(2, 2))
torch.outer(torch.ones(2, 2), torch.ones(2))
torch.einsum("ij, jk", torch.ones(2, 2))
torch.manual_seed("a")
torch.manual_seed(-1).initial_seed()
torch.save(torch.ones(1))
torch.load("nofile.pt")
torch.set_printoptions(precision="a")
torch.is_tensor([1]), torch.is_tensor(torch.ones(1)), torch.numel(torch.ones(2))
torch.numel(3)
torch.Tensor.foo
torch.bincount(torch.tensor([1.5]))
torch.bincount(torch.tensor([-1]))
torch.multinomial(torch.ones(3), 5)
torch.multinomial(torch.ones(3), "a")
torch.normal(0, 1, (2,)).shape, torch.normal(0., 1., size=(2,)).shape
torch.normal(0, -1, (2,))
torch.bernoulli(torch.tensor([2.]))
torch.bernoulli(0.5)
torch.clone([1]), 1
torch.randperm(3.0)
torch.allclose(torch.ones(2), torch.ones(3))
torch.equal(torch.ones(2), [1, 1])
torch.isnan(float("nan"))
torch.isnan(torch.tensor([1, 2]))
torch.logical_and(torch.ones(2), 1)
torch.logical_not(1)
torch.log(torch.tensor(-1.)), torch.tensor(1.)/0, torch.tensor(0.)/0, torch.tensor(1)/0
torch.tensor(1)//0
torch.tensor(1)%0
torch.tensor(5)**-1
"""
PROGRAMS = [*after("x = torch.ones(2, 3)", OF_A_MATRIX), *after("", OTHERS)]
