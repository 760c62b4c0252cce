"""Where boxes and arrows are: no box on another, no arrow through a box, each arrow from its source to its target."""

import itertools
import math
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnkit.errors import ConfigError
from nnkit.graph import fold, graphviz, layered
from nnkit.graph.arrangement import arrange
from nnkit.graph.geometry import Placement, Wire
from nnkit.graph.graphviz import layout_named

from .conftest import cells, looped

NEAR = 0.75


@st.composite
def drawings(draw):
    """Draw boxes and the arrows between them, some of which leave and arrive at places of their own."""
    count = draw(st.integers(1, 12))
    sizes = {n: (draw(st.integers(20, 200)), draw(st.integers(20, 120))) for n in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    found = draw(st.lists(pairs, max_size=20)) if count > 1 else []
    shift = st.none() | st.integers(-9, 9)
    return sizes, list(dict.fromkeys(Wire(a, b, draw(shift), draw(shift)) for a, b in found))


def points(path):
    """Yield points along a path of cubic curves."""
    for start in range(0, len(path) - 1, 3):
        a, b, c, d = path[start : start + 4]
        for step in range(13):
            t = step / 12
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1))


def is_inside(point, corner, size):
    return all(corner[axis] + NEAR < point[axis] < corner[axis] + size[axis] - NEAR for axis in (0, 1))


def assert_apart(rectangles):
    for (first, size), (second, other) in itertools.combinations(rectangles, 2):
        gaps = [
            max(second[axis] - first[axis] - size[axis], first[axis] - second[axis] - other[axis]) for axis in (0, 1)
        ]
        assert max(gaps) > 0, (first, size, second, other)


def is_on(point, path):
    """Return whether a point is on a path, or next to it: the way by it is as long as the way itself."""
    return any(
        math.dist(before, point) + math.dist(point, after) < math.dist(before, after) + NEAR
        for before, after in itertools.pairwise(points(path))
    )


def assert_drawn_well(sizes, wires, placement, *, through_boxes=False):
    assert_apart([(placement.corners[box], size) for box, size in sizes.items()])
    for wire, path in zip(wires, placement.paths, strict=True):
        (left, top), (width, height) = placement.corners[wire.source], sizes[wire.source]
        assert abs(path[0][1] - top - height) < NEAR
        if wire.source_at is None:
            assert left <= path[0][0] <= left + width
        else:
            assert abs(path[0][0] - left - width / 2 - wire.source_at) < NEAR
        (left, top), (width, _) = placement.corners[wire.target], sizes[wire.target]
        end = left + width / 2 + (wire.target_at or 0)
        others = [
            other
            for each, other in zip(wires, placement.paths, strict=True)
            if (each.target, each.target_at) == (wire.target, wire.target_at) and other is not path
        ]
        is_there = abs(path[-1][0] - end) < NEAR and abs(path[-1][1] - top) < NEAR
        assert is_there or any(is_on(path[-1], other) for other in others)
        for point in points(path):
            assert -NEAR <= point[0] <= placement.width + NEAR
            assert -NEAR <= point[1] <= placement.height + NEAR
            assert through_boxes or not any(
                is_inside(point, placement.corners[box], size) for box, size in sizes.items()
            )
    for target in {wire.target for wire in wires}:
        # Where arrows are joined, one of them goes on to the box.
        ends = [path[-1][1] for wire, path in zip(wires, placement.paths, strict=True) if wire.target == target]
        assert any(abs(y - placement.corners[target][1]) < NEAR for y in ends)


@settings(max_examples=60, deadline=None)
@given(drawings())
def test_boxes_and_arrows_keep_apart(drawing):
    sizes, wires = drawing
    placement = layered.place(sizes, wires)
    assert_drawn_well(sizes, wires, placement)
    assert placement == layered.place(sizes, wires)


def test_boxes_can_be_first_last_and_to_the_right():
    sizes = dict.fromkeys("abcdef", (50, 30))
    wires = [Wire("a", "c"), Wire("b", "c"), Wire("c", "d"), Wire("c", "e"), Wire("b", "f"), Wire("f", "e")]
    placement = layered.place(sizes, wires, top=["a", "b"], bottom=["d", "e"], right=["a", "d"])
    assert_drawn_well(sizes, wires, placement)
    x, y = ({box: corner[axis] for box, corner in placement.corners.items()} for axis in (0, 1))
    assert x["a"] > x["b"]
    assert x["d"] > x["e"]
    assert y["a"] == y["b"] == 0
    assert y["d"] == y["e"] == max(y.values())
    assert sorted(box for box in "abcdef" if y[box] == 0) == ["a", "b"]


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="in a circle"):
        layered.place(dict.fromkeys("ab", (9, 9)), [Wire("a", "b"), Wire("b", "a")])


