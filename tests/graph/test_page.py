"""The page around a graph, in a browser, as a person uses it."""

import json
import re

import pytest

from nnkit.graph import fold, to_html

DESKTOP = {"viewport": {"width": 1200, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def opened(open_page, tmp_path):
    """Open the page of a graph."""

    def open_it(graph, **options):
        path = tmp_path / "graph.html"
        path.write_text(to_html(graph), encoding="utf-8")
        return open_page(path.as_uri(), **(options or DESKTOP))

    return open_it


def seen(page):
    """Return the part of the drawing that is seen: x, y, width and height."""
    drawing = page.locator("#stage > svg:not([hidden])")
    return [float(number) for number in drawing.get_attribute("viewBox").split()]


def node(page, name):
    return page.locator(f'#stage > svg:not([hidden]) [data-node="{name}"]')


def facts(page):
    """Return what the panel says."""
    rows = page.locator("#about table").first.locator("tr")
    return dict(row.split("\t") for row in rows.all_inner_texts())


def test_a_click_shows_what_a_node_is(opened, lenet):
    page = opened(lenet)
    assert page.title() == "lenet & co"
    assert page.locator("header p").inner_text().startswith("27 nodes, 61,706 parameters, 3.3 MFLOP forward")
    node(page, 2).click()
    assert page.locator("#about h2").inner_text() == "AddmmBackward0"
    assert page.locator("#about h2 + p").inner_text() == "in fc3 (Linear)"
    shown = facts(page)
    assert (shown["node"], shown["shape"], shown["calculates"]) == ("#2", "(4, 10)", "6.7 kFLOP")
    assert float(shown["gradient norm"]) > 0
    assert "parameter fc3.weight" in page.locator("#about").inner_text()
    assert page.locator(".lit").count() == 4
    # A leaf instead, and then nothing.
    bias = next(each.number for each in lenet.nodes if each.parameter == "fc3.bias")
    node(page, bias).click()
    assert page.locator("#about h2").inner_text() == "fc3.bias"
    assert facts(page)["parameters"] == "10"
    page.mouse.click(10, 780)
    assert page.locator(".selected").count() == 0


def test_it_moves_and_zooms(opened, lenet):
    page = opened(lenet)
    before = seen(page)
    page.mouse.move(300, 400)
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"document.querySelector('svg').viewBox.baseVal.width < {before[2]} - 1")
    zoomed = seen(page)
    # What was below the mouse still is.
    area = page.locator("#stage").bounding_box()
    for axis, at in ((0, 300 - area["x"]), (1, 400 - area["y"])):
        share = at / (area["width"], area["height"])[axis]
        assert before[axis] + share * before[axis + 2] == pytest.approx(
            zoomed[axis] + share * zoomed[axis + 2], abs=0.5
        )
    page.mouse.down()
    page.mouse.move(340, 460, steps=4)
    page.mouse.up()
    moved = seen(page)
    scale = area["width"] / zoomed[2]
    assert moved[:2] == pytest.approx([zoomed[0] - 40 / scale, zoomed[1] - 60 / scale], abs=0.5)
    assert page.locator(".selected").count() == 0
    page.get_by_role("button", name="Zoom in").click()
    assert seen(page)[2] == pytest.approx(moved[2] / 1.25)
    page.get_by_role("button", name="Zoom out").click()
    assert seen(page) == pytest.approx(moved)
    page.get_by_role("button", name="Fit").click()
    for each in lenet.nodes:
        box = node(page, each.number).bounding_box()
        assert area["y"] <= box["y"] <= box["y"] + box["height"] <= area["y"] + area["height"]


def test_it_works_without_a_mouse(opened, lenet):
    page = opened(lenet)
    before = seen(page)
    page.locator("#stage").focus()
    page.keyboard.press("ArrowDown")
    assert seen(page)[1] > before[1]
    page.keyboard.press("+")
    assert seen(page)[2] == pytest.approx(before[2] / 1.25)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#about h2").inner_text() == "NllLossBackward0"
    page.keyboard.press("Escape")
    assert page.locator(".selected").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("conv1")
    assert page.locator("#matches").inner_text() == "3 found"
    assert page.locator(".found").count() == 3
    page.keyboard.press("Enter")
    assert page.locator("#matches").inner_text() == "1 of 3"
    box, area = page.locator(".selected").bounding_box(), page.locator("#stage").bounding_box()
    assert area["y"] <= box["y"] <= box["y"] + box["height"] <= area["y"] + area["height"]
    page.keyboard.press("Enter")
    assert page.locator("#matches").inner_text() == "2 of 3"
    page.fill("#search", "no such thing")
    assert page.locator("#matches").inner_text() == "0 found"


def test_repetitions_can_be_unfolded(opened, rnn):
    page = opened(fold(rnn))
    shown = "#stage > svg:not([hidden]) [data-node]"
    assert page.locator(shown).count() == 12
    node(page, 6).click()
    panel = facts(page)
    assert panel["repetitions"] == "28"
    assert re.fullmatch(r"\S+ to \S+", panel["gradient norm"])
    assert page.locator(".bars span").count() == 28
    page.get_by_role("button", name="Unfold").click()
    assert page.locator(shown).count() == 119
    node(page, 6).click()
    assert "repetitions" not in facts(page)
    page.get_by_role("button", name="Unfold").click()
    assert page.locator(shown).count() == 12
    # There is nothing to unfold here.
    assert opened(rnn).get_by_role("button", name="Unfold").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_on_a_phone(opened, rnn, scheme):
    page = opened(fold(rnn), **PHONE, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert not page.locator("#details").is_visible()
    node(page, 4).tap()
    panel, box = page.locator("#details").bounding_box(), page.locator(".selected").bounding_box()
    assert panel["width"] == 390
    assert box["y"] + box["height"] <= panel["y"]
    page.get_by_role("button", name="Close").tap()
    assert not page.locator("#details").is_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(14, 18, 23)")


def test_two_fingers_zoom(opened, lenet):
    page = opened(lenet, **PHONE)
    before = seen(page)
    touch = page.context.new_cdp_session(page)

    def fingers(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (150, 400), (250, 400))
    for wider in (10, 30, 50):
        fingers("touchMove", (150 - wider, 400), (250 + wider, 400))
    fingers("touchEnd")
    page.wait_for_function(f"document.querySelector('svg').viewBox.baseVal.width < {before[2]} - 1")
    assert seen(page)[2] == pytest.approx(before[2] / 2, rel=0.05)


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "{{data}}", '<img src="x">'])
def test_names_are_only_names(opened, named, name):
    text = to_html(named(name))
    assert text.count("<script") == 2
    assert text.count("<img") == 0
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*)</script>', text)[1])
    assert data["drawings"][0]["2"]["title"] == name
    page = opened(named(name))
    node(page, 2).click()
    assert page.locator("#about h2").inner_text() == name


def test_without_norms_and_modules_there_is_still_a_page(opened):
    import nnkit
    from nnkit.graph import trace

    x = nnkit.ones(2, requires_grad=True)
    page = opened(trace((x * 2).sum(), depth=1))
    node(page, 1).click()
    assert facts(page)["node"] == "#1"
    # What is beyond the depth is not a node.
    node(page, -2).click()
    assert page.locator(".selected").count() == 0
