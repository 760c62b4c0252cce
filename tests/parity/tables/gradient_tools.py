"""Gradients that are clipped, and parameters as one vector."""

from parity.cases import after

_CLIPPING = """
nn.utils.clip_grad_norm_([p], 1.0), p.grad
nn.utils.clip_grad_norm_(p, 100), p.grad
nn.utils.clip_grad_norm_([p], 2.0, norm_type=float('inf')), p.grad
nn.utils.clip_grad_norm_([p], 2.0, norm_type='inf'), p.grad
nn.utils.clip_grad_norm_([p], 2.0, norm_type=1, foreach=True), p.grad
nn.utils.clip_grad_norm_((each for each in [p]), 2.0, norm_type=3.0, foreach=False), p.grad
nn.utils.clip_grad_norm_([p, nn.Parameter(torch.ones(3))], 0), p.grad
nn.utils.clip_grad_norm([p], 1.0), p.grad
nn.utils.clip_grad_norm_([p], 'a')
p.grad = torch.tensor([float('nan'), 4.0]); nn.utils.clip_grad_norm_([p], 1.0), p.grad
p.grad = torch.tensor([float('inf'), 4.0]); nn.utils.clip_grad_norm_([p], 1.0), p.grad
p.grad = torch.tensor([float('inf'), 4.0]); nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
p.grad = torch.tensor([float('nan'), 4.0]); nn.utils.clip_grad_norm_([p], 1.0, 'inf', error_if_nonfinite=True)
p.grad = torch.tensor([1e30, 4.0]); nn.utils.clip_grad_norm_([p], 1.0), p.grad
p = p.detach().double().requires_grad_(); (p * 3).sum().backward(); nn.utils.clip_grad_norm_([p], 1.0), p.grad
nn.utils.clip_grad_value_([p], 3), p.grad
nn.utils.clip_grad_value_(p, 3.5, foreach=False), p.grad
nn.utils.clip_grad_value_([p], -1), p.grad
p.grad = torch.tensor([float('nan'), 4.0]); nn.utils.clip_grad_value_((each for each in [p]), 3.5), p.grad
nn.utils.clip_grads_with_norm_(p, 1.0, torch.tensor(6.0)), p.grad
nn.utils.clip_grads_with_norm_([p], 1.0, torch.tensor(0.5)), p.grad
nn.utils.get_total_norm([p.grad, p.grad * 2]), nn.utils.get_total_norm(p.grad, 1), nn.utils.get_total_norm([])
nn.utils.get_total_norm(p.grad / 0, error_if_nonfinite=True)
"""
_NOTHING_TO_CLIP = """
nn.utils.clip_grad_norm_(nn.Linear(2, 2).parameters(), 1.0)
nn.utils.clip_grad_norm_([], 1.0)
nn.utils.clip_grad_norm_((p for p in []), 1.0)
nn.utils.clip_grad_norm_(nn.ReLU().parameters(), 1.0)
nn.utils.clip_grad_norm_(3, 1.0)
"""
_VECTORS = """
m(torch.ones(3, 2)).sum().backward(); nn.utils.clip_grad_norm_(m.parameters(), 1.0), m.weight.grad, m.bias.grad
v = nn.utils.parameters_to_vector(m.parameters()); v.detach(), type(v.grad_fn).__name__
nn.utils.parameters_to_vector([])
nn.utils.parameters_to_vector([m.weight, m.weight.t().expand(2, 2)])
v = torch.arange(3.0); nn.utils.vector_to_parameters(v, m.parameters()); m.weight, m.weight.data_ptr() == v.data_ptr()
nn.utils.vector_to_parameters(torch.arange(5.0), m.parameters()), m.bias
nn.utils.vector_to_parameters([1.0], m.parameters())
nn.utils.vector_to_parameters(torch.ones(2), m.parameters())
"""
PROGRAMS = [
    *after("p = nn.Parameter(torch.ones(2)); p.grad = torch.tensor([3.0, -4.0])", _CLIPPING),
    *after("", _NOTHING_TO_CLIP),
    *after("m = nn.Linear(2, 1); m.weight.data.fill_(1.0); m.bias.data.fill_(2.0)", _VECTORS),
]
