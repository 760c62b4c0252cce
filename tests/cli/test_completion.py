"""Completion: what is offered, and the scripts in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from nnkit.cli import completion, main, suggestions
from nnkit.configs import built_in_configs

from .conftest import COMMAND
from .terminal import Terminal

NAMES = list(built_in_configs())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a config, a run and other files, in which completions are asked for."""
    (tmp_path / "runs" / "my run").mkdir(parents=True)
    (tmp_path / "runs" / "my run" / "best.safetensors").touch()
    (tmp_path / "mine.yaml").write_text("optimizer: {name: RMSprop, lr: 0.5}\ndata: {name: digits}\n")
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offered(folder, monkeypatch):
    """Return what fish would be offered behind what was typed: the values."""

    def ask(typed, shell="fish"):
        monkeypatch.setenv("COMP_TYPED", typed)
        completer = completion._completer(shell)
        return [line.split("\t")[0] for line in completer.complete().splitlines()]

    return ask


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("nnkit", list(main.COMMANDS)),
        ("nnkit ", list(main.COMMANDS)),
        ("nnkit tr", ["train"]),
        ("/opt/bin/nnkit tr", ["train"]),
        ("nnkit --debug tr", ["train"]),
        ("nnkit --ver", ["--version"]),
        ("nnkit configs ", ["cp", "ls", "show"]),
        ("nnkit configs show r", ["rnn"]),
        ("nnkit train le", ["lenet", "lenet_best"]),
        ("nnkit train --json le", ["lenet", "lenet_best"]),
        ("nnkit train 'le", ["lenet", "lenet_best"]),
        ("nnkit train m", ["mnist_convnet", "mine.yaml"]),
        ("nnkit train ", [*NAMES, "mine.yaml", "runs/"]),
        ("nnkit train lenet --see", ["--seed"]),
        ("nnkit train lenet --json --see", ["--seed"]),
        ("nnkit train lenet --output ", ["runs/"]),
        ("nnkit train lenet --resume a", ["auto"]),
        ("nnkit train lenet --resume runs/m", ["runs/my run/"]),
        ("nnkit train lenet --device ", ["cpu"]),
        ("nnkit validate lenet r", ["rnn", "runs/"]),
        ("nnkit eval ", ["runs/"]),
        ("nnkit eval runs/", ["runs/my run/"]),
        ("nnkit eval runs/my\\ run/", ["runs/my run/best.safetensors"]),
        ("nnkit eval ./runs/my\\ run/", ["./runs/my run/best.safetensors"]),
        ("nnkit eval missing/", []),
        ("nnkit eval --data ", ["digits", "fashion_mnist", "mnist"]),
        ("nnkit eval --data=m", ["--data=mnist"]),
        ("nnkit summary r", ["rnn", "runs/"]),
        ("nnkit summary .", [".hidden/"]),
        ("nnkit inspect-graph --format d", ["dot"]),
        ("nnkit data show digits --split ", ["train", "test"]),
        ("nnkit data show digits --png n", ["notes.txt"]),
        ("nnkit completion ", ["bash", "zsh", "fish"]),
        ("nnkit trian ", list(main.COMMANDS)),
        ("nnkit train lenet --set optimizer.", [f"optimizer.{key}=" for key in
            ("name", "lr", "momentum", "dampening", "weight_decay", "nesterov")]),
        ("nnkit train --set optimizer.a", ["optimizer.amsgrad=", "optimizer.alpha="]),
        ("nnkit train mine.yaml --set optimizer.a", ["optimizer.alpha="]),
        ("nnkit train lenet --set optimizer.name=Adam --set optimizer.b", ["optimizer.betas="]),
        ("nnkit train missing.yaml --set optimizer.b", ["optimizer.betas="]),
        ("nnkit train notes.txt --set optimizer.b", ["optimizer.betas="]),
        ("nnkit train lenet --set optimizer.name=Adam", ["optimizer.name=Adam", "optimizer.name=AdamW"]),
        ("nnkit train lenet --set=optimizer.name=Adam", ["--set=optimizer.name=Adam", "--set=optimizer.name=AdamW"]),
        ("nnkit train lenet --set training.plan=", ["training.plan=true", "training.plan=false"]),
        ("nnkit train lenet --set training.device=", ["training.device=cpu"]),
        ("nnkit train mine.yaml --set optimizer.lr=", ["optimizer.lr=0.01", "optimizer.lr=0.5"]),
        ("nnkit profile lenet --set data.augment.s", ["data.augment.shift=", "data.augment.scale="]),
        ("nnkit profile lenet --set nothing.at.all=", []),
    ],
)  # fmt: skip
def test_what_is_offered(typed, expected, offered):
    assert offered(typed) == expected


