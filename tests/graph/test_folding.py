"""Repetitions in a graph: what is found, that nothing else is, and that folding loses nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnkit
from nnkit.graph import Annotation, Graph, GraphNode, fold, trace
from nnkit.graph.folding import is_repetition
from nnkit.graph.tracing import Fold
from nnkit.graph.view import View
from nnkit.nn.functional import cross_entropy
from nnkit.training.load import load_run

from .conftest import cells, looped


def unfolded(graph):
    """Return the edges that the repetitions of a folded graph have if all do what the first one does.

    Where a repetition hands on to one that there is not, or that lacks the node, the edge is that of the graph.
    """
    edges = {node.number: list(node.next_functions) for node in graph.nodes}
    for found in graph.folds:
        places = {
            number: (step, at) for step, numbers in enumerate(found.repetitions) for at, number in enumerate(numbers)
        }
        for step, numbers in enumerate(found.repetitions[1:], 1):
            for number, model in zip(numbers, found.template, strict=True):
                if number is None:
                    continue
                for slot, edge in enumerate(graph.nodes[model].next_functions):
                    if edge is None or edge[0] not in places:
                        edges[number][slot] = edge
                        continue
                    distance, at = places[edge[0]]
                    if step + distance < found.count:
                        target = found.repetitions[step + distance][at]
                        edges[number][slot] = None if target is None else (target, edge[1])
    return [tuple(edges[node.number]) for node in graph.nodes]


def assert_nothing_is_lost(graph):
    """Fold a graph and unfold it again."""
    folded = fold(graph)
    assert folded.nodes == graph.nodes
    assert unfolded(folded) == [node.next_functions for node in graph.nodes]
    members = [
        number for each in folded.folds for numbers in each.repetitions for number in numbers if number is not None
    ]
    assert len(members) == len(set(members))
    for each in folded.folds:
        assert each.count >= 3
        assert None not in [number for numbers in each.repetitions[:-1] for number in numbers]
        for numbers in each.repetitions:
            alike = [
                (graph.nodes[a], graph.nodes[b]) for a, b in zip(numbers, each.template, strict=True) if a is not None
            ]
            assert all(
                (a.name, a.output_shapes, a.parameter) == (b.name, b.output_shapes, b.parameter) for a, b in alike
            )
    return folded


@settings(max_examples=25, deadline=None)
@given(cells(), st.integers(0, 9))
def test_unfolding_gives_the_graph_back(cell, steps):
    assert_nothing_is_lost(looped(cell, steps))


@settings(max_examples=15, deadline=None)
@given(cells())
def test_more_steps_are_not_more_to_draw(cell):
    shorter, longer = (len(View(fold(looped(cell, steps))).nodes) for steps in (9, 13))
    assert longer == shorter


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 4), max_size=3), min_size=1, max_size=24), st.integers(1, 2))
def test_whatever_the_graph_unfolding_gives_it_back(steps, kinds):
    # Each node leads some nodes further; what would be behind the last one is an input without a gradient.
    count = len(steps)
    nodes = [
        GraphNode(
            number,
            "MulBackward0" if number % kinds else "AddBackward0",
            ((2,),),
            None,
            tuple((number + step, 0) if number + step < count else None for step in ahead),
            made=count - number,
        )
        for number, ahead in enumerate(steps)
    ]
    assert_nothing_is_lost(Graph(tuple(nodes)))


def recurrent_graph(**settings):
    _, network = load_run("rnn")
    loss = cross_entropy(network(nnkit.zeros(4, 1, *network.input_size)), nnkit.zeros(4).long())
    return trace(loss, network.named_parameters(), **settings)


def test_the_steps_of_the_rnn_are_one_part_28_times():
    graph = assert_nothing_is_lost(recurrent_graph())
    (found,) = graph.folds
    assert found.count == 28
    names = [graph.nodes[number].name for number in found.template]
    assert sorted(names) == ["AddmmBackward0", "CatBackward0", "TBackward0", "TanhBackward0"]
    # Row and hidden state are joined by an operation without a gradient in the step that is computed first.
    assert [graph.nodes[a].name for a, b in zip(found.template, found.repetitions[-1], strict=True) if b is None] == [
        "CatBackward0"
    ]
    view = View(graph)
    assert len(view.nodes) == 12
    carried = [link for link in view.links if link.is_carried]
    assert [(view.graph.nodes[a.source].name, view.graph.nodes[a.target].name) for a in carried] == [
        ("CatBackward0", "TanhBackward0")
    ]
    shared = {graph.nodes[link.target].parameter: link.note for link in view.links if link.note}
    assert shared == {"i2h.bias": "all 28", "i2h.weight": "all 28"}


def test_a_graph_that_is_cut_off_folds_as_far_as_it_goes():
    graph = assert_nothing_is_lost(recurrent_graph(depth=20))
    assert [found.count for found in graph.folds] == [5]


def test_networks_without_repetitions_stay_as_they_are():
    for name in ("lenet", "mnist_convnet"):
        _, network = load_run(name)
        loss = cross_entropy(network(nnkit.zeros(4, 1, *network.input_size)), nnkit.zeros(4).long())
        assert fold(trace(loss, network.named_parameters())).folds == ()


@pytest.mark.parametrize("change", ["name", "output_shapes", "parameter", "annotation"])
def test_a_step_that_differs_ends_the_repetition(change):
    values = {
        "name": "SinBackward0",
        "output_shapes": ((4,),),
        "parameter": "w",
        "annotation": Annotation(module="other"),
    }
    x = y = nnkit.ones(2, requires_grad=True)
    for _ in range(12):
        y = -y
    nodes = list(trace(y, [("x", x)]).nodes)
    fields = {**vars(nodes[6]), change: values[change]}
    nodes[6] = GraphNode(**fields)
    graph = assert_nothing_is_lost(Graph(tuple(nodes)))
    assert sorted(found.count for found in graph.folds) == [5, 6]
    assert all(6 not in numbers for found in graph.folds for numbers in found.repetitions)


def test_a_part_that_is_not_a_repetition_is_recognised():
    graph = recurrent_graph()
    (found,) = fold(graph).folds
    assert is_repetition(graph, found)
    turned = Fold((found.repetitions[0], found.repetitions[2], found.repetitions[1], *found.repetitions[3:]))
    assert not is_repetition(graph, turned)
    assert not is_repetition(graph, Fold(found.repetitions[::-1]))
    # A part of the steps hands on to nodes outside, but those are steps like them.
    assert is_repetition(graph, Fold(found.repetitions[:5]))


def test_what_only_some_repetitions_have_is_said():
    x = y = nnkit.ones(2, requires_grad=True)
    seen = []
    for _ in range(10):
        y = y.tanh().exp()
        seen.append(y)
    loss = (seen[9] + seen[4]).sum() + seen[1].sum()
    view = View(fold(trace(loss, [("x", x)])))
    assert sorted({link.note for link in view.links}) == ["", "after the last", "to number 1, 6", "to number 9"]


def test_a_long_chain_is_one_node_many_times():
    x = y = nnkit.ones(1, requires_grad=True)
    for _ in range(5_000):
        y = -y
    (found,) = fold(trace(y, [("x", x)])).folds
    assert (found.count, len(found.template)) == (5_000, 1)
