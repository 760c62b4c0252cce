"""Help: its sections, its examples, its layout, and options wherever they stand."""

import contextlib
import inspect
import itertools
import os
import re
import shlex
from pathlib import Path

import click
import pytest

from nnkit import __version__, errors
from nnkit.cli import exit_codes, main
from nnkit.cli.group import Group

README = Path(__file__).parent.parent.parent / "README.md"


def every_command(command=main.cli, path=("nnkit",)):
    """Yield (words, command) for nnkit, its commands, and theirs."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from every_command(command.get_command(context, name), (*path, name))


COMMANDS = dict(every_command())
NAMES = [pytest.param(words, id=" ".join(words)) for words in COMMANDS]


def help_of(words, capsys):
    assert main.run([*words[1:], "--help"]) == 0
    return capsys.readouterr().out


def examples_in(text):
    """Return the lines below "Examples:", without their indentation."""
    lines = text.split("Examples:\n")[1].splitlines()
    return [line.strip() for line in itertools.takewhile(str.strip, lines)]


def test_every_command_is_in_one_section():
    listed = [name for names in main.SECTIONS.values() for name in names]
    assert [listed.count(name) for name in main.COMMANDS] == [1] * len(main.COMMANDS)


def test_the_help_begins_with_what_to_do_and_ends_with_the_exit_codes(capsys):
    text = help_of(("nnkit",), capsys)
    assert text.startswith(
        """\
Usage: nnkit [OPTIONS] COMMAND [ARGS]...

  Train, evaluate and look into small neural networks.

  Options may stand anywhere on the line.

  Examples:
    nnkit train quickstart
    nnkit eval runs/quickstart/best.safetensors
    nnkit train --help

Options:
  --version   Print the version.
  --debug     Show the traceback of an error.
  -h, --help  Show this message and exit.

Train:
"""
    )
    assert text.endswith(
        """\
Exit codes:
  0              done
  1              a bug of nnkit
  2              wrong usage or config
  3              data missing or damaged
  4              checkpoint damaged or unfit, or not to be exported
  5              the loss or a gradient became NaN or infinite
  6              the file system refused, or there is not enough memory
  7              another run has the folder, or another program the port
  129, 130, 143  ended by SIGHUP, SIGINT (Ctrl-C) or SIGTERM
  141            the reader of the output went away
"""
    )


@pytest.mark.parametrize("words", NAMES)
def test_every_command_has_examples_that_parse(words, capsys):
    examples = examples_in(help_of(words, capsys))
    assert examples
    for example in examples:
        # What is behind a pipe, or a redirection, is the shell's.
        program, *arguments = itertools.takewhile(lambda word: word not in ("|", ">"), shlex.split(example))
        assert program == "nnkit"
        assert tuple(arguments[: len(words) - 1]) == words[1:]
        # `--help` and `--version` end here.
        with contextlib.suppress(click.exceptions.Exit):
            parse(arguments)


def parse(words):
    """Parse a command line down to the command that would run; raise what click does if it cannot."""
    with contextlib.ExitStack() as contexts:
        context = contexts.enter_context(main.cli.make_context("nnkit", words))
        while isinstance(context.command, click.Group) and (rest := [*context._protected_args, *context.args]):
            name, command, rest = context.command.resolve_command(context, rest)
            context = contexts.enter_context(command.make_context(name, rest, parent=context))


def unbroken(command):
    """Return the lines of a command's help that are shown as they are written."""
    paragraphs = inspect.cleandoc(command.help).split("\n\n")
    return [line.strip() for text in paragraphs if text.startswith("\b") for line in text.splitlines()[1:]]


