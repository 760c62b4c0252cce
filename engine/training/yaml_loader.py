"""A YAML reader for files from strangers: plain values only, and each one remembers where it stands.

PyYAML's parser is used for its events alone. What its loaders add is what must not happen here: tags that
build objects, aliases that grow without end, duplicate keys of which the last wins, and YAML 1.1 scalars
(`010` is 8, `12:30:45` is 45045, `1e-3` is text).

Source: YAML 1.2.2, section 10.3, the core schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from nnkit.errors import ConfigError

Path = tuple[str | int, ...]

MAX_DEPTH = 16
MAX_NODES = 5_000
MAX_DIGITS = 30
SHOWN_CHARACTERS = 60
SHOWN_REASON = 300
SHOWN_PROBLEMS = 20

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# Numbers of YAML 1.1 that mean something else, or nothing, in YAML 1.2.
_AMBIGUOUS = re.compile(
    r"[-+]?0[0-9_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?0b[01_]+|[-+]?[0-9]+(_[0-9]+)+(\.[0-9_]*)?"
)

# Halves of characters, which "\ud800" stands for; no text outside of Python can hold them.
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Place:
    """Where a value comes from: a file with line and column (from 1), or an option of the command line."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Problem:
    """Something wrong at one place, in words for the person who wrote it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class InvalidConfigError(ConfigError):
    """All that is wrong with one config, a line each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.place.line, problem.place.column))
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A line for each problem, as far as they are shown."""
        # A key or the name of a file may hold line breaks, which would pass for further problems.
        lines = [str(problem).replace("\n", "\\n") for problem in self.problems[:SHOWN_PROBLEMS]]
        more = len(self.problems) - len(lines)
        return [*lines, f"{more} more problems"] if more else lines


@dataclass
class Document:
    """A parsed YAML text.

    `value` is made of dict, list, str, int, float, bool and None. `keys` and `values` tell where the key
    and the value of each path stand; `problems` are those that did not keep the rest from being read.
    """

    source: str
    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    doubtful: set[Path] = field(default_factory=set)

    def place(self, path: Path, *, of_key: bool = False) -> Place:
        """Return where `path` stands, or the nearest mapping or list around it that has a place."""
        if of_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(self.source))

    def problem(self, path: Path, message: str, *, of_key: bool = False) -> Problem:
        """Return a problem with the value at `path`, or with its key."""
        place = self.place(path, of_key=of_key)
        dotted = ".".join(shortened(str(part)) for part in path)
        # An option such as `--set optimizer.lr` has named the key already.
        if not dotted or place.source.endswith(f" {dotted}"):
            return Problem(place, message)
        return Problem(place, f"{dotted}: {message}")


def shown(value: object) -> str:
    """Return a YAML value as an error message shows it: short, and lists and mappings by their kind."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return shortened(repr(value))


def shortened(text: str) -> str:
    """Return as much of a text as an error message shows."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."


def parse(text: str, source: str) -> Document:
    """Read one YAML document.

    Raises:
        InvalidConfigError: the text is not YAML, holds nothing or several documents, or is nested too deeply or
            too large. Duplicate keys, tags, aliases and ambiguous numbers are gathered in `problems`.
    """
    builder = _Builder(source)
    for event in _events(text, builder):
        builder.take(event)
    if not builder.started:
        raise InvalidConfigError([Problem(Place(source), "empty")])
    return builder.document


def _events(text: str, builder: _Builder) -> Iterator[yaml.Event]:
    """Yield what the parser finds, one by one: the builder's limits stop a text before the rest of it is scanned."""
    try:
        loader: Any = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        builder.stop(*_forbidden_character(error, text, builder.document.source))
    try:
        while loader.check_event():
            yield loader.get_event()
    except yaml.MarkedYAMLError as error:
        builder.stop(*_syntax_error(error, builder.document.source))
    except (ValueError, OverflowError):
        # Of `%YAML` with thousands of digits, or "\UFFFFFFFF": PyYAML converts them as they stand.
        place = _place(loader.get_mark(), builder.document.source)
        builder.stop(place, "a version, or the number of an escaped character, is out of range")
    finally:
        loader.dispose()


def _place(mark: Any, source: str) -> Place:
    return Place(source, mark.line + 1, mark.column + 1) if mark else Place(source)


def _forbidden_character(error: yaml.reader.ReaderError, text: str, source: str) -> tuple[Place, str]:
    before = text[: error.position]
    # A byte order mark is no column, as in the marks of the parser.
    *lines, line = before.removeprefix("\ufeff").split("\n")
    place = Place(source, len(lines) + 1, len(line) + 1)
    # Bytes, as other tools count them; a command line may hold halves of characters.
    offset = len(before.encode("utf-8", "surrogatepass"))
    return place, f"character U+{ord(text[error.position]):04X} at offset {offset} is not allowed in YAML"