def test_keys_are_those_that_a_config_may_have(offered):
    from nnkit.training.config import load_config

    leaves = {key for section, values in load_config("lenet").model_dump().items() for key in _leaves(section, values)}
    assert leaves - {key.removesuffix("=") for key in offered("nnkit train lenet --set ")} == {"data.augment"}


def _leaves(prefix, value):
    if not isinstance(value, dict):
        return [prefix]
    return [leaf for key, inner in value.items() for leaf in _leaves(f"{prefix}.{key}", inner)]


def test_what_a_terminal_would_obey_is_never_offered(offered, folder):
    (folder / "red\x1b[31m.yaml").touch()
    (folder / "two\nlines.yaml").touch()
    (folder / "mine.yaml").write_text('optimizer: {name: SGD, lr: "1\\n$(reboot)"}\n')
    assert offered("nnkit train r") == ["rnn", "runs/"]
    assert offered("nnkit train t") == []
    assert offered("nnkit train mine.yaml --set optimizer.lr=") == ["optimizer.lr=0.001"]
    (folder / "mine.yaml").write_text("optimizer: {name: SGD, lr: $(reboot)}\n")
    assert offered("nnkit train mine.yaml --set optimizer.lr=$", "bash") == [r"\$\(reboot\) "]


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.yaml")
    environment = {**os.environ, "_NNKIT_COMPLETE": "fish_complete", "COMP_TYPED": "nnkit train pipe.yaml --set loss."}
    result = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    assert "loss.name=" in result.stdout


def test_every_file_and_name_on_a_command_line_is_completed():
    kinds = {"config", "configs", "checkpoint", "images", "source", "run", "runs", "settings", "data", "device"}
    for name in main.COMMANDS:
        command = main.cli.get_command(click.Context(main.cli), name)
        for parameter in command.params:
            if parameter.name in kinds:
                assert parameter._custom_shell_complete, f"{name}: {parameter.name}"


def test_images_are_those_that_are_read():
    from nnkit.imaging import SUFFIXES

    assert suggestions.IMAGES == SUFFIXES


def test_completion_imports_nothing_heavy(folder):
    heavy = "('numpy', 'numba', 'pydantic', 'tqdm', 'platformdirs')"
    code = f"""
import sys
from nnkit.cli.completion import answer
assert answer("fish_complete") == 0
print([name for name in {heavy} if name in sys.modules])
"""
    for typed in ("nnkit ", "nnkit train lenet --set optim", "nnkit eval ", "nnkit eval --data "):
        environment = {**os.environ, "COMP_TYPED": typed}
        result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert result.stdout.splitlines()[-1] == "[]", result.stderr


def test_an_unknown_shell_is_one_line(nnkit):
    result = nnkit("completion", "tcsh")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "'bash', 'zsh', 'fish'" in result.stderr


@pytest.fixture
def in_shell(folder):
    """An environment in which shells find nnkit."""
    program = folder / "bin" / "nnkit"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom nnkit.cli.main import main\nmain()\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "xterm", "HOME": str(folder)}


