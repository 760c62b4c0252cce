"""Memory that is used again, and never while somebody looks at it."""

import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from nnkit.kernels.memory import CACHE_LINE, MOST_KEPT, SMALLEST, _Pool, address, aligned, aligned_like

LARGE = SMALLEST
# Forks while a thread is in the middle of an access to the pool; prints how the new process ended.
FORK = """
import os, signal, threading, time

import numpy as np

from nnkit.kernels import memory

inside, forked = threading.Event(), threading.Event()


def access():
    with memory._POOL._lock:
        inside.set()
        forked.wait(0.5)


thread = threading.Thread(target=access)
thread.start()
inside.wait()
process = os.fork()
if not process:
    signal.alarm(20)  # ends a process that waits for ever
    memory.aligned((memory.SMALLEST,), np.uint8)
    os._exit(0)
forked.set()
thread.join()
print(os.waitpid(process, 0)[1])
"""


@pytest.mark.parametrize("shape", [(1,), (3, 5, 16), (LARGE,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_arrays_begin_a_cache_line(shape, dtype):
    array = aligned(shape, dtype)
    assert array.shape == shape
    assert array.dtype == dtype
    assert address(array) % CACHE_LINE == 0
    assert array.flags.c_contiguous
    assert array.flags.writeable


def test_what_is_freed_is_used_again():
    array = aligned((LARGE,), np.float32)
    place = address(array)
    view = array[5:7]
    del array
    gc.collect()
    other = aligned((LARGE,), np.float32)
    assert address(other) != place, "a view still looks at it"
    del view
    gc.collect()
    assert address(aligned((LARGE,), np.float32)) in {place, address(other)} - {address(other)}


def test_zeros_are_zeros_also_in_used_memory():
    array = aligned((LARGE,), np.float32)
    array.fill(np.nan)
    del array
    assert not aligned((LARGE,), np.float32, zero=True).any()


def test_not_everything_is_kept():
    pool = _Pool()
    for _ in range(3):
        pool.give_back(MOST_KEPT // 2, (np.empty(MOST_KEPT // 2, np.uint8), 0))
    assert pool._kept <= MOST_KEPT
    assert [pool.take(MOST_KEPT // 2)[0].size >= MOST_KEPT // 2 for _ in range(3)] == [True] * 3
    assert pool._kept == 0


def test_memory_that_is_freed_while_the_pool_is_busy_does_not_wait_for_itself():
    pool = _Pool()
    given = []

    def collect():
        # As when Python collects garbage in the middle of an access.
        with pool._lock:
            pool.give_back(8, (np.empty(72, np.uint8), 0))
            given.append(True)

    thread = threading.Thread(target=collect, daemon=True)
    thread.start()
    thread.join(10)
    assert given


def test_a_like_array_has_the_same_layout():
    for strided in (np.zeros((3, 4, 5)), np.zeros((3, 4, 5)).transpose(2, 0, 1), np.zeros((4, 3)).T):
        made = aligned_like(strided)
        assert (made.shape, made.strides, made.dtype) == (strided.shape, strided.strides, strided.dtype)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.case("R23")
def test_R23_a_fork_while_another_thread_takes_memory():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_memory_that_there_is_not_enough_of_leaves_nothing_half_made():
    """What is half made would complain when it is collected, which pytest makes an error."""
    with pytest.raises(MemoryError):
        aligned((2**60,), np.uint8)
    gc.collect()
