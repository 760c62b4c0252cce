"""What operations are said to calculate, and how rows become a profile."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import nnkit
from nnkit.profiling.rows import Phase, Place, Row, differentiated_factors, forward_flops, gathered, median_rows
from nnkit.recording import Recording

CASES = {
    "Convolution": (lambda F, x, w, b: F.conv2d(x, w, b), [(3, 4, 9, 8), (6, 4, 3, 2), (6,)]),
    "strided, padded": (lambda F, x, w: F.conv2d(x, w, stride=2, padding=1), [(3, 4, 9, 8), (6, 4, 3, 3)]),
    "dilated": (lambda F, x, w: F.conv2d(x, w, dilation=2), [(3, 4, 9, 8), (6, 4, 3, 2)]),
    "Addmm": (lambda F, x, w, b: F.linear(x, w, b), [(5, 7), (4, 7), (4,)]),
    "Mm": (lambda F, a, b: a.mm(b), [(5, 7), (7, 3)]),
    "Bmm": (lambda F, a, b: a.bmm(b), [(2, 5, 7), (2, 7, 3)]),
    "Relu": (lambda F, x: F.relu(x), [(5, 7)]),
}


def both(name, needs_first):
    """Return the call of a case in nnkit, and PyTorch's FLOPs of its forward and its backward."""
    function, shapes = CASES[name]
    mine = [nnkit.rand(*shape) for shape in shapes]
    theirs = [torch.rand(*shape) for shape in shapes]
    for tensors in (mine, theirs):
        for number, tensor in enumerate(tensors):
            tensor.requires_grad = needs_first or number > 0
    with Recording() as recording:
        function(nnkit.nn.functional, *mine)
    with FlopCounterMode(display=False) as forward:
        result = function(torch.nn.functional, *theirs)
    with FlopCounterMode(display=False) as backward:
        if result.requires_grad:
            result.sum().backward()
    found = [call for call in recording.calls if forward_flops(call)] or recording.calls
    assert len(found) == 1
    return found[0], forward.get_total_flops(), backward.get_total_flops()


@pytest.mark.parametrize("needs_first", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_flops_are_those_that_pytorch_counts(name, needs_first):
    call, forward, backward = both(name, needs_first)
    assert forward_flops(call) == forward
    assert forward_flops(call) * differentiated_factors(call) == backward


def flops(function):
    with Recording() as recording:
        function()
    return [forward_flops(call) for call in recording.calls]


def test_groups_share_the_work():
    x, dense, in_groups = nnkit.rand(3, 4, 9, 8), nnkit.rand(6, 4, 3, 2), nnkit.rand(6, 2, 3, 2)
    assert flops(lambda: nnkit.nn.functional.conv2d(x, dense)) == [2 * 3 * 6 * 7 * 7 * 4 * 3 * 2]
    assert flops(lambda: nnkit.nn.functional.conv2d(x, in_groups, groups=2)) == [2 * 3 * 6 * 7 * 7 * 2 * 3 * 2]


def test_products_with_vectors():
    matrix, vector = nnkit.rand(5, 7), nnkit.rand(7)
    assert flops(lambda: matrix.mv(vector)) == [2 * 5 * 7]
    assert flops(lambda: vector.dot(vector)) == [2 * 7]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (Row(Phase.FORWARD, "Relu"), "Relu"),
        (Row(Phase.FORWARD, "Relu", Place("", "conv1")), "Relu after conv1"),
        (Row(Phase.FORWARD, "Relu", Place("body.1", "conv1")), "body.1 (Relu)"),
        (Row(Phase.BACKWARD, "Addmm", Place("fc", "fc"), "bias gradient"), "fc (Addmm), bias gradient"),
    ],
)
def test_rows_are_named_for_people(row, name):
    assert row.name == name


def test_rows_of_one_name_are_one():
    tanh, other = Row(Phase.FORWARD, "Tanh", seconds=1.0, flops=2, bytes_read=3, bytes_written=4), "Cat"
    backward = Row(Phase.BACKWARD, "Tanh", seconds=0.5)
    found = gathered([tanh, Row(Phase.FORWARD, other), backward, tanh, tanh])
    assert found == [
        Row(Phase.FORWARD, "Tanh", calls=3, seconds=3.0, flops=6, bytes_read=9, bytes_written=12),
        Row(Phase.FORWARD, other),
        backward,
    ]


def test_a_typical_step_has_medians():
    steps = [[Row(Phase.FORWARD, "Tanh", seconds=seconds)] for seconds in (3.0, 1.0, 9.0)]
    steps[1].append(Row(Phase.AROUND, "rare", seconds=0.5))
    assert median_rows(steps) == [Row(Phase.FORWARD, "Tanh", seconds=3.0), Row(Phase.AROUND, "rare", seconds=0.5)]