@pytest.mark.parametrize("words", NAMES)
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_help_fits_the_terminal(words, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = help_of(words, capsys).splitlines()
    kept = unbroken(COMMANDS[words])
    # A word is never broken, nor an option with its choices.
    too_wide = [line.strip() for line in lines if len(line) > min(columns, 80) and " " in line.strip()]
    assert [line for line in too_wide if line not in kept and not re.fullmatch(r"-\S+ \[\S+\]", line)] == []


@pytest.mark.parametrize("words", [words for words in COMMANDS if len(words) == 3], ids=" ".join)
def test_summaries_are_not_cut(words):
    assert not COMMANDS[words].get_short_help_str(limit=66).endswith("...")


def test_groups_of_commands_are_of_one_kind():
    assert [words for words, command in COMMANDS.items() if isinstance(command, click.Group)] == [
        words for words, command in COMMANDS.items() if isinstance(command, Group)
    ]


def test_the_summaries_of_the_table_are_those_of_the_commands():
    for name, (_, summary) in main.COMMANDS.items():
        assert summary.endswith(".")
        assert len(f"  {name:<14}{summary}") <= 78


def test_the_exit_codes_are_those_of_the_errors():
    codes = {code for codes, _ in exit_codes.EXIT_CODES for code in codes}
    kinds = [errors.NnkitError, *errors.NnkitError.__subclasses__()]
    assert {kind.exit_code for kind in kinds} | {0, 129, 130, 141, 143} == codes
    assert click.UsageError.exit_code == errors.ConfigError.exit_code


def test_the_exit_codes_of_the_readme_are_the_same():
    table = re.findall(r"^\| ([0-9, ]+) \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert table == exit_codes.rows()


@pytest.mark.parametrize("order", list(itertools.permutations([["train"], ["lenet"], ["--epochs", "1"], ["--json"]])))
def test_options_may_stand_anywhere(order, monkeypatch):
    called = []
    module = __import__("nnkit.cli.train", fromlist=["command"])
    monkeypatch.setattr(module.command, "callback", lambda **values: called.append(values))
    words = [word for part in order for word in part]
    # A line that begins with a word begins with a command.
    if words[0] == "lenet":
        assert main.run(words) == 2
        assert called == []
    else:
        assert main.run(words) == 0
        assert [(each["config"], each["epochs"], each["as_json"]) for each in called] == [("lenet", "1", True)]


@pytest.mark.parametrize(
    ("words", "output", "config"),
    [
        ("--output runs train lenet", "runs", "lenet"),
        ("--debug --set data.name=digits --output man train lenet", "man", "lenet"),
        ("--output=runs train train", "runs", "train"),
        ("--output train train lenet", "train", "lenet"),
        ("--output runs train -- lenet", "runs", "lenet"),
        ("--output runs train lenet --epochs 2 --quiet", "runs", "lenet"),
    ],
)
def test_a_value_may_be_called_as_a_command(words, output, config, monkeypatch):
    called = []
    module = __import__("nnkit.cli.train", fromlist=["command"])
    monkeypatch.setattr(module.command, "callback", lambda **values: called.append(values))
    assert main.run(words.split()) == 0
    assert [(each["output"], each["config"]) for each in called] == [(output, config)]


@pytest.mark.parametrize(
    "words",
    [
        ["--debug", "configs", "show", "nothing"],
        ["configs", "--debug", "show", "nothing"],
        ["configs", "show", "--debug", "nothing"],
        ["configs", "show", "nothing", "--debug"],
    ],
    ids=" ".join,
)
def test_debug_may_stand_anywhere(words):
    with pytest.raises(click.UsageError):
        main.run(words)
    assert main.run([word for word in words if word != "--debug"]) == 2


@pytest.mark.parametrize("words", [["--version"], ["train", "--version"], ["--version", "configs", "ls"]], ids=" ".join)
def test_the_version_may_be_asked_for_anywhere(words, capsys):
    assert main.run(words) == 0
    assert capsys.readouterr().out == f"nnkit {__version__}\n"


def test_what_is_behind_two_dashes_is_no_option(capsys):
    assert main.run(["train", "--", "--debug"]) == 2
    assert capsys.readouterr().err.startswith("nnkit: error: --debug: does not exist")


def test_a_misspelt_command_of_a_group_is_told_like_others(capsys):
    assert main.run(["configs", "lss"]) == 2
    message = "nnkit: error: no such command 'lss', did you mean 'ls'? (see nnkit configs --help)\n"
    assert capsys.readouterr().err == message


def test_help_through_the_real_command_in_a_narrow_terminal(nnkit):
    result = nnkit("profile", "--help", env={**os.environ, "COLUMNS": "30"})
    assert result.returncode == 0
    assert max(len(line) for line in result.stdout.splitlines() if "nnkit profile" not in line) <= 30
