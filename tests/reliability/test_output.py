"""What is printed where it cannot be: to readers that leave, full disks, closed streams, and in other alphabets."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from nnkit.cli.main import main; main()"]
QUICK = ["train", "quickstart", "--threads", "1", "--epochs", "1", "--no-report"]
BEST = "runs/quickstart/best.safetensors"
RESULTS = ["best.safetensors", "config.yaml", "last.safetensors", "metrics.csv", "metrics.jsonl"]
PRINTING = {
    "help": ["--help"],
    "eval": ["eval", BEST],
    "inspect-graph": ["inspect-graph", "quickstart"],
    "profile": ["profile", "quickstart", "--steps", "2", "--threads", "1"],
}
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


def run(arguments, folder, redirection="", **environment):
    """Run nnkit with its streams redirected as in a shell; return the exit code and what came out all the same."""
    script = f'exec "$@" {redirection}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=300,
    )
    # The first command ever on a machine says what it waits for.
    errors = re.sub(r"compiling the kernels .*\n", "", done.stderr.decode())
    return done.returncode, done.stdout.decode(), re.sub(r"epoch \d/\d, \d+%: .*\n", "", errors)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a run in it."""
    folder = tmp_path_factory.mktemp("trained")
    assert run(QUICK, folder)[::2] == (0, "")
    return folder


def last_line(folder):
    lines = [json.loads(line) for line in (folder / "runs/quickstart/metrics.jsonl").read_text().splitlines()]
    return lines[-1]["epoch"], lines[-1]["test_loss"]


