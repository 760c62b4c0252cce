"""Graphs to draw: those of networks, and some that have what networks do not."""

import pytest
from hypothesis import strategies as st

import nnkit
from nnkit.graph import Annotation, trace
from nnkit.nn.functional import cross_entropy
from nnkit.profiling import annotate
from nnkit.training.load import load_run


def graph_of(name):
    """Return the graph behind the loss of a built-in config's network, with what is known about its nodes."""
    _, network = load_run(name)
    images, labels = nnkit.zeros(4, 1, *network.input_size), nnkit.zeros(4).long()
    loss, annotations = annotate(network, cross_entropy, images, labels, backward=True)
    return trace(loss, network.named_parameters(), annotations=annotations, title=f"{name} & co")


@pytest.fixture(scope="session")
def lenet():
    """The graph of LeNet."""
    return graph_of("lenet")


@pytest.fixture(scope="session")
def rnn():
    """The graph of the recurrent network, not folded."""
    return graph_of("rnn")


@pytest.fixture
def named():
    """Return a graph whose parameter and module have a name of one's choice."""

    def graph(name):
        x = nnkit.ones(2, requires_grad=True)
        loss = (x * x).sum()
        return trace(loss, [(name, x)], annotations={loss.grad_fn: Annotation(module=name, kind=name)}, title=name)

    return graph


UNARY = (lambda a: -a, lambda a: a.tanh(), lambda a: a.exp())
BINARY = (lambda a, b: a + b, lambda a, b: a * b)


@st.composite
def cells(draw):
    """Draw what a step of a loop calculates: operations on what earlier ones made, the states and the weights."""
    states = draw(st.integers(1, 2))
    operations = draw(
        st.lists(
            st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 7), st.integers(0, 7)),
            min_size=states,
            max_size=6,
        )
    )
    return states, operations, draw(st.booleans())


def looped(cell, steps):
    """Return the graph of a loop that takes a cell's steps."""
    states, operations, has_gradient = cell
    weights = [nnkit.ones(3, requires_grad=True) for _ in range(2)]
    state = [nnkit.ones(3, requires_grad=has_gradient) for _ in range(states)]
    for _ in range(steps):
        values = [*state, *weights]
        for number, first, second in operations:
            a, b = values[-1 - first % len(values)], values[-1 - second % len(values)]
            values.append(UNARY[number](a) if number < len(UNARY) else BINARY[number - len(UNARY)](a, b))
        state = values[-states:]
    loss = sum((each.sum() for each in state), nnkit.ones(1, requires_grad=True).sum())
    return trace(loss, [("u", weights[0]), ("v", weights[1])])
