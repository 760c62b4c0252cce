"""Fuzzing of readers: files that nobody would write, until one gets an answer that a user must never see.

A target is a module `fuzz_<name>.py` beside this one that has a `TARGET`, and needs no other entry anywhere:

    TARGET = Target(case="F2", read=read, seeds=[good, bad, ...], words=[b"magic", ...])

`test_fuzzing.py` runs all of them. To run one for longer, guided by the code that inputs reach (needs atheris):

    PYTHONPATH=tests python -m reliability.fuzzing yaml 3600

It stops at the first finding, which it leaves in the current folder as `crash-...`.
"""

import contextlib
import importlib
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nnkit.errors import NnkitError
from nnkit.escapes import printable

LONGEST_LINE = 2000
HOW_OFTEN_CHANGED = 0.5
# What atheris watches. Kernels are left out: Numba could not compile code that counts its own steps.
WATCHED = ["nnkit.data", "nnkit.training", "yaml"]


class Target(NamedTuple):
    """What is fuzzed.

    Attributes:
        case: the id of the promise.
        read: reads the file at a path; it may return, or raise what `answer` allows.
        seeds: files to begin with, good ones and bad ones.
        words: bytes that mean something to the reader.
        change: changes a whole file so that a part of the reader is reached that random bytes would not get to; it
            may raise where a file is not whole.
    """

    case: str
    read: Callable[[Path], object]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    change: Callable[[bytes, random.Random], bytes] | None = None


def load(name: str) -> Target:
    """Return the target of the module `fuzz_<name>.py`."""
    target: Target = importlib.import_module(f"reliability.fuzz_{name}").TARGET
    return target


def names() -> list[str]:
    """Return the names of all targets."""
    return sorted(path.stem.removeprefix("fuzz_") for path in Path(__file__).parent.glob("fuzz_*.py"))


def put(path: Path, content: bytes) -> None:
    """Give a file this content; one that exists is not made anew, which takes a millisecond on some file systems."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(content)
        file.truncate()


def answer(read, *arguments):
    """Return what a reader returns, or None where it refuses its input in one short line of text.

    Raises:
        AssertionError: it refuses in other words.
        Exception: anything else that it raises is a finding, too.
    """
    try:
        return read(*arguments)
    except NnkitError as error:
        # A config has a line for each of its problems.
        check_lines(str(error).split("\n"), most=len(getattr(error, "problems", [error])))
        return None


def check_lines(lines, most):
    """Check what the command would print."""
    assert len(lines) <= most, lines
    assert all(lines), "an empty line"
    assert max(len(printable(line)) for line in lines) <= LONGEST_LINE, "a line that is too long"


def mutated(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """Yield changed seeds, the same ones for the same number."""
    chosen = random.Random(seed)
    for _ in range(count):
        data = bytearray(chosen.choice(target.seeds))
        if target.change and chosen.random() < HOW_OFTEN_CHANGED:
            yield target.change(bytes(data), chosen)
            continue
        for _ in range(chosen.randint(1, 5)):
            chosen.choice(CHANGES)(data, chosen, target)
        yield bytes(data)


def _place(data, chosen):
    return chosen.randint(0, len(data))


def _flip(data, chosen, target):
    if data:
        data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)


def _overwrite(data, chosen, target):
    if data:
        data[chosen.randrange(len(data))] = chosen.choice([0, 1, 0x7F, 0x80, 0xFF, chosen.randrange(256)])


def _remove(data, chosen, target):
    start = _place(data, chosen)
    del data[start : start + chosen.choice([1, 2, 4, 16, 1000])]


def _cut(data, chosen, target):
    del data[_place(data, chosen) :]


def _repeat(data, chosen, target):
    start = _place(data, chosen)
    part = data[start : start + chosen.choice([1, 2, 8, 32])]
    data[start:start] = part * chosen.choice([1, 2, 20, 200])


def _splice(data, chosen, target):
    other = chosen.choice(target.seeds)
    data[_place(data, chosen) :] = other[_place(other, chosen) :]


def _insert(data, chosen, target):
    start = _place(data, chosen)
    data[start:start] = chosen.choice(target.words or [b"\0"])


CHANGES = (_flip, _overwrite, _remove, _cut, _repeat, _splice, _insert)


def guided(name: str, seconds: int) -> None:
    """Fuzz a target for a while with atheris, and end the process."""
    import atheris

    with atheris.instrument_imports(include=WATCHED):
        target = load(name)
    corpus = Path("corpus")
    corpus.mkdir()
    for index, seed in enumerate(target.seeds):
        (corpus / f"seed-{index}").write_bytes(seed)
    words = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    Path("words").write_text("".join(f'"{word}"\n' for word in words if word))
    path = Path("input")

    def one(data: bytes) -> None:
        put(path, data)
        answer(target.read, path)

    def change(data: bytes, most: int, seed: int) -> bytes:
        chosen = random.Random(seed)
        if target.change and chosen.random() < HOW_OFTEN_CHANGED:
            with contextlib.suppress(Exception):
                changed = target.change(data, chosen)
                if len(changed) <= most:
                    return changed
        mutant: bytes = atheris.Mutate(data, most)
        return mutant

    limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=16384"]
    atheris.Setup([sys.argv[0], *limits, "-dict=words", "-print_final_stats=1", "corpus"], one, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    guided(sys.argv[1], int(sys.argv[2]))
