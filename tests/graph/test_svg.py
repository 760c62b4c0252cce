"""Graphs as SVG: well formed, complete, the same each time, and harmless in a page."""

import re
import xml.etree.ElementTree as ElementTree
from importlib import resources

import pytest

from nnkit.errors import ConfigError
from nnkit.graph import fold, svg, to_svg
from nnkit.graph.view import View
from nnkit.training.inspection import loss_graph
from nnkit.training.load import load_run

SVG = "{http://www.w3.org/2000/svg}"


def parsed(text):
    return ElementTree.fromstring(text)


def test_every_node_and_arrow_is_drawn(lenet):
    drawing = parsed(to_svg(lenet))
    assert drawing.tag == f"{SVG}svg"
    assert drawing.find(f"{SVG}title").text == "lenet & co"
    assert drawing.find(f"{SVG}desc").text == "17 operations and 10 leaves; arrows go the way of the gradients"
    boxes = {int(each.get("data-node")): each for each in drawing.iter() if each.get("data-node")}
    assert sorted(boxes) == [node.number for node in lenet.nodes]
    for node in lenet.nodes:
        assert boxes[node.number].find(f"{SVG}title").text == node.label()
        text = " ".join("".join(line.itertext()) for line in boxes[node.number].iter(f"{SVG}text"))
        assert (node.parameter or node.name) in text
        assert node.shapes in text
        assert boxes[node.number].get("data-module") == (
            node.parameter.partition(".")[0] if node.parameter else node.annotation.module or None
        )
    arrows = {
        (int(each.get("data-from")), int(each.get("data-to"))) for each in drawing.iter() if each.get("data-from")
    }
    assert arrows == {(node.number, target) for node in lenet.nodes for target in node.targets}
    kinds = {each.get("class").split()[0] for each in boxes.values()}
    assert kinds == {"nnkit-graph-loss", "nnkit-graph-operation", "nnkit-graph-parameter"}


def test_of_repetitions_one_is_drawn(rnn):
    text = to_svg(fold(rnn))
    drawing = parsed(text)
    (frame,) = (each for each in drawing.iter() if each.get("class") == "nnkit-graph-fold")
    (found,) = fold(rnn).folds
    assert frame.get("data-nodes") == " ".join(map(str, found.template))
    words = ["".join(each.itertext()) for each in drawing.iter(f"{SVG}text")]
    assert "\N{MULTIPLICATION SIGN} 28the last without CatBackward0" in words
    assert words.count("all 28") == 2
    assert sum("nnkit-graph-carried" in (each.get("class") or "") for each in drawing.iter()) == 1
    assert len(re.findall("data-node=", text)) == len(View(fold(rnn)).nodes)
    assert "119" not in drawing.find(f"{SVG}desc").text
    assert drawing.find(f"{SVG}desc").text.startswith("115 operations and 4 leaves, 4 of them 28 times")


def test_the_same_graph_gives_the_same_drawing(rnn):
    assert to_svg(fold(rnn)) == to_svg(fold(rnn))


def test_what_is_beyond_the_depth_is_counted():
    text = to_svg(loss_graph(*load_run("lenet"), depth=3))
    hidden = [int(number) for number in re.findall(r'data-node="(-\d+)"', text)]
    assert len(hidden) == 2
    assert text.count("1 more") == 2
    assert text.count('nnkit-graph-hidden"') == 2


@pytest.mark.parametrize("name", ["</title><script>alert(1)</script>", "a\"b&'c", "\x00\x1b[2J\n", "]]>", "名前" * 50])
def test_names_are_only_names(named, name):
    text = to_svg(named(name))
    drawing = parsed(text)
    assert not list(drawing.iter(f"{SVG}script"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    assert len([each for each in drawing.iter() if each.get("data-node")]) == 3


def test_a_page_that_it_stands_in_is_left_alone(lenet):
    style = resources.files("nnkit.graph").joinpath("graph.css").read_text(encoding="utf-8")
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@media[^{]*\{", "", style))
    for selector in ",".join(selectors).split(","):
        if selector.strip().strip("}").strip():
            assert selector.strip().strip("}").strip().startswith(".nnkit-graph"), selector
    text = to_svg(lenet)
    assert " id=" not in text
    assert "url(" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    assert all(name.startswith("nnkit-graph") for name in used)


def test_too_many_nodes_are_refused_with_a_way_out(rnn, monkeypatch):
    monkeypatch.setattr(svg, "MOST_BOXES", 100)
    with pytest.raises(ConfigError, match="a drawing of 119 nodes cannot be looked at, at most 100: fold what repeats"):
        to_svg(rnn)
    assert to_svg(fold(rnn))


def overflowing(page):
    """Return the texts that are wider than their boxes."""
    return page.evaluate(
        """() => [...document.querySelectorAll('[data-node]')].flatMap((node) => {
            const box = node.querySelector('rect').getBBox();
            return [...node.querySelectorAll('text')]
                .map((text) => [text.textContent, text.getBBox()])
                .filter(([, own]) => own.x < box.x + 6 || own.x + own.width > box.x + box.width - 3)
                .map(([text]) => text);
        })"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_text_inside_of_boxes(open_page, tmp_path, lenet, rnn, scheme):
    for number, graph in enumerate((lenet, fold(rnn))):
        path = tmp_path / f"{number}.svg"
        path.write_text(to_svg(graph), encoding="utf-8")
        page = open_page(path.as_uri(), color_scheme=scheme)
        assert overflowing(page) == []
        paper, ink = page.evaluate(
            "['.nnkit-graph-paper', 'text'].map((each) => getComputedStyle(document.querySelector(each)).fill)"
        )
        assert (paper, ink) == (
            ("rgb(255, 255, 255)", "rgb(28, 36, 48)")
            if scheme == "light"
            else ("rgb(14, 18, 23)", "rgb(230, 234, 240)")
        )