def test_nothing_is_nothing():
    assert layered.place({}, []).width == 0


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@settings(max_examples=10, deadline=None)
@given(drawings())
def test_dot_keeps_them_apart_too(drawing):
    sizes, wires = drawing
    # Its curves can touch the corners of boxes.
    assert_drawn_well(sizes, wires, graphviz.place(sizes, wires), through_boxes=True)


@pytest.mark.parametrize(
    "failure",
    [
        FileNotFoundError(),
        subprocess.TimeoutExpired("dot", 1),
        subprocess.CalledProcessError(1, "dot"),
        "",
        "graph 1 x y\n",
        "graph 1 1 1\nstop\n",
    ],
)
def test_where_dot_fails_the_own_layout_takes_its_place(monkeypatch, failure):
    def run(*_arguments, **_options):
        if isinstance(failure, Exception):
            raise failure
        return subprocess.CompletedProcess("dot", 0, failure, "")

    monkeypatch.setattr(subprocess, "run", run)
    sizes, wires = {"a": (50, 30), "b": (50, 30)}, [Wire("a", "b")]
    assert graphviz.place(sizes, wires) == layered.place(sizes, wires)


def test_layouts_have_names(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert layout_named("own") is layout_named("auto") is layered.place
    with pytest.raises(ConfigError, match="dot is not installed: install Graphviz, or take --layout own"):
        layout_named("dot")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/dot")
    assert layout_named("dot") is graphviz.place
    assert layout_named("auto") is graphviz.smaller


@pytest.mark.parametrize(("width", "is_taken"), [(1, True), (999, False)])
def test_what_takes_less_room_is_taken(monkeypatch, width, is_taken):
    sizes, wires = {"a": (50, 30), "b": (50, 30)}, [Wire("a", "b")]
    own = layered.place(sizes, wires)
    other = Placement(own.corners, own.paths, width, own.height)
    monkeypatch.setattr(graphviz, "place", lambda *_: other)
    assert graphviz.smaller(sizes, wires) == (other if is_taken else own)
    many = dict.fromkeys(range(201), (9, 9))
    assert graphviz.smaller(many, []) == layered.place(many, [])


def assert_arranged_well(drawing, graph):
    boxes = {each.number: (each.corner, each.box.size) for each in drawing.boxes}
    frames = [(frame.corner, frame.size) for frame in drawing.frames]
    inside = {number: frame for frame in drawing.frames for number in frame.fold.template}
    assert_apart(list(boxes.values()))
    assert_apart([*frames, *(place for number, place in boxes.items() if max(number, ~number) not in inside)])
    for number, frame in inside.items():
        (x, y), (width, height) = boxes[number]
        assert frame.corner[0] < x < x + width < frame.corner[0] + frame.size[0]
        assert frame.corner[1] < y < y + height < frame.corner[1] + frame.size[1]
    drawn = [path for arrow in drawing.arrows for path in arrow.paths]
    for arrow in drawing.arrows:
        for path in arrow.paths:
            for point in points(path):
                assert not any(is_inside(point, *place) for place in boxes.values())
        if arrow.paths:
            # It begins at its box, or at what another arrow has of it already.
            (x, y), (width, height) = boxes[arrow.link.source]
            start = arrow.paths[0][0]
            is_own = x <= start[0] <= x + width and abs(start[1] - y - height) < NEAR
            assert is_own or any(is_on(start, path) for path in drawn if path not in arrow.paths)
        for before, after in itertools.pairwise(arrow.paths):
            assert abs(before[-1][0] - after[0][0]) + abs(before[-1][1] - after[0][1]) < 2
        if arrow.has_head:
            assert abs(arrow.paths[-1][-1][1] - boxes[arrow.link.target][0][1]) < NEAR
    heads = {arrow.link.target for arrow in drawing.arrows if arrow.has_head}
    assert heads == {arrow.link.target for arrow in drawing.arrows}
    assert {each.number for each in drawing.boxes if each.number >= 0} <= {node.number for node in graph.nodes}


@settings(max_examples=25, deadline=None)
@given(cells(), st.integers(0, 6))
def test_graphs_with_and_without_frames_are_arranged(cell, steps):
    graph = looped(cell, steps)
    assert_arranged_well(arrange(graph), graph)
    assert_arranged_well(arrange(fold(graph)), graph)


@pytest.mark.parametrize(
    "layout", ["own", pytest.param("dot", marks=pytest.mark.skipif(shutil.which("dot") is None, reason="no dot"))]
)
def test_the_steps_of_the_rnn_are_in_a_frame(rnn, layout):
    folded = fold(rnn)
    drawing = arrange(folded, layout_named(layout))
    assert_arranged_well(drawing, folded)
    (frame,) = drawing.frames
    assert (frame.title, frame.note) == ("\N{MULTIPLICATION SIGN} 28", "the last without CatBackward0")
    (back,) = (arrow for arrow in drawing.arrows if arrow.link.is_carried)
    assert back.has_head
    assert len(back.paths) == 3
