"""Downloads: whatever a mirror does, the file is either absent or the right one."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from nnkit.data import download as module
from nnkit.data.download import download
from nnkit.errors import DataError, FileAccessError

BODY = bytes(range(256)) * 64
MOST = len(BODY) + 100


def verify(path):
    if path.read_bytes() != BODY:
        raise DataError(f"{path}: wrong content")


def stall(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.end_headers()
    handler.wfile.write(BODY[:100])
    handler.server.stalled.set()
    handler.server.closing.wait()


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(BODY)


def trickle(handler):
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.closing.wait(0.02):
        handler.wfile.write(b"x")


def redirect(address):
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", address)
        handler.end_headers()

    return answer


@pytest.fixture
def stalling(mirror):
    """The mirror, ready to stall; `stalled` is set when it does."""
    mirror.server.stalled = threading.Event()
    mirror.server.closing = mirror.closing
    return mirror


# The first word is the id of the promise.
FAULTS = {
    "D19 wrong content": (lambda handler, send: send(handler, BODY[:-1] + b"!"), "wrong content"),
    "D19 web page": (lambda handler, send: send(handler, b"<html>Sign in</html>"), "wrong content"),
    "D20 cut at half": (lambda handler, send: send(handler, BODY[: len(BODY) // 2], len(BODY)), "wrong content"),
    "D21 503": (lambda handler, send: handler.send_error(503), "HTTP Error 503: Service Unavailable"),
    "D21 404": (lambda handler, send: handler.send_error(404), "HTTP Error 404: Not Found"),
    "D22 stall": (lambda handler, send: stall(handler), "timed out"),
    "D22 trickle": (lambda handler, send: trickle(handler), "sends less than 1024 bytes per second"),
    "D23 endless": (lambda handler, send: endless(handler), f"sends more than the {MOST} bytes"),
    "D20 silence": (lambda handler, send: None, "Remote end closed connection without response"),
    "D21 not http": (lambda handler, send: handler.wfile.write(b"\0\xff\r\n" * 100), "\\x00"),
    "D23 to ftp": (
        lambda handler, send: redirect("ftp://127.0.0.1/x")(handler),
        "redirects to another scheme: 'ftp",
    ),
    "D23 to a file": (
        lambda handler, send: redirect("file:///etc/hostname")(handler),
        "is not allowed",
    ),
    "D23 to https": (
        lambda handler, send: redirect("https://127.0.0.1/x")(handler),
        "redirects to another scheme: 'https",
    ),
    "D23 redirect loop": (lambda handler, send: redirect(handler.path)(handler), "infinite loop"),
}


@pytest.mark.parametrize("fault", [pytest.param(name, marks=pytest.mark.case(name.split()[0])) for name in FAULTS])
def test_a_fault_leads_to_the_next_mirror_or_to_nothing(stalling, send_body, tmp_path, fault):
    answer, reason = FAULTS[fault]
    bad = stalling.add("bad", lambda handler: answer(handler, send_body))
    good = stalling.add_file("good", BODY)
    destination = tmp_path / "folder" / "file.gz"

    with pytest.raises(DataError) as caught:
        download([bad], destination, verify, MOST, timeout=0.3)
    message = str(caught.value)
    assert message.startswith(f"cannot download file.gz ({bad}file.gz: ")
    assert reason in message
    assert "\n" not in message
    assert os.listdir(destination.parent) == []

    download([bad, good], destination, verify, MOST, timeout=0.3)
    assert destination.read_bytes() == BODY
    assert os.listdir(destination.parent) == ["file.gz"]


def test_a_dead_mirror_leads_to_the_next(mirror, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        download([dead, mirror.add_file("good", BODY)], tmp_path / "file", verify, MOST)
        with pytest.raises(DataError, match="Connection refused"):
            download([dead], tmp_path / "other", verify, MOST)
    assert os.listdir(tmp_path) == ["file"]


def test_the_first_mirror_that_works_is_the_last_that_is_asked(mirror, tmp_path):
    mirrors = [mirror.add_file(name, BODY) for name in ("first", "second")]
    download(mirrors, tmp_path / "file", verify, MOST)
    assert mirror.requests == ["/first/file"]


def test_a_redirect_on_the_same_scheme_is_followed(mirror, tmp_path):
    good = mirror.add_file("good", BODY)
    download([mirror.add("moved", redirect(f"{good}file"))], tmp_path / "file", verify, MOST)
    assert (tmp_path / "file").read_bytes() == BODY


def test_the_reasons_of_all_mirrors_are_told(mirror, tmp_path):
    mirrors = [mirror.add(str(code), lambda handler, code=code: handler.send_error(code)) for code in (404, 503)]
    with pytest.raises(DataError, match=r"/404/file: HTTP Error 404: Not Found; http.*/503/file: HTTP Error 503"):
        download(mirrors, tmp_path / "file", verify, MOST)
    with pytest.raises(DataError, match="no mirrors"):
        download([], tmp_path / "file", verify, MOST)


def test_a_good_file_replaces_an_altered_one(mirror, tmp_path):
    (tmp_path / "file").write_bytes(b"altered")
    download([mirror.add_file("good", BODY)], tmp_path / "file", verify, MOST)
    assert (tmp_path / "file").read_bytes() == BODY


@pytest.mark.case("D25")
def test_D25_several_at_once_leave_one_valid_file(mirror, send_body, tmp_path):
    together = threading.Barrier(4)

    def answer(handler):
        together.wait(10)
        send_body(handler, BODY)

    url = mirror.add("slow", answer)
    threads = [threading.Thread(target=download, args=([url], tmp_path / "file", verify, MOST)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mirror.requests) == 4
    assert (tmp_path / "file").read_bytes() == BODY
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.case("D24")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_D24_a_killed_download_is_no_obstacle(stalling, tmp_path):
    url = stalling.add("stall", stall)
    code = (
        "import pathlib, sys; from nnkit.data.download import download; "
        "download([sys.argv[1]], pathlib.Path(sys.argv[2]), print, 10**9)"
    )
    with subprocess.Popen([sys.executable, "-c", code, url, str(tmp_path / "file")]) as process:
        stalled = stalling.server.stalled.wait(30)
        process.kill()
    assert stalled
    assert process.returncode == -signal.SIGKILL
    (part,) = tmp_path.iterdir()
    assert part.name.startswith(".part-")

    good = stalling.add_file("good", BODY)
    download([good], tmp_path / "file", verify, MOST)
    assert (tmp_path / "file").read_bytes() == BODY
    assert part.exists(), "it might be another process's"

    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(part, (two_days_ago, two_days_ago))
    download([good], tmp_path / "file", verify, MOST)
    assert os.listdir(tmp_path) == ["file"]


def test_an_interrupted_download_leaves_nothing(stalling, tmp_path):
    def interrupt(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download([stalling.add_file("good", BODY)], tmp_path / "file", interrupt, MOST)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_not_blamed_on_the_mirror(mirror, tmp_path, monkeypatch):
    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", no_space)
    mirrors = [mirror.add_file(name, BODY) for name in ("first", "second")]
    with pytest.raises(FileAccessError, match="cannot be written: No space left on device") as caught:
        download(mirrors, tmp_path / "file", verify, MOST)
    assert caught.value.exit_code == 6
    assert mirror.requests == ["/first/file"]
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_a_file_access_error(mirror, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileAccessError, match="cannot be written: "):
        download([mirror.add_file("good", BODY)], tmp_path / "file" / "below", verify, MOST)


def test_nothing_is_printed_where_there_is_no_terminal(mirror, tmp_path, capfd):
    download([mirror.add_file("good", BODY)], tmp_path / "file", verify, MOST)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_on_stderr(mirror, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    download([mirror.add_file("good", BODY)], tmp_path / "file", verify, MOST)
    out, err = capsys.readouterr()
    assert out == ""
    assert "file: 100%" in err
    assert "16.0k/16.0k" in err
