"""The plan of the house: imports go one way, and nothing outgrows its reader."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for top in ("engine", "cli", "configs") for path in (ROOT / top).rglob("*.py"))
# From the ground up. Rooms on one floor do not know each other; `nnkit` is the package's own namespace.
FLOORS = (
    ("configs", "constants", "errors", "escapes", "folders", "quantities"),
    ("registry",),
    ("files",),
    ("devices", "kernels", "settings"),
    ("accelerator", "backends", "cuda"),
    ("dtypes",),
    ("ops", "streams"),
    ("recording", "tape"),
    ("tensors",),
    ("autograd", "graph", "linalg", "random"),
    ("nn",),
    ("optim", "data", "imaging", "models", "plan", "serialization", "utils"),
    ("profiling", "vision"),
    ("training",),
    ("export", "playground", "reporting"),
    ("nnkit",),
    ("cli",),
)
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def room_of(path: Path) -> str:
    """Return the room that a file belongs to: the first folder or module below the package."""
    top, *rest = path.relative_to(ROOT).with_suffix("").parts
    room = rest[0] if top == "engine" else top
    return "nnkit" if room == "__init__" else room


def imported_rooms(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and room of each import of nnkit, wherever in the file it hides."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, room, *_ = [*name.split("."), "nnkit"]
            # The version is a fact about all rooms, and the only name that belongs to the package itself.
            if package == "nnkit" and room != "__version__":
                yield node.lineno, room if room in FLOOR else "nnkit"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_the_stairs(path):
    room = room_of(path)
    upwards = [
        f"line {line}: {room} imports {other}"
        for line, other in imported_rooms(ast.parse(path.read_text(encoding="utf-8")))
        if other != room and FLOOR[other] >= FLOOR[room]
    ]
    assert upwards == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert [node.name for node in functions if node.end_lineno - node.lineno >= 60] == []
