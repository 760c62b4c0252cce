"""What an installation holds, and what the first command loads."""

import fnmatch
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def setuptools_table():
    tomllib = pytest.importorskip("tomllib", reason="reading pyproject.toml needs Python 3.11")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def files_of_the_package(table):
    """Yield (dotted package, path) for each file that an installation should hold."""
    for package, folder in table["package-dir"].items():
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield ".".join([package, *path.parent.relative_to(ROOT / folder).parts]), path


def test_every_folder_is_listed_as_a_package(setuptools_table):
    on_disk = {package for package, _ in files_of_the_package(setuptools_table)}
    with_init = {package for package, path in files_of_the_package(setuptools_table) if path.name == "__init__.py"}
    assert on_disk == with_init
    assert sorted(on_disk) == sorted(setuptools_table["packages"])


def test_every_other_file_is_package_data(setuptools_table):
    package_data = setuptools_table["package-data"]
    left_behind = [
        str(path.relative_to(ROOT))
        for package, path in files_of_the_package(setuptools_table)
        if path.suffix != ".py"
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in package_data.get(package, []))
    ]
    assert left_behind == []


def loaded_after(code: str) -> set[str]:
    """Return the top-level names of the modules that a fresh interpreter holds after running `code`."""
    report = "; import sys; print('\\n' + ' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    ended = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True, cwd=ROOT / "tests"
    )
    return set(ended.stdout.splitlines()[-1].split())


def test_the_package_alone_does_not_load_numba():
    assert loaded_after("import nnkit") & {"numba", "llvmlite"} == set()


@pytest.mark.parametrize("command", [[], ["train"], ["eval"], ["inspect-graph"], ["report"], ["runs", "ls"]])
def test_help_loads_neither_numpy_nor_numba(command):
    code = f"import sys, contextlib, nnkit.cli.main as m; sys.argv = ['nnkit', *{command}, '--help']"
    # The report is run however the command ends.
    code += "\nwith contextlib.suppress(SystemExit): m.main()\npass"
    loaded = loaded_after(code)
    assert "click" in loaded
    assert loaded & {"numpy", "numba", "llvmlite", "pydantic", "torch"} == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["configs", "ls"],
        ["data", "ls"],
        ["schema"],
        ["validate", "lenet", "rnn", "mnist_convnet"],
        ["summary", "lenet"],
        ["summary", "rnn"],
        ["train", "lenet", "--epochs", "0"],
        ["train", "--resume", "missing.safetensors"],
        ["eval", "missing.safetensors"],
        ["profile", "lenett"],
        ["inspect-graph", "lenett"],
    ],
    ids=" ".join,
)
def test_what_calculates_nothing_does_not_load_numba(arguments):
    loaded = loaded_after(f"from nnkit.cli.main import run; run({arguments})")
    assert loaded & {"numba", "llvmlite", "torch"} == set()