@pytest.mark.case("R12")
@pytest.mark.parametrize("name", ["train", *PRINTING])
def test_R12_a_reader_that_leaves(name, trained, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    arguments, folder = (QUICK, tmp_path) if name == "train" else (PRINTING[name], trained)
    try:
        done = subprocess.run([*COMMAND, *arguments], cwd=folder, stdout=writer, stderr=subprocess.PIPE, timeout=300)
    finally:
        os.close(writer)
    errors = re.sub(r"compiling the kernels .*\n", "", done.stderr.decode())
    assert (done.returncode, errors) == (141, "")


@needs_full
@pytest.mark.case("R13")
@pytest.mark.parametrize(
    ("redirection", "warned", "options"),
    [
        (">/dev/full", "No space left on device", ["--json"]),
        (">&-", "Bad file descriptor", ["--verbose"]),
        ("2>/dev/full", "", []),
        ("2>&-", "", []),
        (">/dev/full 2>&1", "", []),
        ("<&- >&- 2>&-", "", []),
    ],
)
def test_R13_training_goes_on_where_nobody_can_be_told(redirection, warned, options, trained, tmp_path):
    code, output, errors = run([*QUICK, *options], tmp_path, redirection)
    assert code == 0
    expected = f"nnkit: warning: standard output cannot be written: {warned}; the run goes on without it\n"
    assert errors == (expected if warned else "")
    assert bool(output) == redirection.startswith("2")
    assert sorted(path.name for path in (tmp_path / "runs/quickstart").iterdir()) == RESULTS
    assert last_line(tmp_path) == last_line(trained)


@needs_full
@pytest.mark.case("R13")
@pytest.mark.parametrize(
    ("redirection", "reason", "name"),
    [(">/dev/full", "No space left on device", name) for name in PRINTING]
    + [(">&-", "Bad file descriptor", name) for name in ("help", "eval")],
)
def test_R13_a_command_that_can_only_print_fails(redirection, reason, name, trained):
    code, _, errors = run(PRINTING[name], trained, redirection)
    assert code == 6
    assert re.fullmatch(rf"nnkit: error: [^\n]*: {reason}\n", errors)


@needs_full
@pytest.mark.case("R13")
@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", ">&- 2>&-"])
def test_R13_an_error_keeps_its_exit_code(redirection, tmp_path):
    assert run(["eval", "no.safetensors"], tmp_path, redirection) == (4, "", "")
    assert run(["train", "no.yaml"], tmp_path, redirection) == (2, "", "")


@pytest.mark.case("R14")
@pytest.mark.parametrize("name", ["train", *PRINTING])
def test_R14_no_control_characters_without_a_terminal(name, trained, tmp_path):
    arguments, folder = ([*QUICK, "--verbose"], tmp_path) if name == "train" else (PRINTING[name], trained)
    code, output, errors = run(arguments, folder)
    assert (code, errors) == (0, "")
    assert re.fullmatch(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f]+", output)


@pytest.mark.case("R14")
@pytest.mark.parametrize("arguments", [["train"], ["eval"], [], ["train", "quickstart", "--set"]])
def test_R14_control_characters_of_arguments_are_escaped(arguments, tmp_path):
    code, output, errors = run([*arguments, "\x1b[31m\r\x07\x9b"], tmp_path)
    assert (code, output) == (4 if arguments == ["eval"] else 2, "")
    assert re.fullmatch(r"nnkit: error: [ -~]*\\x1b\[31m\\r\\x07\\x9b[ -~]*\n", errors)


WITHOUT = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LOCALES = [
    pytest.param({"LC_ALL": "POSIX"}, id="R15-POSIX"),
    pytest.param({"PYTHONIOENCODING": "latin-1"}, id="R15-Latin-1"),
    # Names that are not of the encoding come as lone surrogates, which no UTF-8 has.
    pytest.param({"LC_ALL": "C", **WITHOUT}, id="R15-C-without-UTF-8"),
]


@pytest.mark.case("R15")
@pytest.mark.parametrize("variables", LOCALES)
def test_R15_other_alphabets(variables, tmp_path):
    from nnkit.configs import built_in_configs

    folder = tmp_path / "Größe-数字"
    folder.mkdir()
    (folder / "Größe-数字.yaml").write_bytes(built_in_configs()["quickstart"].read_bytes())

    def nnkit(*arguments):
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=folder, env={**os.environ, **variables}, capture_output=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    path = "Größe-数字/best.safetensors"
    more = ("--epochs", "1", "--threads", "1", "--verbose", "--no-report")
    shown = nnkit("train", "Größe-数字.yaml", *more, "--output", path[:-17])
    assert b"results are in Gr" in shown
    assert sorted(each.name for each in (folder / path).parent.iterdir()) == RESULTS
    assert b" after epoch 1, on the 382 test images of digits" in nnkit("eval", path)
    assert b"results are in Gr" in nnkit("train", "--resume", "Größe-数字/last.safetensors")
    shown = nnkit("train", "Größe-数字/config.yaml", "--output", "runs/Größe", "--epochs", "1")
    assert b"results are in runs/Gr" in shown
    assert b"report: runs/Gr" in shown
    assert "Größe" in (folder / "runs/Größe/report.html").read_text(encoding="utf-8")


@pytest.mark.case("R15")
def test_R15_what_an_alphabet_does_not_have_is_escaped(tmp_path):
    done = subprocess.run(
        [*COMMAND, "eval", "Größe-数字"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
    )
    assert done.returncode == 4
    assert done.stderr.decode("latin-1") == "nnkit: error: Größe-\\u6570\\u5b57: does not exist\n"


# Trains once, then again and again with less memory than the larger batches need.
STARVED = """
import resource, sys
from pathlib import Path
from nnkit.cli import main
from nnkit.training import checkpoint as checkpoints

LESS = [int(number) for number in sys.argv[1:]]
LARGE = ["--set", "data.batch_size=1400", "--quiet", "--threads", "1", "--epochs", "1", "--no-report"]
assert main.run(["train", "quickstart", *LARGE, "--output", "out"]) == 0
best = Path("out/best.safetensors").read_bytes()
for megabytes in LESS:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (megabytes << 20), -1))
    code = main.run(["train", "quickstart", *LARGE, "--set", "training.plan=false", "--output", "out"])
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    # The last one is that of the run before, or the beginning of this one.
    checkpoints.load(Path("out/last.safetensors"))
    print(code, best == Path("out/best.safetensors").read_bytes())
print(main.run(["train", "quickstart", *LARGE, "--output", "out"]))
"""


@pytest.mark.case("R28")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit and what counts is Linux's")
def test_R28_too_little_memory(tmp_path, full, tried):
    limits = [str(number) for number in (range(2, 26, 2) if full else (4, 12, 24))]
    done = subprocess.run(
        [sys.executable, "-c", STARVED, *limits], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    tried(len(limits))
    *outcomes, last = done.stdout.splitlines()
    assert outcomes == ["6 True"] * len(limits), done.stderr
    assert last == "0"
    errors = [line for line in done.stderr.splitlines() if not line.startswith("compiling")]
    assert len(errors) == len(limits)
    for line in errors:
        assert re.fullmatch(r"nnkit: error: there is not enough memory.*; a smaller data.batch_size needs less", line)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.endswith(".tmp")]
