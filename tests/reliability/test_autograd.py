"""What the tape refuses, in PyTorch's words; its graph of the networks; and that nothing of a step stays."""

import contextlib
import gc
import io
import re
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from plan_steps import batch
from pytorch_networks import TorchLeNet, TorchMNISTConvNet, TorchRNN

import nnkit
import nnkit.nn.functional as F
from nnkit import models, nn, optim
from nnkit.graph import trace
from nnkit.plan import Replay

# Each line is a program of its own, run with `x` and `y`, leaves of ones, in both packages.
REFUSED = {
    "A1": """
        z = (x * x).sum(); z.backward(); z.backward()
        z = (x * x).sum(); z.backward(retain_graph=True); z.backward(); print(x.grad); z.backward()
        h = x.exp(); first = h.sum(); second = (h * 2).sum(); first.backward(); second.backward()
        z = (x @ y).relu().sum(); t.autograd.grad(z, x); z.backward()
        z = nn.Linear(2, 2)(x); z.backward(t.ones(2, 2)); z.backward(t.ones(2, 2))
        z = F.cross_entropy(x, t.tensor([0, 1])); z.backward(); z.backward()
    """,
    "A2": """
        (x * 2).backward()
        x.backward()
        t.autograd.grad(x * 2, x)
        t.autograd.backward([x.sum(), x * 2])
        (x[:0] * 2).backward()
        t.ones(2, 2).sum().backward()
    """,
    "A3": """
        (x * 2).backward(t.ones(2))
        (x * 2).backward(t.ones(3, 2))
        (x * 2).backward(t.ones(2, 2, 1))
        x.sum().backward(t.ones(1))
        (x * 2).backward([1, 2])
        t.autograd.grad(x * 2, x, t.ones(4))
        t.autograd.backward([x * 1, x * 2], [t.ones(2, 2)])
        x.grad = t.ones(3)
        x.grad = t.ones(2, 2, dtype=t.float64)
    """,
    "A4": """
        x.add_(1)
        x += 1
        x[0] = 0
        x[0].mul_(2)
        x.view(4).zero_()
        x.t().copy_(y)
        z = x * 1; w = z * z; z.add_(1); w.sum().backward()
        z = x.exp(); z.add_(1); z.sum().backward()
        z = x.relu(); z.add_(1); z.sum().backward()
        z = x.tanh(); z[0] = 0; z.sum().backward()
        z = x.sigmoid(); z.view(4).mul_(2); z.sum().backward()
        z = x * 1; w = z.log_softmax(1); w.zero_(); w.sum().backward()
        z = x.detach(); w = x * x; z.add_(1); w.sum().backward()
        u = (x * 1).unbind(0); u[0].mul_(2)
        t.arange(4.0).expand(3, 4).add_(1)
    """,
    "A9": """
        x.register_hook(lambda grad: grad[:1]); (x * 3).sum().backward()
        x.register_hook(lambda grad: t.ones(2, 2, 1)); (x * 3).sum().backward()
        z = x * 3; z.register_hook(lambda grad: grad[0]); z.sum().backward()
        x.register_hook(lambda grad: 3); (x * 3).sum().backward()
        x.register_hook(lambda grad: "a"); (x * 3).sum().backward()
    """,
}
PROGRAMS = [
    pytest.param(line, marks=pytest.mark.case(case), id=f"{case}-{number}")
    for case, lines in REFUSED.items()
    for number, line in enumerate(textwrap.dedent(lines).strip().splitlines())
]


def printed(program, package):
    """Return what a program prints, and the error that it ends with."""
    ones = [package.ones(2, 2, requires_grad=True) for _ in range(2)]
    names = {"t": package, "nn": package.nn, "F": package.nn.functional, "x": ones[0], "y": ones[1]}
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            exec(program, names)
        except Exception as error:
            # Some of PyTorch's errors end with the place in its source.
            print(type(error).__name__, str(error).split("\nException raised from")[0])
    return output.getvalue()


@pytest.mark.parametrize("program", PROGRAMS)
def test_refuses_in_pytorchs_words(program):
    expected = printed(program, torch)
    assert re.search(r"^\w+Error ", expected, re.MULTILINE), "PyTorch accepts this"
    assert printed(program, nnkit) == expected


@pytest.mark.case("A5")
def test_A5_the_gradient_of_what_is_no_leaf():
    told = []
    for package in (torch, nnkit):
        result = package.ones(2, requires_grad=True) * 2
        result.sum().backward()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert result.grad is None
        # PyTorch adds the place in its source.
        told += [(each.category, str(each.message).split(" (Triggered internally")[0]) for each in caught]
    assert len(told) == 2
    assert told[0] == told[1]


def pytorch_nodes(loss, network):
    """List PyTorch's graph as `trace` does: breadth first, with name, parameter and next functions."""
    names = {parameter: name for name, parameter in network.named_parameters()}
    numbers = {loss.grad_fn: 0}
    found = [loss.grad_fn]
    for node in found:
        for inner, _ in node.next_functions:
            if inner is not None and inner not in numbers:
                numbers[inner] = len(found)
                found.append(inner)
    return [
        (
            type(node).__name__,
            names[node.variable] if hasattr(node, "variable") else None,
            tuple(None if to is None else (numbers[to], index) for to, index in node.next_functions),
        )
        for node in found
    ]


@pytest.mark.case("A10")
@pytest.mark.parametrize(
    ("make", "make_reference"),
    [
        pytest.param(models.LeNet, TorchLeNet, id="A10-LeNet"),
        pytest.param(models.MNISTConvNet, TorchMNISTConvNet, id="A10-MNISTConvNet"),
        pytest.param(models.RNN, lambda: TorchRNN("none"), id="A10-RNN"),
        pytest.param(lambda: models.RNN(nonlinearity="tanh"), lambda: TorchRNN("tanh"), id="A10-RNN-tanh"),
    ],
)
def test_A10_the_graph_of_a_network_is_pytorchs(make, make_reference):
    network, reference = make(), make_reference()
    images = np.zeros((2, 1, *network.input_size), np.float32)
    loss = F.cross_entropy(network(nnkit.tensor(images)), nnkit.tensor([0, 1]))
    expected = torch.nn.functional.cross_entropy(reference(torch.tensor(images)), torch.tensor([0, 1]))
    graph = trace(loss, network.named_parameters())
    assert [(node.name, node.parameter, node.next_functions) for node in graph.nodes] == pytorch_nodes(
        expected, reference
    )


def resident_bytes():
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


@pytest.mark.case("A11")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell how much memory is used")
@pytest.mark.parametrize("plan", [pytest.param(True, id="A11-plan"), pytest.param(False, id="A11-tape")])
def test_A11_memory_stays_as_it_is(plan, full, tried):
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(36, 10)
    network = nn.Sequential(*layers)
    optimizer = optim.Adam(network.parameters(), 1e-4)
    replay = Replay(network, nn.CrossEntropyLoss(), enabled=plan)
    batches = [batch(count, (1, 8, 8), 10) for count in (64, 64, 17)]

    def train(steps):
        for step in range(steps):
            optimizer.zero_grad()
            loss, _ = replay.differentiate(*batches[step % 3])
            assert np.isfinite(loss)
            optimizer.step()
        gc.collect()
        return resident_bytes(), len(gc.get_objects())

    steps = 10_000 if full else 1_500
    # Until pools and caches have what they keep.
    train(300)
    memory, objects = train(200)
    more_memory, more_objects = train(steps)
    tried(steps)
    assert bool(replay._plans) == plan
    assert more_memory <= 1.01 * memory
    assert more_objects <= objects + 20
