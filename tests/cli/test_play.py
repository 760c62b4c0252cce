"""`nnkit play`: the real command, and its page in a real browser as a person uses it."""

import contextlib
import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import webbrowser

import pytest

from nnkit.cli.main import run

from .conftest import COMMAND

# What a person draws, in parts of the field's width.
DIGITS = {
    "0": [[(50, 16), (36, 29), (30, 50), (36, 73), (50, 84), (64, 73), (70, 50), (64, 29), (50, 16)]],
    "1": [[(50, 16), (50, 84)]],
    "3": [
        [(32, 25), (43, 16), (59, 18), (66, 30), (59, 43), (46, 47), (59, 51), (69, 62), (64, 77), (50, 84), (34, 77)]
    ],
    "7": [[(32, 21), (68, 21), (46, 82)]],
}
PHONE = {"viewport": {"width": 375, "height": 667}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
FIELD = "#field"
NO_GUESS = "\u2013"


def taught_by(config, folder):
    assert run(["train", *config, "--output", str(folder), "--quiet", "--no-report"]) == 0
    return folder / "best.safetensors"


@pytest.fixture(scope="session")
def taught(tmp_path_factory):
    """A network that has learned to read the bundled digits."""
    return taught_by(["quickstart"], tmp_path_factory.mktemp("taught"))


@contextlib.contextmanager
def playing(checkpoint, *arguments, **more):
    """Run `nnkit play` on a free port; yield the process and the address that it prints."""
    command = [*COMMAND, "play", str(checkpoint), "--port", "0", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **more) as process:
        try:
            line = process.stdout.readline()
            found = re.fullmatch(r"(LeNet after epoch \d+ on \w+): draw at (http://127\.0\.0\.1:\d+/) .*\n", line)
            assert found, line + process.stderr.read()
            yield process, found[2]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address(taught):
    """The page of a network that can read."""
    with playing(taught) as (_, found):
        yield found


def stroke(page, points):
    """Draw with the mouse."""
    box = page.locator(FIELD).bounding_box()
    places = [(box["x"] + x / 100 * box["width"], box["y"] + y / 100 * box["width"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def draw(page, digit):
    for points in DIGITS[digit]:
        stroke(page, points)


def touch(page, points):
    """Draw with a finger."""
    box = page.locator(FIELD).bounding_box()
    devtools = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        place = {"x": box["x"] + x / 100 * box["width"], "y": box["y"] + y / 100 * box["width"]}
        kind = "touchMove" if number else "touchStart"
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def expecting(page, selector):
    """Return assertions about a part of a page that wait until they hold."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    return expect(page.locator(selector))


def wait_for_guess(page, expected):
    expecting(page, "#guess").to_have_text(expected)


def wait_for_any_guess(page):
    expecting(page, "#guess").not_to_have_text(NO_GUESS)


def measured(page, selector, expression):
    """Return what an expression makes of the bytes of a canvas, four for each pixel."""
    # From a copy: the browser would complain that the canvas itself is not made to be read.
    script = """canvas => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    """
    return page.locator(selector).first.evaluate(f"{script} return {expression}; }}")


def is_blank(page, selector):
    """Return whether a canvas has one colour."""
    return measured(page, selector, "new Set(new Uint32Array(data.buffer)).size === 1")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def try_digits(page):
    """Draw digits, and see them."""
    page.wait_for_selector(".layer canvas")
    assert page.locator("#invitation").is_visible()
    assert page.inner_text("#guess") == NO_GUESS
    assert (is_blank(page, "#seen"), is_blank(page, ".layer canvas")) == (True, True)
    for digit in "3170":
        draw(page, digit)
        expecting(page, "#announcement").to_contain_text(f"{digit}, ")
        assert page.inner_text("#guess") == digit
        assert not page.locator("#invitation").is_visible()
        assert (is_blank(page, "#seen"), is_blank(page, ".layer canvas")) == (False, False)
        best = page.locator("#bars li.best")
        assert best.locator(".class").inner_text() == digit
        assert best.locator(".share").inner_text() == page.inner_text("#confidence")
        page.click("#clear")
        wait_for_guess(page, NO_GUESS)
        assert (is_blank(page, "#seen"), is_blank(page, ".layer canvas")) == (True, True)
        assert page.locator("#invitation").is_visible()
    assert fits(page)


def test_draw_a_digit_and_see_it(address, open_page):
    try_digits(open_page(address, viewport={"width": 1280, "height": 800}))


@pytest.mark.mnist
@pytest.mark.skipif(not os.environ.get("NNKIT_DATA_DIR"), reason="NNKIT_DATA_DIR is not set")
def test_draw_a_digit_for_a_network_that_knows_mnist(open_page, tmp_path):
    with playing(taught_by(["speedrun", "--epochs", "1"], tmp_path)) as (_, found):
        try_digits(open_page(found, viewport={"width": 800, "height": 1000}))


def test_layers_are_shown_with_names_kinds_and_shapes(address, open_page):
    page = open_page(address, viewport={"width": 1280, "height": 800})
    draw(page, "3")
    wait_for_guess(page, "3")
    found = [" ".join(row.replace("\u00d7", "x").split()) for row in page.locator(".layer .about").all_inner_texts()]
    assert found == [
        "conv1 Conv2d, ReLU 6 x 28 x 28",
        "MaxPool2d 6 x 14 x 14",
        "conv2 Conv2d, ReLU 16 x 10 x 10",
        "MaxPool2d 16 x 5 x 5",
        "fc1 Linear, ReLU 120",
        "fc2 Linear, ReLU 84",
        "fc3 Linear 10",
    ]
    counts = [page.locator(f".layer:nth-child({number}) canvas").count() for number in range(1, 8)]
    assert counts == [6, 6, 16, 16, 1, 1, 1]
    shares = page.locator("#bars .share").all_inner_texts()
    assert sum(float(share.split()[0]) for share in shares) == pytest.approx(100, abs=0.6)


def test_a_phone(address, open_page):
    page = open_page(address, **PHONE, color_scheme="dark")
    page.wait_for_selector(".layer canvas")
    touch(page, DIGITS["3"][0])
    wait_for_guess(page, "3")
    # The finger has moved the pen, not the page.
    assert page.evaluate("scrollY") == 0
    assert page.locator("#guess").bounding_box()["y"] + 80 < 667
    assert fits(page)
    page.tap("#clear")
    wait_for_guess(page, NO_GUESS)
    touch(page, [(50, 50)])
    wait_for_any_guess(page)


def test_two_tabs_have_their_own_drawings(address, open_page):
    first, second = open_page(address), open_page(address)
    draw(first, "3")
    draw(second, "7")
    wait_for_guess(first, "3")
    wait_for_guess(second, "7")


def test_undo_takes_a_stroke_back(address, open_page):
    page = open_page(address)
    draw(page, "1")
    wait_for_guess(page, "1")
    stroke(page, [(10, 90), (90, 90)])
    stroke(page, [(10, 10), (90, 10)])
    page.keyboard.press("Control+z")
    page.click("#undo")
    wait_for_guess(page, "1")
    page.click("#undo")
    wait_for_guess(page, NO_GUESS)
    assert page.locator("#undo").is_disabled()
    # In the middle of a stroke, too.
    page.mouse.down()
    page.locator(FIELD).hover()
    page.mouse.down()
    page.mouse.move(300, 300)
    page.keyboard.press("Delete")
    page.mouse.move(310, 310)
    page.mouse.up()
    wait_for_guess(page, NO_GUESS)


def test_keys_draw(address, open_page):
    page = open_page(address, reduced_motion="reduce")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "field"
    for _ in range(12):
        page.keyboard.press("ArrowUp")
    page.keyboard.down("Shift")
    for _ in range(24):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("Shift")
    wait_for_guess(page, "1")
    expecting(page, "#announcement").to_contain_text("1, ")
    page.keyboard.press("Delete")
    wait_for_guess(page, NO_GUESS)


def test_width_of_strokes_and_pressure_of_pens(address, open_page):
    page = open_page(address)

    def pen(force):
        box = page.locator(FIELD).bounding_box()
        devtools = page.context.new_cdp_session(page)
        for kind, x in (("mousePressed", 50), ("mouseMoved", 150), ("mouseMoved", 250), ("mouseReleased", 250)):
            event = {"type": kind, "x": box["x"] + x, "y": box["y"] + 100, "button": "left", "buttons": 1}
            devtools.send("Input.dispatchMouseEvent", {**event, "pointerType": "pen", "force": force, "clickCount": 1})

    amounts = []
    for width, way in (("12", None), ("40", None), ("24", 0.1), ("24", 0.9)):
        page.locator("#width").fill(width)
        stroke(page, [(20, 20), (80, 80)]) if way is None else pen(way)
        amounts.append(measured(page, FIELD, "data.filter((byte, place) => place % 4 === 3 && byte > 128).length"))
        page.click("#clear")
    thin, thick, light, heavy = amounts
    assert (thin * 2 < thick, light * 1.5 < heavy) == (True, True)


def test_the_page_follows_the_theme(address, open_page):
    page = open_page(address, color_scheme="light")
    draw(page, "3")
    wait_for_guess(page, "3")
    light = measured(page, ".layer canvas", "data[0]")
    page.emulate_media(color_scheme="dark")
    expecting(page, "body").to_have_css("background-color", "rgb(19, 20, 23)")
    assert measured(page, ".layer canvas", "data[0]") < light


def test_when_the_server_ends_the_page_says_so_and_goes_on_with_the_next(taught, trained, browser):
    folder, _ = trained
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        with playing(taught) as (process, address):
            page.goto(address)
            draw(page, "3")
            wait_for_guess(page, "3")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 143
            page.wait_for_selector("#trouble:not([hidden])")
            assert page.inner_text("#trouble").startswith("nnkit does not answer: it has ended.")
            stroke(page, [(10, 90), (90, 90)])
            page.click("#undo")
        port = address.rstrip("/").rpartition(":")[2]
        with playing(folder / "runs/quickstart/best.safetensors", "--port", port):
            page.wait_for_selector("#trouble", state="hidden")
            assert "digits" in page.inner_text("#about")
            wait_for_any_guess(page)


def test_an_interrupt_ends_it_while_a_browser_keeps_its_connection(trained):
    folder, _ = trained
    with playing(folder / "runs/quickstart/best.safetensors") as (process, address):
        connection = http.client.HTTPConnection(address.split("/")[2])
        connection.request("GET", "/network")
        assert json.load(connection.getresponse())["network"] == "LeNet"
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=30)
    connection.close()
    assert (process.returncode, rest, told) == (130, "", "nnkit: interrupted\n")


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("BROWSER", ""),
        ("WAYLAND_DISPLAY", ""),
        (None, "there is no display to open a browser on; open the address where there is one\n"),
    ],
)
def test_open_starts_the_browser_or_says_that_there_is_none(variable, told, trained, monkeypatch, capsys):
    from nnkit.playground import PlaygroundServer

    opened = queue.Queue()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(webbrowser, "open", opened.put)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, "0")
    monkeypatch.setattr(PlaygroundServer, "serve_forever", lambda _: None)
    best = trained[0] / "runs/quickstart/best.safetensors"
    assert run(["play", str(best), "--port", "0", "--open"]) == 0
    result = capsys.readouterr()
    assert result.err == told
    if variable:
        assert f"draw at {opened.get(timeout=30)} (" in result.out
    assert opened.empty()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["lenet"], 4, "lenet: is a built-in config, expected a checkpoint; nnkit train lenet makes one"),
        (["runs/quickstart/config.yaml"], 4, "runs/quickstart/config.yaml: is a config, expected a checkpoint"),
        (["runs"], 4, "runs: is a directory, expected a file, or the folder of a run with its best.safetensors"),
        (["no.safetensors"], 4, "no.safetensors: does not exist"),
        (["runs/quickstart/metrics.jsonl"], 4, "runs/quickstart/metrics.jsonl: damaged, or not a safetensors file"),
        (["{best}", "--port", "{taken}"], 7, "port {taken} is used by another program; choose another --port, or 0"),
        (
            ["{best}", "--port", "70000"],
            2,
            "invalid value for '--port': 70000 is not in the range 0<=x<=65535 (see nnkit play --help)",
        ),
        ([], 2, "missing argument 'CHECKPOINT' (see nnkit play --help)"),
    ],
)
def test_slips_are_answered_in_one_line(arguments, code, message, trained, monkeypatch, capsys):
    monkeypatch.chdir(trained[0])
    with socket.create_server(("127.0.0.1", 0)) as other:
        words = {"best": "runs/quickstart/best.safetensors", "taken": other.getsockname()[1]}
        assert run(["play", *[part.format(**words) for part in arguments]]) == code
    result = capsys.readouterr()
    assert result.out == ""
    assert result.err.startswith(f"nnkit: error: {message.format(**words)}")
    assert result.err.count("\n") == 1
