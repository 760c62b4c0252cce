"""The command line as a whole: help, versions, errors and exit codes."""

import errno
import os
import re
import subprocess
import sys

import click
import numpy as np
import pytest

from nnkit import __version__
from nnkit.cli import main
from nnkit.cli.group import adopt
from nnkit.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    FileAccessError,
    LockedError,
    NnkitError,
    NonFiniteError,
)

from .conftest import COMMAND


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from nnkit.cli.main import run; run(['--help']); "
        "print([name for name in ('numpy', 'numba', 'pydantic', 'yaml', 'tqdm') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_help_of_a_command_imports_nothing_heavy(name):
    code = (
        f"import sys; from nnkit.cli.main import run; run([{name!r}, '--help']); "
        "print([name for name in ('numpy', 'numba', 'pydantic', 'yaml', 'tqdm') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_lists_every_command(arguments, capsys):
    assert main.run(arguments) == 0
    text = capsys.readouterr().out
    for name, (_, summary) in main.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", text, re.MULTILINE)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help_with_examples(name, capsys):
    assert main.run([name, "--help"]) == 0
    assert f"    nnkit {name}" in capsys.readouterr().out


def test_the_help_of_train_names_every_built_in_config(capsys):
    from nnkit.configs import built_in_configs

    main.run(["train", "--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in built_in_configs())


def test_version(nnkit):
    result = nnkit("--version")
    assert (result.returncode, result.stdout) == (0, f"nnkit {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "nnkit: error: no such command 'trian', did you mean 'train'? (see nnkit --help)"),
        (["frobnicate"], "nnkit: error: no such command 'frobnicate' (see nnkit --help)"),
        (["train"], "nnkit: error: which CONFIG? Try: nnkit train quickstart (see nnkit train --help)"),
        (["eval"], "nnkit: error: missing argument 'CHECKPOINT' (see nnkit eval --help)"),
        (
            ["completion"],
            "nnkit: error: missing argument '{bash|zsh|fish}', choose from: bash, zsh, fish "
            "(see nnkit completion --help)",
        ),
        (["env", "x."], "nnkit: error: got unexpected extra argument (x.) (see nnkit env --help)"),
        (
            ["eval", "x", "--jsn"],
            "nnkit: error: no such option '--jsn', did you mean '--json'? (see nnkit eval --help)",
        ),
        (
            ["train", "quickstart", "--set", "lr"],
            "nnkit: error: --set lr: expected KEY=VALUE, such as optimizer.lr=0.1 (see nnkit train --help)",
        ),
    ],
)
def test_usage_errors_are_one_line(arguments, message, nnkit):
    result = nnkit(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", message + "\n")


def test_an_unknown_option_is_one_line(nnkit):
    result = nnkit("train", "quickstart", "--epoch", "3")
    assert result.returncode == 2
    assert result.stderr.startswith("nnkit: error: no such option")
    assert "--epochs" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture
def failing(monkeypatch):
    """Let `nnkit fail` raise an error."""

    def install(error):
        @click.command("fail")
        def command():
            raise error

        monkeypatch.setattr(main.LazyGroup, "get_command", lambda *_: adopt(command))
        monkeypatch.setitem(main.COMMANDS, "fail", ("", ""))

    return install


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NnkitError("it failed"), 1),
        (ConfigError("it failed"), 2),
        (DataError("it failed"), 3),
        (CheckpointError("it failed"), 4),
        (NonFiniteError("it failed"), 5),
        (FileAccessError("it failed"), 6),
        (LockedError("it failed"), 7),
    ],
)
def test_every_kind_of_error_has_its_exit_code(error, code, failing, capsys):
    failing(error)
    assert main.run(["fail"]) == code
    assert capsys.readouterr().err == "nnkit: error: it failed\n"


def test_an_error_of_the_file_system_has_exit_code_6(failing, capsys):
    failing(OSError(28, "No space left on device", "runs/a"))
    assert main.run(["fail"]) == 6
    assert capsys.readouterr().err == "nnkit: error: runs/a: No space left on device\n"


def test_an_error_without_a_number_says_what_it_says(failing, capsys):
    failing(OSError("the library cannot be loaded"))
    assert main.run(["fail"]) == 6
    assert capsys.readouterr().err == "nnkit: error: input/output: the library cannot be loaded\n"


def numpys_memory_error():
    try:
        np.empty(2**60, np.uint8)
    except MemoryError as error:
        return error


@pytest.mark.case("R28")
@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (MemoryError(), ""),
        (numpys_memory_error(), r" \(Unable to allocate .* for an array with shape .*\)"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), r" \(\[Errno 12\] Cannot allocate memory\)"),
    ],
    ids=["Python", "NumPy", "system"],
)
def test_R28_no_memory_is_one_line_with_exit_code_6(error, detail, failing, capsys):
    failing(error)
    assert main.run(["fail"]) == 6
    message = f"nnkit: error: there is not enough memory{detail}; a smaller data.batch_size needs less\n"
    assert re.fullmatch(message, capsys.readouterr().err)


def test_a_bug_is_one_line_and_says_how_to_see_more(failing, capsys):
    failing(KeyError("lost"))
    assert main.run(["fail"]) == 1
    assert capsys.readouterr().err == (
        "nnkit: error: KeyError: 'lost' (a bug in nnkit; nnkit --debug ... shows the traceback)\n"
    )


@pytest.mark.parametrize("how", ["option", "variable"])
def test_debug_shows_the_traceback(how, failing, monkeypatch):
    failing(ConfigError("it failed"))
    if how == "variable":
        monkeypatch.setenv("NNKIT_DEBUG", "1")
    with pytest.raises(ConfigError):
        main.run(["--debug", "fail"] if how == "option" else ["fail"])


def test_what_a_terminal_would_obey_is_escaped(failing, capsys):
    failing(ConfigError("red \x1b[31m and \r and \x9b; ü and 数 stay"))
    main.run(["fail"])
    assert capsys.readouterr().err == "nnkit: error: red \\x1b[31m and \\r and \\x9b; ü and 数 stay\n"


def test_an_interrupt_is_one_line(failing, capsys):
    failing(KeyboardInterrupt())
    assert main.run(["fail"]) == 130
    assert capsys.readouterr().err == "nnkit: interrupted\n"


def test_a_warning_is_one_line(capsys, monkeypatch):
    main._show_warning("careful", UserWarning, "file.py", 3)
    assert capsys.readouterr().err == "nnkit: warning: careful\n"


@pytest.mark.case("R12")
@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX's")
@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"]])
def test_R12_a_broken_pipe_is_quiet(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")
