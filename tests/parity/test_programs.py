"""Lines of source that print the same in nnkit and in PyTorch, or fail and warn in the same words."""

import pytest
import torch
from parity.cases import table
from parity.programs import outcome


@pytest.mark.parametrize("program", table("PROGRAMS"))
def test_it_prints_what_pytorch_prints(program: str) -> None:
    assert outcome("nnkit", program) == outcome("torch", program)


def test_a_program_switches_nothing_for_those_after_it() -> None:
    switches = (
        "torch.set_default_device('cpu'); torch.use_deterministic_algorithms(True); torch.set_grad_enabled(False)"
    )
    for library in ("nnkit", "torch"):
        outcome(library, f"{switches}; 1")
        told = "torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()"
        assert outcome(library, told)[0] == "(True, False)"
    assert "DeviceContext" not in str(torch.overrides._get_current_function_mode_stack())
