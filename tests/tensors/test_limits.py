"""New tensors within a limit."""

import threading

import numpy as np
import pytest

from nnkit.models import RNN
from nnkit.tensors import empty, full, ones, randn, zeros, zeros_like
from nnkit.tensors.limits import at_most


@pytest.mark.parametrize("make", [empty, zeros, ones, randn, lambda *size: full(size, 1.0)])
def test_one_tensor_or_several_may_fill_the_limit_and_no_more(make):
    with at_most(100):
        make(10, 6)
        make(40)
        make(0, 10**9)
        with pytest.raises(RuntimeError, match=r"shape \[1\] is larger than expected: at most 100 elements"):
            make(1)
    make(101)


def test_nothing_is_allocated_for_what_is_refused():
    with at_most(10**6), pytest.raises(RuntimeError, match="larger than expected"):
        RNN(hidden_size=2**30)


def test_the_limit_ends_with_its_block_and_holds_for_its_thread_alone():
    before = zeros(3)
    with pytest.raises(KeyError), at_most(10):
        raise KeyError
    with at_most(10):
        thread = threading.Thread(target=zeros, args=(500,))
        thread.start()
        thread.join()
        zeros_like(before)
        np.testing.assert_array_equal(zeros(7).numpy(), np.zeros(7))


def test_a_limit_inside_of_another_cannot_widen_it():
    with at_most(100):
        with at_most(1000), pytest.raises(RuntimeError, match="at most 100 elements"):
            zeros(101)
        with at_most(50):
            zeros(40)
            with pytest.raises(RuntimeError, match="at most 50 elements"):
                zeros(11)
        zeros(60)
        with pytest.raises(RuntimeError, match="at most 100 elements"):
            zeros(1)
