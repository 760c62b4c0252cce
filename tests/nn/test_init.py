import pytest

CASES = [
    "nn.init.uniform_(torch.empty(2, 3), -1, 2)",
    "nn.init.normal_(torch.empty(20), 1, 2)",
    "nn.init.constant_(torch.empty(2), 3), nn.init.zeros_(torch.empty(2)), nn.init.ones_(torch.empty(2))",
    "nn.init.xavier_uniform_(torch.empty(3, 4), gain=2.0)",
    "nn.init.xavier_normal_(torch.empty(3, 4, 2, 2))",
    "nn.init.kaiming_uniform_(torch.empty(3, 4), a=0.1)",
    "nn.init.kaiming_uniform_(torch.empty(3, 4, 5, 5), mode='fan_out', nonlinearity='relu')",
    "nn.init.kaiming_normal_(torch.empty(3, 4), nonlinearity='tanh')",
    "nn.init.uniform_(nn.Parameter(torch.empty(2)))",
    "g = torch.Generator().manual_seed(3); nn.init.uniform_(torch.empty(2), generator=g), torch.rand(1)",
    "nn.init.kaiming_uniform_(torch.empty(3))",
    "nn.init.xavier_uniform_(torch.empty(3))",
    "nn.init.kaiming_uniform_(torch.empty(2, 2), mode='bogus')",
    "nn.init.kaiming_uniform_(torch.empty(2, 2), nonlinearity='bogus')",
    "nn.init.kaiming_normal_(torch.empty(0, 2))",
    "[nn.init.calculate_gain(n) for n in ('relu', 'tanh', 'linear', 'sigmoid', 'selu', 'leaky_relu', 'conv2d')]",
    "nn.init.calculate_gain('leaky_relu', 5**0.5)",
    "nn.init.calculate_gain('leaky_relu', 'a')",
    "nn.init.calculate_gain('leaky_relu', True)",
    "nn.init.calculate_gain('bogus')",
]


@pytest.mark.parametrize("source", CASES)
def test_starting_values_are_pytorchs(same_as_torch, source):
    same_as_torch(f"_ = torch.manual_seed(0)\n{source}")


def test_a_network_starts_with_pytorchs_numbers(same_as_torch):
    same_as_torch(
        "_ = torch.manual_seed(7)\n"
        "net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5, groups=2, bias=False), nn.Linear(400, 120))\n"
        "[p.flatten()[:5] for p in net.parameters()], torch.rand(2)"
    )
