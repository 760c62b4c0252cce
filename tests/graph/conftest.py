"""Graphs to draw: those of networks, and some that have what networks do not."""

import pytest

import nnkit
from nnkit.graph import Annotation, trace
from nnkit.nn.functional import cross_entropy
from nnkit.profiling import annotate
from nnkit.training.load import load_run


def graph_of(name, **settings):
    """Return the graph behind the loss of a built-in config's network, with what is known about its nodes."""
    _, network = load_run(name)
    images, labels = nnkit.zeros(4, 1, *network.input_size), nnkit.zeros(4).long()
    loss, annotations = annotate(network, cross_entropy, images, labels, backward=True)
    return trace(loss, network.named_parameters(), annotations=annotations, title=f"{name} & co", **settings)


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
