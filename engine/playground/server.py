"""The page and its one question over HTTP, for this machine alone."""

from __future__ import annotations

import errno
import json
import os
import re
import socketserver
import sys
import threading
import warnings
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

import numpy as np

from nnkit.errors import ConfigError, LockedError, NnkitError
from nnkit.playground.reader import Reader

HOST = "127.0.0.1"
PORT = 8000
# Height and width of a drawing, which is sent as so many grey bytes, row by row.
SIDE = 280

_SECONDS_OF_SILENCE = 10
_NETWORK, _READ = "/network", "/read"
_BINARY = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# Other names for this machine could be those of a web site that wants its pages to be taken for this one.
_THIS_MACHINE = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PlaygroundServer(ThreadingHTTPServer):
    """Serves the page to browsers on this machine; `serve_forever` does until an exception ends it.

    Args:
        reader: reads drawings, one at a time.
        port: where to listen: 0 is any that is free, None the usual one or else any.

    Raises:
        ConfigError: the port may not be used.
        LockedError: another program uses it.
    """

    # A browser that keeps its connection must not keep the process.
    daemon_threads = True
    # On Windows two servers could have one port by it.
    allow_reuse_address = os.name == "posix"
    allow_reuse_port = False

    def __init__(self, reader: Reader, port: int | None = None) -> None:
        self.reader = reader
        self.files = _page()
        self._port = port
        self._reading = threading.Lock()
        self._is_closed = False
        super().__init__((HOST, PORT if port is None else port), _Handler)

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/"

    def read(self, drawing: bytes) -> dict[str, Any]:
        """Return what the network makes of SIDE x SIDE grey bytes.

        Raises:
            DataError: nothing is drawn.
            NonFiniteError: the network's numbers overflow.
            ConnectionAbortedError: the server is closed.
        """
        with self._reading:
            if self._is_closed:
                raise ConnectionAbortedError
            return self.reader.read(np.frombuffer(drawing, np.uint8).reshape(SIDE, SIDE))

    def server_bind(self) -> None:
        """Listen, and unlike the base class ask no name server what this machine is called."""
        try:
            socketserver.TCPServer.server_bind(self)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or self._port is not None:
                raise _refused(error, self._port) from None
            self.server_address = (HOST, 0)
            socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def server_close(self) -> None:
        """Stop listening and reading: the process could end in the middle of a drawing."""
        super().server_close()
        with self._reading:
            self._is_closed = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell about a bug in one line; a browser that goes away is none."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            warnings.warn(f"{type(error).__name__}: {error} (a bug in nnkit)", stacklevel=2)


def _refused(error: OSError, port: int | None) -> NnkitError:
    hint = "choose another --port, or 0 for any that is free"
    if error.errno == errno.EADDRINUSE:
        return LockedError(f"port {port} is used by another program; {hint}")
    return ConfigError(f"port {port} cannot be used: {error.strerror}; {hint}")


def _page() -> dict[str, tuple[str, bytes]]:
    """Return type and content of each file that is served, by its path."""
    files = {
        f"/{file.name}": (_TYPES[suffix], file.read_bytes())
        for file in resources.files("nnkit.playground").iterdir()
        if (suffix := os.path.splitext(file.name)[1]) in _TYPES
    }
    return {**files, "/": files["/index.html"]}


class _Handler(BaseHTTPRequestHandler):
    """Answers requests of the page, and all others with a line of text."""

    server: PlaygroundServer
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS_OF_SILENCE

    def _answer(self) -> None:
        allowed = ("POST",) if self.path == _READ else ("GET", "HEAD")
        if self._is_foreign():
            self._refuse(HTTPStatus.FORBIDDEN, "only pages of this server may ask it")
        elif self.path not in {_READ, _NETWORK, *self.server.files}:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")
        elif self.command not in allowed:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"expected {allowed[0]}", Allow=", ".join(allowed))
        elif self.path == _READ:
            self._read()
        elif self.path == _NETWORK:
            self._send_values(self.server.reader.describe())
        else:
            self._send(HTTPStatus.OK, *self.server.files[self.path])

    # The names that the base class calls.
    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _answer  # noqa: N815

    def _is_foreign(self) -> bool:
        """Return whether the request may come from a page of somebody else."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _THIS_MACHINE.fullmatch(hosts[0]):
            return True
        return self.headers.get("Origin", f"http://{hosts[0]}") != f"http://{hosts[0]}"

    def _read(self) -> None:
        if self.headers.get("Content-Type") != _BINARY:
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected Content-Type: {_BINARY}")
        elif self.headers.get("Content-Length") != str(SIDE * SIDE):
            self._refuse(HTTPStatus.BAD_REQUEST, f"expected a drawing of {SIDE} x {SIDE} bytes")
        else:
            drawing = self.rfile.read(SIDE * SIDE)
            if len(drawing) < SIDE * SIDE:
                self.close_connection = True
                return
            try:
                self._send_values(self.server.read(drawing))
            except NnkitError as error:
                self._send(HTTPStatus.UNPROCESSABLE_ENTITY, _TEXT, f"{error}\n".encode())
            except Exception as error:
                self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
                raise

    def _refuse(self, status: int, message: str, **headers: str) -> None:
        # What is left of the request is not read, and cannot be taken for another one.
        self.close_connection = True
        self._send(status, _TEXT, f"{message}\n".encode(), Connection="close", **headers)

    def _send_values(self, values: dict[str, Any]) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(values, allow_nan=False).encode())

    def _send(self, status: int, kind: str, content: bytes, **headers: str) -> None:
        self.send_response(status)
        length = {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in {**length, **_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not HTTP in one line of text, as everything else."""
        self._refuse(code, message or HTTPStatus(code).phrase)

    def version_string(self) -> str:
        """Return the name of the server, and nothing about its versions."""
        return "nnkit"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the terminal calm."""
