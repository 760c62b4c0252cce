import pytest
from parity.programs import outcome


@pytest.fixture
def same_as_torch():
    """Check that a program has the same outcome on nnkit as on PyTorch, and return that outcome."""

    def check(source):
        expected = outcome("torch", source)
        assert outcome("nnkit", source) == expected
        return expected[0]

    return check
