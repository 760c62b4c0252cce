"""R1 to R6: runs that are killed or asked to end, at any moment, end with the bits of one that never was."""

import random
import signal
import subprocess
import sys
import time

import pytest
from reliability.runs import COMMAND, KINDS, begin, completed, finish, outcome, wait_for_step

OFTEN = ("--set", "checkpoint.every_steps=7")
# From before the first import of a process to some hundred steps.
SHORTEST, LONGEST = 0.1, 2.0


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Return what a run comes to that nobody stops, once for each kind and length."""
    known = {}

    def run(kind, epochs):
        if (kind, epochs) not in known:
            folder = tmp_path_factory.mktemp(kind)
            known[kind, epochs] = completed(folder, *KINDS[kind], epochs=epochs)
        return known[kind, epochs]

    return run


def kill_at_random(folder, kind, epochs, kills, chance):
    """Kill a run so many times, each time after some seconds; it goes on from its own folder.

    Returns:
        How often it could be killed before it was done.
    """
    for number in range(kills):
        # The number of threads must not matter either.
        process = begin(folder, *KINDS[kind], *OFTEN, "--resume", "auto", "--threads", 1 + number % 2, epochs=epochs)
        try:
            process.wait(chance.uniform(SHORTEST, LONGEST))
        except subprocess.TimeoutExpired:
            process.kill()
        _, errors = process.communicate(timeout=60)
        assert errors == ""
        if process.returncode == 0:
            return number
        assert process.returncode == -signal.SIGKILL
    return kills


@pytest.mark.case("R1", "R3")
@pytest.mark.parametrize("kind", KINDS)
def test_R1_R3_killed_runs_end_with_the_same_bits(kind, uninterrupted, tmp_path, full, tried):
    chance = random.Random(kind)
    epochs = 25 if kind.endswith("plan") else 6
    kills, wanted, rounds = 0, 30 if full else 2, 0
    while kills < wanted:
        folder = tmp_path / str(rounds)
        kills += kill_at_random(folder, kind, epochs, wanted - kills, chance)
        assert completed(folder, *KINDS[kind], *OFTEN, "--resume", "auto", epochs=epochs) == uninterrupted(kind, epochs)
        rounds += 1
    tried(kills)


@pytest.mark.case("R2")
def test_R2_many_kills_in_one_run(uninterrupted, tmp_path, full, tried):
    kind, wanted = "LeNet-plan", 20 if full else 5
    # A fast machine could be done with a short run before the last kill.
    for epochs in (8 * wanted, 16 * wanted, 32 * wanted):
        folder = tmp_path / str(epochs)
        kills = kill_at_random(folder, kind, epochs, wanted, random.Random(2))
        if kills == wanted:
            break
    assert kills == wanted
    assert completed(folder, *KINDS[kind], *OFTEN, "--resume", "auto", epochs=epochs) == uninterrupted(kind, epochs)
    left = sorted(path.name for path in (folder / "run").iterdir())
    assert [name.split("-")[0] for name in left] == [
        *("best.safetensors", "config.yaml", "last.safetensors", "metrics.csv", "metrics.jsonl", "step")
    ]
    tried(kills)


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        pytest.param(signal.SIGINT, 130, "interrupted", id="R4", marks=pytest.mark.case("R4")),
        pytest.param(signal.SIGTERM, 143, "terminated", id="R5", marks=pytest.mark.case("R5")),
        pytest.param(signal.SIGHUP, 129, "terminated", id="hangup"),
    ],
)
def test_signals_save_and_end(number, code, word, uninterrupted, tmp_path, full, tried):
    chance = random.Random(code)
    for attempt in range(5 if full else 1):
        folder = tmp_path / str(attempt)
        process = begin(folder, *KINDS["LeNet-plan"], *OFTEN, epochs=25)
        wait_for_step(folder, 100)
        time.sleep(chance.uniform(0, 0.2))
        process.send_signal(number)
        # Two seconds on a machine that has nothing else to do.
        out, errors = process.communicate(timeout=20)
        assert (process.returncode, out) == (code, "")
        assert errors.startswith(f"nnkit: {word} after step ")
        assert errors.endswith("; to go on: nnkit train --resume run/last.safetensors\n")
        assert errors.count("\n") == 1
        assert completed(folder, "--resume", "auto", *KINDS["LeNet-plan"], *OFTEN, epochs=25) == uninterrupted(
            "LeNet-plan", 25
        )
        tried()


@pytest.mark.case("R6")
def test_R6_three_interrupts_are_one(uninterrupted, tmp_path, full, tried):
    for attempt in range(5 if full else 1):
        folder = tmp_path / str(attempt)
        process = begin(folder, *KINDS["LeNet-plan"], "--set", "checkpoint.every_steps=1", epochs=25)
        wait_for_step(folder, 100)
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            time.sleep(0.003)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert errors.count("\n") == 1
        # One checkpoint a step until here would be another config of the run, but not another run.
        assert completed(folder, "--resume", "auto", *KINDS["LeNet-plan"], epochs=25) == uninterrupted("LeNet-plan", 25)
        assert not list((folder / "run").glob(".*"))
        tried()


def test_a_signal_before_the_first_step_ends_at_once(tmp_path):
    process = begin(tmp_path, epochs=25)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=20)
    assert (out, process.returncode) == ("", 143) or process.returncode == -signal.SIGTERM
    assert errors in ("nnkit: terminated\n", "")


@pytest.mark.case("R27")
def test_R27_a_finished_run_is_already_complete(tmp_path, tried):
    completed(tmp_path, epochs=2)
    before = outcome(tmp_path / "run")
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    process = finish(tmp_path, "--resume", "auto", epochs=2)
    assert (process.returncode, process.errors) == (0, "")
    assert outcome(tmp_path / "run") == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == files
    tried()


# In a call that takes some seconds and does not let Python in, a signal arrives.
BUSY = """
import hashlib, os, signal, sys, threading
from nnkit.cli.signals import Signals

