import gzip
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


class Mirror:
    """A web server on the loopback address that answers each folder in the way it is told."""

    def __init__(self):
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        # Set when the test is over: what stalls until then.
        self.closing = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.requests.append(self.path)
                mirror.answers[self.path.split("/")[1]](self)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # A client that hangs up is what several tests are about.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def add(self, folder: str, answer: Answer) -> str:
        """Answer requests below `folder` with `answer`; returns the address of the folder."""
        self.answers[folder] = answer
        return f"http://127.0.0.1:{self.server.server_port}/{folder}/"

    def add_file(self, folder: str, body: bytes) -> str:
        return self.add(folder, lambda handler: send(handler, body))

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Mirror()
    yield server
    server.close()


@pytest.fixture
def send_body():
    return send


@pytest.fixture
def idx_bytes():
    """Returns the function that writes an array in the IDX format, independently of the package."""

    def write(array: np.ndarray) -> bytes:
        sizes = struct.pack(f">{array.ndim}I", *array.shape)
        return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()

    return write


@pytest.fixture
def idx_gz(idx_bytes):
    return lambda array: gzip.compress(idx_bytes(array), mtime=0)


@pytest.fixture
def no_data_folders(tmp_path, monkeypatch):
    """An empty cache folder, and no folder of the user's."""
    monkeypatch.delenv("NNKIT_DATA_DIR", raising=False)
    monkeypatch.setenv("NNKIT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"
