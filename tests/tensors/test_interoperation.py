"""Memory that is shared with NumPy and PyTorch, and what functions of NumPy make of tensors."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

import nnkit

KINDS = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["x", "x.t()", "x[1:, ::2]", "x[0]", "x.sum()", "x[:0]"])
def test_pytorch_and_nnkit_give_each_other_their_memory(kind, change):
    ours = eval(change, {"x": nnkit.arange(12).view(3, 4).to(getattr(nnkit, kind))})
    theirs = torch.from_dlpack(ours)
    assert theirs.tolist() == ours.tolist()
    assert str(theirs.dtype) == str(ours.dtype)
    theirs.fill_(1)
    assert ours.tolist() == theirs.tolist()

    theirs = eval(change, {"x": torch.arange(12).view(3, 4).to(getattr(torch, kind))})
    ours = nnkit.from_dlpack(theirs)
    assert ours.tolist() == theirs.tolist()
    assert str(ours.dtype) == str(theirs.dtype)
    ours.fill_(0)
    assert theirs.tolist() == ours.tolist()


def test_what_a_kernel_made_is_given_as_it_lies_in_memory():
    images = nnkit.nn.Conv2d(1, 2, 3)(nnkit.rand(5, 1, 6, 6)).detach()
    assert torch.from_dlpack(images).tolist() == images.tolist()
    assert torch.from_numpy(images.numpy()).data_ptr() == images.data_ptr()


def test_a_capsule_is_used_once():
    capsule = nnkit.utils.dlpack.to_dlpack(nnkit.ones(2))
    assert torch.utils.dlpack.from_dlpack(capsule).tolist() == [1, 1]
    with pytest.raises((RuntimeError, ValueError)):
        nnkit.from_dlpack(capsule)


def test_element_types_that_there_are_not_are_refused():
    with pytest.raises(TypeError, match=r"numpy\.complex64"):
        nnkit.from_dlpack(torch.ones(2, dtype=torch.complex64))


def test_numpy_copies_where_it_is_asked_to():
    tensor = nnkit.zeros(2)
    for copy in (np.array(tensor), np.array(tensor, copy=True), np.asarray(tensor, dtype=np.float64)):
        copy[0] = 1
    assert tensor.tolist() == [0, 0]
    np.array(tensor, copy=False)[1] = 2
    assert tensor.tolist() == [0, 2]
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.array(tensor, dtype=np.int64, copy=False)


@pytest.mark.parametrize(
    "source",
    [
        "np.sqrt(t.arange(4.)), np.exp(t.zeros(2)), np.sqrt(t.tensor(4.)), np.abs(t.ones(2)), np.isnan(t.ones(2))",
        "np.squeeze(t.ones(1, 3))",
        "np.add(t.ones(2), np.ones(2)), np.maximum(t.ones(2), 3), np.greater(t.ones(2), 0), t.ones(2) + np.ones(2)",
        "np.argmax(t.arange(4.)), np.transpose(t.ones(2, 3)), np.reshape(t.ones(2, 3), (3, 2))",
        "np.clip(t.arange(4.), 1, 2), np.round(t.arange(4.) / 3, 2), t.ones(2) @ np.ones(2)",
    ],
)
def test_functions_of_numpy_return_tensors_as_for_pytorch(source):
    def outcome(library):
        with warnings.catch_warnings():
            # PyTorch does not take all that NumPy passes since its version 2.
            warnings.simplefilter("ignore", DeprecationWarning)
            return repr(eval(source, {"t": library, "np": np})).replace("nnkit.", "torch.")

    assert outcome(nnkit) == outcome(torch)


READ_ONLY = """
import sys, warnings, numpy as np
warnings.simplefilter("always")
torch = __import__(sys.argv[1])
array = np.ones(2)
array.flags.writeable = False
for _ in range(2):
    print(torch.from_numpy(array))
    print(torch.from_numpy(np.broadcast_to(np.ones(1), (3,))))
"""


def test_an_array_that_is_read_only_is_warned_of_once_in_a_program():
    def outcome(library):
        ran = subprocess.run([sys.executable, "-c", READ_ONLY, library], capture_output=True, text=True, check=True)
        warned = [line.split(": ", 1)[1] for line in ran.stderr.splitlines() if "Warning: " in line]
        return ran.stdout, [line.split(" (Triggered internally")[0] for line in warned]

    assert outcome("nnkit") == outcome("torch")


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_an_array_that_is_read_only_stays_as_it_is():
    array = np.ones(2)
    array.flags.writeable = False
    with pytest.raises(RuntimeError, match="cannot be written to"):
        nnkit.from_numpy(array).add_(1)
    assert array.tolist() == [1, 1]
