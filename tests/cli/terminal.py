"""Programs in a pseudo-terminal, and what a person would type there."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

# As long as a machine that is busy with other tests may take.
SECONDS = 60
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A program whose input and output are a terminal; as a context manager it ends the program.

    Its standard output goes elsewhere if `stdout` says so.
    """

    def __init__(self, command, *, columns=80, lines=24, stdout=None, env=None, **more):
        self.screen, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        stdout = slave if stdout is None else stdout
        # The C library has a COLUMNS that `os.environ` does not show, from the readline that pytest loads.
        env = dict(os.environ) if env is None else env
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=stdout, stderr=slave, start_new_session=True, env=env, **more
        )
        os.close(slave)
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.screen)

    def type(self, text):
        os.write(self.screen, text.encode())

    def wait_for(self, expected):
        """Read until something appears behind what was waited for before, whatever its colours."""
        start, until = len(self.text), time.monotonic() + SECONDS
        while expected not in ESCAPE.sub("", self.text[start:].decode(errors="replace")):
            assert time.monotonic() < until, self.text.decode(errors="replace")
            if select.select([self.screen], [], [], 0.1)[0]:
                self.text += os.read(self.screen, 65536)

    def read_all(self):
        """Read until the program ends; return its exit code and all that it showed."""
        # Linux ends a terminal whose programs are gone with an error.
        with contextlib.suppress(OSError):
            while chunk := os.read(self.screen, 65536):
                self.text += chunk
        return self.process.wait(SECONDS), self.text.decode(errors="replace")
