"""Lines of source that print the same in nnkit and in PyTorch, or fail and warn in the same words."""

import pytest
from parity.cases import table
from parity.programs import outcome


@pytest.mark.parametrize("program", table("PROGRAMS"))
def test_it_prints_what_pytorch_prints(program: str) -> None:
    assert outcome("nnkit", program) == outcome("torch", program)