def _syntax_error(error: yaml.MarkedYAMLError, source: str) -> tuple[Place, str]:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "not valid YAML"
    if "'\\t'" in problem:
        problem = "a tab cannot indent YAML, use spaces"
    elif problem == "mapping values are not allowed here":
        problem = "a ':' is not allowed here: either this line is indented too far, or a ': ' above it lacks its blank"
    elif error.context and error.context_mark and error.context_mark is not mark:
        problem = f"{problem}, {error.context} that starts at line {error.context_mark.line + 1}"
    return _place(mark, source), problem if len(problem) <= SHOWN_REASON else f"{problem[:SHOWN_REASON]}..."


@dataclass
class _Open:
    """A mapping or list whose end has not come yet; `key` waits for its value."""

    container: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None


class _Builder:
    """Puts a document together from parser events, without recursion."""

    def __init__(self, source: str) -> None:
        self.document = Document(source)
        self.started = False
        self._open: list[_Open] = []
        self._nodes = 0

    def take(self, event: yaml.Event) -> None:
        place = _place(event.start_mark, self.document.source)
        if isinstance(event, yaml.DocumentStartEvent):
            if self.started:
                self.stop(place, "a second document starts here, expected one")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, place)

    def _node(self, event: yaml.NodeEvent, place: Place) -> None:
        self.started = True
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.stop(place, f"more than {MAX_NODES} values")
        half = _SURROGATE.search(event.value) if isinstance(event, yaml.ScalarEvent) else None
        if half:
            self.stop(place, f"character U+{ord(half[0]):04X} is not allowed in YAML")
        if self._expects_key():
            self._take_key(event, place)
            return
        path = self._next_path()
        self.document.values[path] = place
        self._refuse_surprises(event, place, path)
        if isinstance(event, yaml.MappingStartEvent):
            self._enter({}, path, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter([], path, place)
        elif isinstance(event, yaml.ScalarEvent):
            self._store(self._scalar(event, place, path))
        else:
            self._store(None)

    def _enter(self, container: dict[str, Any] | list[Any], path: Path, place: Place) -> None:
        if len(self._open) >= MAX_DEPTH:
            self.stop(place, f"nested more than {MAX_DEPTH} levels deep")
        self._store(container)
        self._open.append(_Open(container, path))

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].container, dict) and self._open[-1].key is None

    def _next_path(self) -> Path:
        if not self._open:
            return ()
        parent = self._open[-1]
        return (*parent.path, len(parent.container) if parent.key is None else parent.key)

    def _store(self, value: Any) -> None:
        if not self._open:
            self.document.value = value
            return
        parent = self._open[-1]
        if isinstance(parent.container, list):
            parent.container.append(value)
        elif parent.key is not None:
            parent.container[parent.key] = value
            parent.key = None

    def _take_key(self, event: yaml.NodeEvent, place: Place) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self.stop(place, "keys must be strings")
        parent = self._open[-1]
        path: Path = (*parent.path, event.value)
        self._refuse_surprises(event, place, path)
        key = self._scalar(event, place, path)
        if not isinstance(key, str):
            self._problem(place, f"keys must be strings, got {shown(key)}", path)
        elif path in self.document.keys:
            first = self.document.keys[path].line
            self._problem(place, f"duplicate key {shown(key)}, first at line {first}", path)
        parent.key = event.value
        self.document.keys.setdefault(path, place)

    def _refuse_surprises(self, event: yaml.NodeEvent, place: Place, path: Path) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._problem(place, f"alias not allowed: {shown(f'*{event.anchor}')}", path)
            return
        if event.anchor is not None:
            self._problem(place, f"anchor not allowed: {shown(f'&{event.anchor}')}", path)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._problem(place, f"tag not allowed: {shown(tag)}", path)

    def _scalar(self, event: yaml.ScalarEvent, place: Place, path: Path) -> Any:
        text = event.value
        if event.style is not None:
            return text
        if _NULL.fullmatch(text):
            return None
        if _BOOL.fullmatch(text):
            return text.lower() == "true"
        if _AMBIGUOUS.fullmatch(text):
            self._problem(
                place, f"ambiguous number {shown(text)}: write it in decimal, or in quotes if it is text", path
            )
            return text
        if _INTEGER.fullmatch(text):
            if len(text) > MAX_DIGITS:
                self._problem(place, f"out of range: a number of {len(text)} digits", path)
                return 0
            return int(text, 0)
        if _FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text

    def _problem(self, place: Place, message: str, path: Path) -> None:
        self.document.problems.append(Problem(place, message))
        self.document.doubtful.add(path)

    def stop(self, place: Place, message: str) -> NoReturn:
        """Give up at `place`, and tell what was found before it, too."""
        raise InvalidConfigError([*self.document.problems, Problem(place, message)])
