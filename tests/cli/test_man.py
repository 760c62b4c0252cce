"""The manual page: complete, clean roff, and what it says about files is so."""

import os
import re
import shutil
import subprocess

import click
import pytest

from nnkit.cli import exit_codes, man

from .test_help import COMMANDS, unbroken

NEEDS_MAN = pytest.mark.skipif(
    not shutil.which("man") or not shutil.which("groff"), reason="man or groff is not installed"
)


@pytest.fixture(scope="module")
def page():
    return "\n".join(man._page())


@pytest.fixture(scope="module")
def rendered(page):
    """What a reader sees in a terminal of 80 columns."""
    environment = {**os.environ, "MANWIDTH": "80", "MANROFFOPT": "-rHY=0", "LC_ALL": "C.UTF-8"}
    result = subprocess.run(
        ["man", "--warnings=w", "-l", "-"], input=page, env=environment, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_every_command_and_option_has_its_place(page):
    for words, command in COMMANDS.items():
        _, _, section = page.partition(f"\\fB{man._text(' '.join(words))}\\fR ")
        section = section.split("\n.SS ")[0]
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert man._text(parameter.opts[-1]) in section, (words, parameter.opts)


@NEEDS_MAN
def test_it_reads_well_in_a_terminal(rendered):
    kept = [line for command in COMMANDS.values() for line in unbroken(command)]
    assert [line for line in rendered.splitlines() if len(line) > 80 and line.strip() not in kept] == []
    lines = [line.strip() for line in rendered.splitlines()]
    assert "nnkit - train, evaluate and look into small neural networks" in lines
    headings = [line for line in rendered.splitlines() if re.fullmatch(r"[A-Z][A-Z ]+", line)]
    assert headings == [
        *("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "FILES", "ENVIRONMENT", "EXIT STATUS")
    ]
    text = " ".join(rendered.split())
    for codes, meaning in exit_codes.rows():
        assert f"{codes} {meaning}" in text
    for words in COMMANDS:
        assert set(unbroken(COMMANDS[words])) <= set(lines)


def test_what_roff_would_obey_is_escaped():
    assert man._text(".SH hidden") == "\\&.SH hidden"
    assert man._text("'quoted") == "\\(aqquoted"
    assert man._text("a\\nb --c") == "a\\enb \\-\\-c"


def test_what_is_typed_into_a_shell_is_not_embellished(page):
    # groff 1.23 takes these for quotation marks and accents; none of them is left to it.
    assert man._text("~/.bashrc `a` ^b \"c\" 'd'") == r"\(ti/.bashrc \(gaa\(ga \(hab \(dqc\(dq \(aqd\(aq"
    text = [line for line in page.splitlines() if not line.startswith(".TH")]
    assert [line for line in text if re.search("[~`^\"']", line)] == []


def test_the_files_are_those_of_a_run(trained):
    folder, _ = trained
    kept = {path.name for path in (folder / "runs" / "quickstart").iterdir()}
    assert {name for names, _ in man._FILES for name in names.split(", ")} <= kept


def test_the_real_command_prints_it(nnkit, page):
    result = nnkit("man")
    assert (result.returncode, result.stdout, result.stderr) == (0, page + "\n", "")