def needs(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


# What bash offers, with the part that it would put in place of the last of its own words.
_ASK_BASH = """
eval "$(nnkit completion bash)"
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
COMP_LINE=$1 COMP_POINT=${#1}
_nnkit_completion nnkit
printf '[%s]' "${COMPREPLY[@]}"
"""


@needs("bash")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("nnkit tr", "[train ]"),
        ("nnkit eval ru", "[runs/]"),
        ("nnkit eval runs/my", r"[runs/my\ run/]"),
        (r"nnkit eval runs/my\ run/", r"[runs/my\ run/best.safetensors ]"),
        ("nnkit train lenet --set optimizer.n", "[optimizer.name=][optimizer.nesterov=]"),
        ("nnkit train lenet --set optimizer.name=S", "[SGD ]"),
        ("nnkit train lenet --set=optimizer.name=S", "[SGD ]"),
        ("nnkit eval --data=di", "[digits ]"),
    ],
)
def test_bash_is_given_what_follows_its_word_breaks(typed, expected, in_shell):
    command = ["bash", "--norc", "--noprofile", "-c", _ASK_BASH, "bash", typed]
    result = subprocess.run(command, env=in_shell, capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == (expected, "")


# Before 4.4 bash does not know the option nosort, nor may it have compopt.
_OLD_BASH = """
complete() { [[ "$*" != *nosort* ]] && builtin complete "$@"; }
compopt() { return 1; }
eval "$(nnkit completion bash)"
builtin complete -p nnkit
"""


@needs("bash")
def test_an_older_bash_completes_as_well(in_shell):
    command = ["bash", "--norc", "--noprofile", "-c", _OLD_BASH]
    result = subprocess.run(command, env=in_shell, capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("complete -o nospace -F _nnkit_completion nnkit\n", "")


@needs("fish")
def test_fish_is_given_values_and_their_meaning(in_shell):
    asked = ("nnkit tr", "nnkit eval runs/my", "nnkit train lenet --set optimizer.name=S", "nnkit train --set=loss.n")
    script = "\n".join(["nnkit completion fish | source", *(f'complete -C "{typed}"' for typed in asked)])
    command = ["fish", "--no-config", "-c", script]
    result = subprocess.run(command, env=in_shell, capture_output=True, text=True, timeout=60)
    assert result.stdout.splitlines() == [
        "train\tTrain a network from a config.",
        "runs/my run/",
        "optimizer.name=SGD",
        "--set=loss.name=",
    ]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["bash", "--norc", "--noprofile", "-i"], marks=needs("bash"), id="bash"),
        pytest.param(["zsh", "-f", "-i"], marks=needs("zsh"), id="zsh"),
    ],
)
def test_what_is_typed_with_tabs_runs(command, in_shell, folder):
    environment = {**in_shell, "PS1": "ready> ", "INPUTRC": os.devnull}
    with Terminal(command, env=environment, cwd=folder) as terminal:
        terminal.wait_for("ready> ")
        terminal.type(f'eval "$(nnkit completion {command[0]})"; echo source"d"\n')
        terminal.wait_for("sourced")
        for typed, shown in (
            ("nnkit conf\t", "configs "),
            ("sho\t", "show "),
            ("rn\t", "rnn "),
            ("> shown.txt; echo don'e'\n", "done"),
            ("nnkit val\t", "validate "),
            ("lenet --se\t", "--set "),
            ("optimizer.na\t", "name="),
            ("RM\t", "RMSprop "),
            ("> validated.txt 2>&1; echo agai'n'\n", "again"),
            ("nnkit eval run\t", "runs/"),
            ("\t", "run/"),
            ("\t", "best.safetensors "),
            ("> evaluated.txt 2>&1; echo en'd'\n", "end"),
        ):
            terminal.type(typed)
            terminal.wait_for(shown)
    assert Path("shown.txt").read_text() == built_in_configs()["rnn"].read_text()
    # RMSprop has no nesterov; what matters is that the value came whole.
    assert "optimizer.nesterov" in Path("validated.txt").read_text()
    assert "runs/my run/best.safetensors: " in Path("evaluated.txt").read_text()
