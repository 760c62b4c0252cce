"""`nnkit play`: draw, and watch a network read it."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from pathlib import Path

import click

from nnkit.cli import options
from nnkit.cli.console import announce_compilation, show_status, tell, write
from nnkit.escapes import printable


@click.command("play")
@options.checkpoint
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", help="Where to serve; 0 is any free port [default: 8000]."
)
@click.option("--open/--no-open", "opened", default=False, help="Open the page in the browser.")
@options.allow_code
def command(checkpoint: Path, port: int | None, opened: bool) -> None:
    """Draw with mouse, finger or pen, and watch a network read it.

    Serves one page to browsers on this machine: the guess, the probability of each class, and the activations of
    each layer, while you draw. Ctrl-C ends it. Where port 8000 is taken, and no other one is given, it is any that
    is free.

    \b
    Examples:
      nnkit play runs/lenet/best.safetensors
      nnkit play runs/lenet/best.safetensors --open
      nnkit play runs/rnn/best.safetensors --port 8080
    """  # noqa: D301 (click wants the character, not a backslash)
    show_status(f"reading {checkpoint} ...")
    # Numba and pydantic take most of a second to import; --help needs neither.
    from nnkit.playground import PlaygroundServer, Reader

    announce_compilation()
    reader = Reader(checkpoint)
    with PlaygroundServer(reader, port) as server:
        write(f"{printable(reader.title)}: draw at {server.address} (Ctrl-C ends it)")
        if opened:
            _open(server.address)
        server.serve_forever()


def _open(address: str) -> None:
    """Open a page in the user's browser, if there is one that has a window."""
    # Without a display Python would start a browser that takes the terminal.
    has_windows = sys.platform in ("win32", "darwin")
    if has_windows or any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))):
        # Some browsers come back when their window is closed.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    else:
        tell("there is no display to open a browser on; open the address where there is one")
