"""The page over HTTP: what it answers, and to whom."""

import contextlib
import http.client
import json
import socket
import socketserver
import threading

import numpy as np
import pytest

from nnkit.errors import ConfigError, LockedError
from nnkit.playground import PlaygroundServer, Reader, server

BINARY = {"Content-Type": "application/octet-stream"}


@contextlib.contextmanager
def serving(reader, port=0):
    with PlaygroundServer(reader, port) as started:
        thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield started
        finally:
            started.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def playground(checkpoint):
    with serving(Reader(checkpoint)) as started:
        yield started


@pytest.fixture
def ask(playground):
    """Send a request; return its status, its headers and its body."""

    def send(method, path, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", playground.server_port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    return send


def exchange(playground, request):
    """Send bytes; return all that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", playground.server_port), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("path", "kind", "part"),
    [
        ("/", "text/html", b"<!doctype html>"),
        ("/index.html", "text/html", b"<!doctype html>"),
        ("/style.css", "text/css", b":root"),
        ("/main.js", "text/javascript", b"import"),
        ("/icon.svg", "image/svg+xml", b"<svg"),
        ("/network", "application/json", b'"LeNet"'),
    ],
)
def test_the_page_is_served(path, kind, part, ask):
    status, headers, body = ask("GET", path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert part in body
    head_status, head_headers, nothing = ask("HEAD", path)
    assert (head_status, head_headers["Content-Length"], nothing) == (200, str(len(body)), b"")


def test_a_drawing_is_read(ask, drawing, playground):
    status, headers, body = ask("POST", "/read", drawing.tobytes(), BINARY)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == json.loads(json.dumps(playground.reader.read(drawing)))


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/read", 405, "expected POST"),
        ("POST", "/", 405, "expected GET"),
        ("PUT", "/network", 405, "expected GET"),
        ("DELETE", "/main.js", 405, "expected GET"),
        ("OPTIONS", "/read", 405, "expected POST"),
        ("PATCH", "/read", 405, "expected POST"),
        ("BREW", "/", 501, "Unsupported method ('BREW')"),
        ("GET", "/favicon.ico", 404, "there is no such page"),
        ("POST", "/elsewhere", 404, "there is no such page"),
        ("GET", "/../reader.py", 404, "there is no such page"),
        ("GET", "/reader.py", 404, "there is no such page"),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "there is no such page"),
        ("GET", "//etc/passwd", 404, "there is no such page"),
    ],
)
def test_all_else_is_refused_in_a_line(method, path, status, said, ask):
    answer, headers, body = ask(method, path)
    assert (answer, headers["Content-Type"], body.decode()) == (status, "text/plain; charset=utf-8", f"{said}\n")
    if status == 405:
        assert headers["Allow"].split(", ")[0] == said.split()[-1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://{host}"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/network"), ("POST", "/read")])
def test_pages_of_others_may_not_ask(headers, method, path, ask, playground, drawing):
    host = f"127.0.0.1:{playground.server_port}"
    headers = {name: value.format(host=host) for name, value in headers.items()}
    status, _, body = ask(method, path, drawing.tobytes() if method == "POST" else None, BINARY | headers)
    assert (status, body) == (403, b"only pages of this server may ask it\n")


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:{port}"])
def test_this_machine_has_two_names_and_tunnels_have_other_ports(host, ask, playground):
    host = host.format(port=playground.server_port)
    assert ask("GET", "/", headers={"Host": host, "Origin": f"http://{host}"})[0] == 200


def test_a_host_has_to_be_named_once(playground):
    for hosts in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        assert exchange(playground, b"GET / HTTP/1.1\r\n" + hosts + b"\r\n").startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("path", ["/", "/network", "/elsewhere"])
def test_the_browser_is_told_to_trust_nothing_else(path, ask):
    _, headers, _ = ask("GET", path)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Server"] == "nnkit"


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"\xff" * 78_400, {}, 415, "expected Content-Type: application/octet-stream"),
        (b"\xff" * 78_400, {"Content-Type": "text/plain"}, 415, "expected Content-Type: application/octet-stream"),
        (b"", BINARY, 400, "expected a drawing of 280 x 280 bytes"),
        (b"\xff" * 78_399, BINARY, 400, "expected a drawing of 280 x 280 bytes"),
        (None, BINARY | {"Content-Length": "100000000000"}, 400, "expected a drawing of 280 x 280 bytes"),
        (None, BINARY | {"Content-Length": "-1"}, 400, "expected a drawing of 280 x 280 bytes"),
        (None, BINARY | {"Transfer-Encoding": "chunked"}, 400, "expected a drawing of 280 x 280 bytes"),
        (bytes(78_400), BINARY, 422, "nothing is drawn"),
    ],
)
def test_what_is_no_drawing_is_refused_in_a_line(body, headers, status, said, ask):
    answer, _, text = ask("POST", "/read", body, headers)
    assert (answer, text.decode()) == (status, f"{said}\n")


@pytest.mark.parametrize(
    ("request_line", "said"),
    [
        (b"\x16\x03\x01\x02", b"Bad request"),
        (b"GET / HTTP/9.9", b"Invalid HTTP version (9.9)"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"URI Too Long"),
        (b"GET / HTTP/1.1\r\n" + b"\r\n".join(b"a: b" for _ in range(200)), b"Too many headers"),
    ],
)
def test_what_is_not_http_is_refused_in_a_line(request_line, said, playground):
    last = exchange(playground, request_line + b"\r\n\r\n").splitlines()[-1]
    assert said.lower() in last.lower()


def test_one_connection_carries_many_drawings(playground, drawing):
    connection = http.client.HTTPConnection("127.0.0.1", playground.server_port, timeout=30)
    with contextlib.closing(connection):
        for body in (drawing.tobytes(), bytes(78_400), drawing.tobytes()):
            connection.request("POST", "/read", body, BINARY)
            socket_used = connection.sock
            connection.getresponse().read()
            assert connection.sock is socket_used


def test_everybody_gets_the_answer_to_their_own_drawing(ask, playground):
    drawings = np.zeros((6, 280, 280), np.uint8)
    for number, grey in enumerate(drawings):
        grey[40:240, 140 - 20 * number : 150 + 20 * number] = 255
    expected = [json.loads(json.dumps(playground.reader.read(grey))) for grey in drawings]
    found = [None] * len(drawings)

    def read(number):
        for _ in range(3):
            found[number] = json.loads(ask("POST", "/read", drawings[number].tobytes(), BINARY)[2])

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(drawings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_who_is_silent_is_left(playground, monkeypatch):
    monkeypatch.setattr(server._Handler, "timeout", 0.05)
    request = b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
    for silent in (b"", b"GET / HT", request, request + b"Content-Length: 78400\r\n\r\nabc"):
        assert exchange(playground, silent) == b""


def test_who_goes_away_disturbs_nobody(playground, ask, recwarn):
    request = b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
    with socket.create_connection(("127.0.0.1", playground.server_port)) as connection:
        connection.sendall(request + b"Content-Length: 78400\r\n\r\nabc")
    assert ask("GET", "/")[0] == 200
    assert not recwarn


def test_a_bug_is_told_in_a_line_to_both_sides(playground, ask, drawing, monkeypatch):
    told, has_told = [], threading.Event()

    def warn(message, **_):
        told.append(message)
        has_told.set()

    monkeypatch.setattr(server.warnings, "warn", warn)
    monkeypatch.setattr(playground.reader, "read", lambda _: {}["none"])
    status, _, body = ask("POST", "/read", drawing.tobytes(), BINARY)
    assert (status, body) == (500, b"KeyError: 'none'\n")
    assert has_told.wait(60)
    monkeypatch.undo()
    assert ask("POST", "/read", drawing.tobytes(), BINARY)[0] == 200
    assert told == ["KeyError: 'none' (a bug in nnkit)"]


def test_only_this_machine_is_served(playground):
    assert playground.socket.getsockname()[0] == "127.0.0.1"
    assert playground.address == f"http://127.0.0.1:{playground.server_port}/"


def test_a_port_that_is_taken(playground):
    with pytest.raises(LockedError, match=f"port {playground.server_port} is used by another program; choose"):
        PlaygroundServer(playground.reader, playground.server_port)


def test_the_usual_port_gives_way(playground, monkeypatch):
    monkeypatch.setattr(server, "PORT", playground.server_port)
    with PlaygroundServer(playground.reader) as second:
        assert second.server_port != playground.server_port


def test_a_port_that_is_not_for_users(playground, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socketserver.TCPServer, "server_bind", refuse)
    with pytest.raises(ConfigError, match="port 80 cannot be used: Permission denied; choose another"):
        PlaygroundServer(playground.reader, 80)


def test_nothing_is_read_after_the_end(playground, drawing):
    ended = PlaygroundServer(playground.reader, 0)
    ended.server_close()
    ended.server_close()
    with pytest.raises(ConnectionAbortedError):
        ended.read(drawing.tobytes())
