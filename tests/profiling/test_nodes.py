"""What is known about the nodes behind a loss, against the layers' summary and the gradients themselves."""

import math

import pytest

import nnkit
from nnkit.graph import trace
from nnkit.nn.functional import cross_entropy
from nnkit.profiling import annotate
from nnkit.profiling.summary import summarize
from nnkit.training.load import load_run


@pytest.fixture(params=["lenet", "mnist_convnet", "rnn", "lstm"])
def annotated(request):
    """Return a network, its loss, and what is known about the nodes behind it, gradients and times included."""
    _, network = load_run(request.param)
    images = nnkit.randn(4, 1, *network.input_size)
    loss, known = annotate(network, cross_entropy, images, nnkit.arange(4), backward=True, steps=2)
    return network, trace(loss, network.named_parameters(), annotations=known)


def test_modules_and_flops_are_those_of_the_summary(annotated):
    network, graph = annotated
    layers = {layer.name: layer for layer in summarize(network)}
    for name, layer in layers.items():
        of_layer = [node.annotation for node in graph.nodes if node.annotation.module == name]
        assert sum(each.flops for each in of_layer) == 4 * layer.flops
        assert {each.kind for each in of_layer} <= {layer.kind}
    elsewhere = {node.name for node in graph.nodes if node.annotation.module not in layers}
    assert elsewhere == {"NllLossBackward0", "LogSoftmaxBackward0", "AccumulateGrad"}


def test_norms_are_those_of_the_gradients(annotated):
    network, graph = annotated
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    for node in graph.nodes:
        if node.is_leaf:
            assert node.annotation.gradient_norm == pytest.approx(float(gradients[node.parameter].norm()), rel=1e-5)
    assert graph.nodes[0].annotation.gradient_norm == 1
    assert all(node.annotation.gradient_norm > 0 for node in graph.nodes)


def test_every_node_takes_time(annotated):
    _, graph = annotated
    for node in graph.nodes:
        assert node.annotation.backward_seconds > 0
        assert (node.annotation.forward_seconds is None) == node.is_leaf
        assert node.is_leaf or node.annotation.forward_seconds > 0


def test_nothing_is_measured_unless_asked_for():
    _, network = load_run("lenet")
    loss, known = annotate(network, cross_entropy, nnkit.zeros(2, 1, 32, 32), nnkit.zeros(2).long())
    assert {(each.forward_seconds, each.backward_seconds, each.gradient_norm) for each in known.values()} == {
        (None, None, None)
    }
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(node.before or node.after for node in known)
    loss.backward()


def test_gradients_of_an_earlier_pass_do_not_count():
    _, network = load_run("lenet")
    images, labels = nnkit.randn(2, 1, 32, 32), nnkit.arange(2)
    norms = []
    for _ in range(2):
        loss, known = annotate(network, cross_entropy, images, labels, backward=True)
        norms.append(sorted(each.gradient_norm for each in known.values()))
        # The graph is still whole, and without hooks of ours.
        loss.backward()
    assert norms[0] == norms[1]


def test_a_gradient_that_is_no_number_has_no_norm_that_is_one():
    layer = nnkit.nn.Linear(2, 2)
    loss, known = annotate(layer, lambda a, _: (a * math.inf).sum(), nnkit.ones(1, 2), nnkit.zeros(1), backward=True)
    norms = {
        node.parameter: node.annotation.gradient_norm
        for node in trace(loss, layer.named_parameters(), annotations=known).nodes
    }
    assert norms["bias"] == math.inf
