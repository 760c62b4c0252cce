"""What all tests of runs share."""

import pytest
from reliability.runs import STARTED


@pytest.fixture(autouse=True)
def no_run_goes_on():
    """End what a failed test has left running."""
    yield
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()
