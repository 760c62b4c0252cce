"""Downloads by the real command and by real processes, from a mirror on the loopback address.

Fashion-MNIST is published without https, so the test server can stand in for its mirror as a proxy.
"""

import os
import signal
import subprocess
import sys
import threading

import pytest
from reliability.inputs import COMMAND, case, error_lines

from nnkit.cli import main

TRAIN = ("train", "rnn", "--set", "data.name=fashion_mnist", "--output", "out", "--threads", "1")
FIRST = "train-images-idx3-ubyte.gz"
BODY = bytes(range(256)) * 256


@pytest.fixture
def proxy(mirror, monkeypatch):
    """Returns the function that decides what the published mirror answers."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{mirror.server.server_port}")
    monkeypatch.delenv("NNKIT_DATA_DIR", raising=False)
    return lambda answer: mirror.add("", answer)


def redirect(handler):
    handler.send_response(302)
    handler.send_header("Location", "ftp://127.0.0.1/x")
    handler.end_headers()


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(BODY)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        case(
            "D19", lambda handler, send: send(handler, b"<html>Sign in</html>"), "not gzip (it looks like a web page)"
        ),
        case("D20", lambda handler, send: send(handler, b"\x1f\x8b\x08\0", len(BODY)), "truncated"),
        case("D21", lambda handler, send: handler.send_error(503), "HTTP Error 503: Service Unavailable"),
        case("D23", lambda handler, send: redirect(handler), "redirects to another scheme", about="redirect"),
        case("D23", lambda handler, send: endless(handler), "sends more than the ", about="endless"),
    ],
)
def test_a_bad_mirror_ends_the_command_in_one_line(answer, expected, proxy, send_body, tmp_path, monkeypatch, capsys):
    proxy(lambda handler: answer(handler, send_body))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NNKIT_CACHE_DIR", str(tmp_path / "cache"))
    assert main.run(TRAIN) == 3
    (line,) = error_lines(capsys.readouterr().err)
    assert line.startswith(f"fashion_mnist: cannot download {FIRST} (http://fashion-mnist.")
    assert expected in line
    assert f"put {FIRST}, " in line
    assert not (tmp_path / "out").exists()
    assert os.listdir(tmp_path / "cache" / "data" / "fashion_mnist") == []


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder that has its compiled kernels after the first test."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def stalled(proxy, mirror, cache, tmp_path, monkeypatch):
    """A command that downloads, whose mirror has stopped in the middle of a file; and the folder for the files."""
    stopped = threading.Event()

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY[:1000])
        stopped.set()
        mirror.closing.wait()

    proxy(answer)
    folder = cache / "data" / "fashion_mnist"
    monkeypatch.setenv("NNKIT_CACHE_DIR", str(cache))
    process = subprocess.Popen([*COMMAND, *TRAIN], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        assert stopped.wait(120)
        assert [name.startswith(".part-") for name in os.listdir(folder)] == [True]
        yield process, folder
    finally:
        process.kill()
        process.communicate()
        for part in folder.iterdir():
            part.unlink()


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        case("D24", signal.SIGINT, 130, "interrupted", about="SIGINT"),
        case("D24", signal.SIGTERM, 143, "terminated", about="SIGTERM"),
    ],
)
def test_a_signal_leaves_nothing_of_a_download(number, code, word, stalled, tmp_path):
    process, folder = stalled
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors.splitlines()[-1] == f"nnkit: {word}"
    assert os.listdir(folder) == []
    assert os.listdir(tmp_path) == []


@pytest.mark.case("D24")
def test_D24_what_a_killed_download_leaves_counts_for_nothing(stalled, proxy, tmp_path):
    process, folder = stalled
    process.kill()
    process.communicate(timeout=60)
    (part,) = os.listdir(folder)
    assert part.startswith(".part-")
    proxy(lambda handler: handler.send_error(503))
    result = subprocess.run([*COMMAND, *TRAIN], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 3
    assert "HTTP Error 503" in error_lines(result.stderr)[0]
    assert os.listdir(folder) == [part]


@pytest.mark.case("D25")
def test_D25_two_processes_leave_one_valid_file(mirror, send_body, tmp_path):
    together = threading.Barrier(2)

    def answer(handler):
        # Neither gets a byte before both have asked.
        together.wait(60)
        send_body(handler, BODY)

    code = (
        "import pathlib, sys; from nnkit.data.download import download; "
        "download([sys.argv[1]], pathlib.Path(sys.argv[2]), lambda part: None, 10**6)"
    )
    arguments = [sys.executable, "-c", code, mirror.add("slow", answer), str(tmp_path / "file")]
    processes = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(mirror.requests) == 2
    assert (tmp_path / "file").read_bytes() == BODY
    assert os.listdir(tmp_path) == ["file"]