with Signals() as signals:
    if "defer" in sys.argv:
        signals.defer()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10_000_000)
    print("went on", signals.were_received())
"""


@pytest.mark.parametrize(
    ("mode", "code", "out", "errors"), [("obey", 143, "", "nnkit: terminated\n"), ("defer", 0, "went on True\n", "")]
)
def test_a_signal_in_a_long_call(mode, code, out, errors):
    done = subprocess.run([sys.executable, "-c", BUSY, mode], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, errors)


def test_a_run_whose_reader_leaves_is_saved(tmp_path):
    settings = ("--set", "loss.label_smoothing=0.1", "--epochs", "2", "--output", "run")
    process = subprocess.Popen(
        [*COMMAND, "train", "quickstart", *settings], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141
    process.stderr.close()
    assert completed(tmp_path, *settings, "--resume", "auto") == completed(tmp_path / "whole", *settings)


def test_a_checkpoint_without_config_is_resumed_in_its_own_folder(tmp_path):
    assert completed(tmp_path / "a", "--set", "scheduler=null", epochs=1)
    command = [*COMMAND, "train", "--resume", "../a/run/last.safetensors", "--epochs", "2", "--quiet", "--no-report"]
    (tmp_path / "b").mkdir()
    subprocess.run(command, cwd=tmp_path / "b", check=True, timeout=120)
    assert list((tmp_path / "b").iterdir()) == []
    assert len(outcome(tmp_path / "a" / "run")["lines"]) == 2


# Ends by a first signal, and gets others while the interpreter cleans up.
AT_THE_END = """
import atexit, os, signal, sys, time
from nnkit.cli import main

def again():
    for _ in range(20):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)

atexit.register(again)
main.run = lambda *_: os.kill(os.getpid(), signal.SIGINT)
main.main()
"""


def test_signals_at_the_very_end_change_nothing():
    done = subprocess.run([sys.executable, "-c", AT_THE_END], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "")
