"""Gradients, modes, hooks and functions of one's own, as far as one line tells; tests/autograd has longer scripts."""

PROGRAMS = """
x = t.ones(2, requires_grad=True); autograd.grad((x * x).sum(), x)
x = t.ones(2, requires_grad=True); (x * x).sum().backward(); x.grad
x = t.ones(2, requires_grad=True); autograd.backward([x.sum(), (x * 3).sum()]); x.grad
x = t.ones(2, requires_grad=True); (x * 2).backward()
x = t.ones(2, requires_grad=True); (x * 2).backward([1, 2])
x = t.ones(2, requires_grad=True); (x * 2).backward(np.ones(2))
x = t.ones(2, requires_grad=True); autograd.backward([x * 1, x * 2], [t.ones(2)])
x = t.ones(2, requires_grad=True); y = x * x; y.sum().backward(); y.grad_fn._saved_self
x = t.ones(2, requires_grad=True); y = x**2; y.grad_fn._saved_self is x
x = t.ones(2, requires_grad=True); y = x.exp(); t.equal(y.grad_fn._saved_result, y)
x = t.ones(2, requires_grad=True); x.add_(1)
x = t.ones(2, requires_grad=True); x[0] = 0
x = t.ones(2, requires_grad=True); (x * 2).grad
x = t.ones(2, requires_grad=True); x.grad = t.ones(3); x
x = t.ones(2, requires_grad=True); y = x * x; x.data.mul_(2); y.sum().backward(); x.grad
t.arange(4.0).expand(3, 4).add_(1)
t.ones(2).sum().backward()
t.ones(2).register_hook(print)
t.ones(2).retain_grad()
t.tensor([1, 2]).requires_grad_()
t.is_grad_enabled(), t.no_grad(t.is_grad_enabled)(), t.no_grad(t.enable_grad(t.is_grad_enabled))()
t.set_grad_enabled(True)
t.set_grad_enabled(2)
t.inference_mode(t.is_inference_mode_enabled)(), t.is_inference_mode_enabled()
t.is_inference(t.inference_mode(t.ones)(2)), t.is_inference(t.ones(2))
t.inference_mode(t.ones)(2).add_(1)
t.inference_mode(t.ones)(2).requires_grad_()
nn.Parameter(t.inference_mode(t.ones)(2))
nn.Parameter(t.inference_mode(t.ones)(2), requires_grad=False).is_inference()
nn.Buffer(t.inference_mode(t.ones)(2)).is_inference()
t.inference_mode(nn.Linear)(2, 1).weight.add_(1)
t.inference_mode(nn.Linear)(2, 1)(t.ones(1, 2)).sum().backward()
x = t.ones(2); p = nn.Parameter(x); y = (p * p).sum(); x.add_(1); y.backward()
nn.Parameter(t.ones(2), 3)
nn.Parameter(t.ones(2), requires_grad=None)
y = t.zeros(2); y.copy_(t.ones(2, requires_grad=True)); y.grad_fn.name(), type(y.grad_fn)
y = t.zeros(2).copy_(t.ones(2, requires_grad=True)); z = (y * y).sum(); y.detach().add_(1); z.backward()
t.ones(2, requires_grad=True) * t.inference_mode(t.ones)(2)
t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled()
t.set_anomaly_enabled(True); found = t.is_anomaly_enabled(); t.set_anomaly_enabled(False); found
mode = autograd.set_detect_anomaly(True); found = t.is_anomaly_enabled(); mode.__exit__(); found
m = autograd.detect_anomaly(False); m.__enter__(); found = t.is_anomaly_check_nan_enabled(); m.__exit__(); found
autograd.gradcheck(t.tanh, t.ones(2, dtype=t.float64, requires_grad=True))
autograd.gradcheck(t.tanh, t.ones(2))
autograd.gradgradcheck(t.tanh, t.ones(2, dtype=t.float64, requires_grad=True))
x = t.tensor(2.0, requires_grad=True); autograd.grad(autograd.grad(x**3, x, create_graph=True)[0], x)
type(t.ones(2, requires_grad=True).register_hook(print))
autograd.Variable(t.ones(2), requires_grad=True)
type(autograd.Function())
autograd.Function.apply(t.ones(2))
"""
