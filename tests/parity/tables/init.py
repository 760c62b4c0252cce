"""Starting values: the numbers, the order in which they are drawn, and what is refused."""

from parity.cases import after

PROGRAMS = after(
    "_ = torch.manual_seed(0)",
    """
nn.init.trunc_normal_(torch.empty(5, 6)), torch.rand(1)
nn.init.trunc_normal_(torch.empty(64), 1.0, 2.0, -1.0, 1.5), torch.rand(1)
nn.init.trunc_normal_(torch.empty(40), 0.0, 1.0, 1.0, 3.0), torch.rand(1)
nn.init.trunc_normal_(nn.Parameter(torch.empty(20, dtype=torch.float64)), 0.0, 1.0, 1.0, 3.0), torch.rand(1)
nn.init.trunc_normal_(torch.empty(20), 0.0, 0.1, 1.0, 1.2), torch.rand(1)
nn.init.trunc_normal_(torch.empty(2), generator=torch.Generator().manual_seed(3)), torch.rand(1)
nn.init.trunc_normal_(torch.empty(2), std=0)
nn.init.trunc_normal_(torch.empty(0))
nn.init.eye_(torch.empty(2, 3)), nn.init.eye_(nn.Parameter(torch.empty(3, 2)))
nn.init.eye_(torch.empty(2))
nn.init.dirac_(torch.empty(2, 3, 3)), nn.init.dirac_(nn.Parameter(torch.empty(4, 2, 2, 3)), 2)
nn.init.dirac_(torch.empty(2, 1, 1, 2, 3))
nn.init.dirac_(torch.empty(2, 1))
nn.init.dirac_(torch.empty(3, 1, 1), 2)
nn.init.orthogonal_(torch.empty(3, 5)), nn.init.orthogonal_(nn.Parameter(torch.empty(4, 1, 2)), gain=2), torch.rand(1)
nn.init.orthogonal_(torch.empty(5, 3, dtype=torch.float64))
nn.init.orthogonal_(torch.empty(3))
nn.init.orthogonal_(torch.empty(0, 3))
nn.init.sparse_(torch.empty(5, 3), 0.3), torch.rand(1)
nn.init.sparse_(nn.Parameter(torch.empty(5, 3)), sparsity=0.5, std=2.0), torch.rand(1)
nn.init.sparse_(torch.empty(5), 0.3)
nn.init.uniform(torch.empty(2)), nn.init.normal(torch.empty(2))
nn.init.constant(torch.empty(2), 1), nn.init.eye(torch.empty(2, 2)), nn.init.dirac(torch.empty(1, 1, 1))
nn.init.xavier_uniform(torch.empty(2, 2)), nn.init.xavier_normal(torch.empty(2, 2))
nn.init.kaiming_uniform(torch.empty(2, 2)), nn.init.kaiming_normal(torch.empty(2, 2))
nn.init.orthogonal(torch.empty(2, 2)), nn.init.sparse(torch.empty(2, 2), 0.1)
nn.init.kaiming_uniform_(torch.empty(0, 3))
nn.init.xavier_uniform_(torch.empty(0, 0))
nn.init.normal_(torch.empty(2), std=-1)
nn.init.uniform_(torch.empty(2), 2, 1)
nn.init.constant_(torch.empty(2, dtype=torch.int64), 3), nn.init.zeros_(torch.ones(2, requires_grad=True))
nn.init.ones_(nn.Parameter(torch.empty(1))), nn.init.kaiming_normal_(torch.empty(2, 3), mode='fan_out')
nn.init.kaiming_uniform_(torch.empty(2, 3, 2), a=0.2), nn.init.xavier_uniform_(torch.empty(2, 3, 2), gain=3)
nn.init.xavier_normal_(torch.empty(2, 3)), nn.init.calculate_gain('relu')
""",
)
