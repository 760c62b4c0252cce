"""`nnkit train`, run as a user runs it."""

import json
import os
import re
import signal
import subprocess

import pytest

from .conftest import COMMAND

QUICK = ("train", "quickstart", "--threads", "1", "--no-report")


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_a_run_prints_and_leaves(trained):
    folder, result = trained
    lines = result.stdout.splitlines()
    assert lines[0] == "LeNet (61,706 parameters) on digits: 1,415 training images, 382 test images"
    assert re.split(r" {2,}", lines[2].strip()) == [
        *("epoch", "lr", "train loss", "train acc", "test loss", "test acc", "images/s", "seconds")
    ]
    assert [line.split()[0] for line in lines[3:5]] == ["1/2", "2/2"]
    assert re.fullmatch(r"test accuracy \d+\.\d\d% \(best \d+\.\d\d% after epoch \d\), \d+\.\d s in all", lines[6])
    assert lines[7] == "results are in runs/quickstart"
    assert lines[8] == "next: nnkit eval runs/quickstart/best.safetensors"
    assert lines[9:] == ["report: runs/quickstart/report.html"]
    assert files(folder) == [
        f"runs/quickstart/{name}"
        for name in (
            *("best.safetensors", "config.yaml", "confusion.png", "curves.png", "last.safetensors", "metrics.csv"),
            *("metrics.jsonl", "mistakes.png", "report.html"),
            # the checkpoint before the last one
            "step-45.safetensors",
        )
    ]


@pytest.mark.case("R14")
def test_R14_without_a_terminal_there_are_no_control_characters(trained):
    _, result = trained
    progress = r"(epoch \d/\d, \d+%: loss [\d.]+, accuracy [\d.]+%, [\d,]+ images/s(, [\d:]+ left)?\n)*"
    assert re.fullmatch(r"(compiling the kernels .*\n)?" + progress, result.stderr)
    assert re.fullmatch(r"[ -~\n]*", result.stdout)


def test_json_is_all_that_stdout_has(nnkit, tmp_path):
    result = nnkit(*QUICK, "--epochs", "1", "--json", "--output", "here")
    summary = json.loads(result.stdout)
    (line,) = [json.loads(text) for text in (tmp_path / "here" / "metrics.jsonl").read_text().splitlines()]
    assert summary["test_accuracy"] == summary["best_accuracy"] == line["test_accuracy"]
    assert (summary["output"], summary["epoch"], summary["step"]) == ("here", 1, 45)
    assert (summary["train_accuracy"], summary["validation_loss"]) == (line["train_accuracy"], None)
    assert (summary["stopped_early"], summary["ema_decay"]) == (False, None)


def test_json_has_what_only_some_runs_have(nnkit):
    settings = ("training.ema_decay=0.9", "data.validation_fraction=0.2", "training.patience=1", "optimizer.lr=1e-9")
    options = [part for setting in (*settings, "scheduler=null") for part in ("--set", setting)]
    summary = json.loads(nnkit(*QUICK, *options, "--json").stdout)
    assert (summary["ema_decay"], summary["stopped_early"]) == (0.9, True)
    assert 0 <= summary["validation_accuracy"] <= 1
    text = nnkit(*QUICK, *options).stdout
    assert "\nno better epoch for 1 epoch: stopped early\n" in text
    assert f"(best validation accuracy {summary['best_accuracy']:.2%} after epoch 1)" in text


def test_quiet_prints_nothing(nnkit):
    result = nnkit(*QUICK, "--epochs", "1", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_verbose_prints_the_config_and_the_network(nnkit):
    text = nnkit(*QUICK, "--epochs", "1", "--verbose").stdout
    assert "  kernel_size: 5\n" in text
    assert "(fc3): Linear(in_features=84, out_features=10, bias=True)" in text


def test_event_files_are_written_where_the_option_is(nnkit, tmp_path):
    result = nnkit(*QUICK, "--epochs", "1", "--tensorboard")
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("\n      tensorboard --logdir runs/quickstart\n")
    assert "runs/quickstart/tensorboard/events.out.tfevents.0000000001.nnkit" in files(tmp_path)


def test_a_folder_for_event_files_that_cannot_be_made_is_told_at_once(nnkit, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tensorboard").write_text("")
    result = nnkit(*QUICK, "--tensorboard", "--output", "out", "--quiet")
    assert (result.returncode, result.stderr) == (
        6,
        "nnkit: error: out/tensorboard: cannot be created: File exists\n",
    )


def test_options_replace_values_of_the_config(nnkit, tmp_path):
    result = nnkit(*QUICK, "--epochs", "1", "--seed", "7", "--set", "data.batch_size=64", "--output", "a b")
    assert result.returncode == 0
    assert "results are in a b\nnext: nnkit eval 'a b/best.safetensors'\n" in result.stdout
    text = (tmp_path / "a b" / "config.yaml").read_text()
    for line in ("  epochs: 1\n", "  seed: 7\n", "  batch_size: 64\n", "  threads: 1\n", "  output: a b\n"):
        assert line in text


@pytest.mark.case("R15")
def test_R15_a_config_of_ones_own(nnkit, tmp_path):
    """Terminal escapes, Windows line ends and a name that is not ASCII are no trouble."""
    from nnkit.configs import built_in_configs

    text = built_in_configs()["quickstart"].read_text(encoding="utf-8").replace("epochs: 20", "epochs: 1")
    (tmp_path / "größe.yaml").write_bytes(text.replace("\n", "\r\n").encode())
    result = nnkit("train", "größe.yaml", "--threads", "1", "--no-report", env={**os.environ, "LC_ALL": "C"})
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "runs" / "größe" / "last.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "no.yaml"], 2, "no.yaml: does not exist"),
        (["train", "quikstart"], 2, "quikstart: does not exist, unknown built-in config 'quikstart', did you mean"),
        (["train", "."], 2, ".: is a directory, expected a file"),
        ([*QUICK, "--epochs", "0"], 2, "--epochs: training.epochs: must be >= 1 and <= 1000000, got 0"),
        ([*QUICK, "--seed", "x"], 2, "--seed: training.seed: expected an integer, got 'x'"),
        ([*QUICK, "--device", "cuda"], 2, "--device: training.device: cuda cannot be used: this nnkit has no CUDA"),
        ([*QUICK, "--set", "optimizer.lr=nan"], 2, "--set optimizer.lr: must be finite, got 'nan'"),
        ([*QUICK, "--set", 'network.name="\\e[31m"'], 2, "--set network.name: unknown network '\\x1b[31m' (choose"),
        ([*QUICK, "--resume", "no.safetensors"], 4, "no.safetensors: does not exist"),
        (["train", "--resume", "no.safetensors"], 4, "no.safetensors: does not exist"),
        ([*QUICK, "--set", "training.ema_decay=1"], 2, "--set training.ema_decay: must be >= 0 and < 1, got 1"),
        ([*QUICK, "--output", "/dev/null/a"], 6, "/dev/null/a: cannot be created: Not a directory"),
        (
            [*QUICK, "--set", "optimizer={name: SGD, lr: 1e30}", "--set", "scheduler=null"],
            5,
            "the loss is nan at step 2 (epoch 1)",
        ),
    ],
)
def test_failures_are_one_line_with_their_exit_code(arguments, code, message, nnkit, tmp_path):
    result = nnkit(*arguments)
    assert result.returncode == code
    assert result.stderr.startswith(f"nnkit: error: {message}")
    assert result.stderr.count("\n") == 1
    left = [name for name in files(tmp_path) if name.endswith(("safetensors", "tmp", ".lock"))]
    # A run that has begun can be resumed from its beginning.
    assert left == (["runs/quickstart/last.safetensors"] if code == 5 else [])


def test_a_config_with_several_mistakes_has_a_line_for_each(nnkit, tmp_path):
    (tmp_path / "c.yaml").write_text("network: {name: LeNet, size: 3}\ndata: {name: digits}\nloss: {name: Los}\n")
    result = nnkit("train", "c.yaml")
    assert (result.returncode, result.stdout) == (2, "")
    assert all(line.startswith("nnkit: error: c.yaml:") for line in result.stderr.splitlines())
    assert len(result.stderr.splitlines()) == 5
    assert files(tmp_path) == ["c.yaml"]


def test_resume_goes_on_with_the_config_of_the_checkpoint(nnkit, tmp_path):
    plain = ("--set", "scheduler=null", "--set", "optimizer={name: SGD, lr: 0.01, momentum: 0.9}")
    assert nnkit(*QUICK, *plain, "--epochs", "1", "--output", "a").returncode == 0
    result = nnkit("train", "--resume", "a/last.safetensors", "--epochs", "2", "--json", "--no-report")
    assert result.returncode == 0, result.stderr
    assert nnkit(*QUICK, *plain, "--epochs", "2", "--output", "b").returncode == 0
    names = [tmp_path / folder / "metrics.jsonl" for folder in "ab"]
    resumed, whole = [[json.loads(line) for line in path.read_text().splitlines()] for path in names]
    assert [line["test_loss"] for line in resumed] == [line["test_loss"] for line in whole]
    assert json.loads(result.stdout)["output"] == "a"


def test_resuming_a_finished_run_says_so(trained, nnkit):
    folder, _ = trained
    result = nnkit("train", "--resume", "runs/quickstart/last.safetensors", cwd=folder)
    assert result.returncode == 0
    assert "already complete: 2 epochs" in result.stdout


def test_an_interrupt_ends_with_130(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, *QUICK, "--epochs", "100000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.split()[:1] == ["1/100000"]:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(
        r"nnkit: interrupted after step \d+; to go on: nnkit train --resume runs/quickstart/last.safetensors",
        errors.splitlines()[-1],
    )
    assert "last.safetensors" in " ".join(files(tmp_path))


@pytest.mark.case("R12")
def test_R12_a_reader_that_leaves_ends_the_run_quietly(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, *QUICK, "--epochs", "100000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_a_run_goes_on_from_its_folder(trained, nnkit):
    folder, _ = trained
    result = nnkit("train", "--resume", "runs/quickstart", cwd=folder)
    assert result.returncode == 0
    assert "resumed from runs/quickstart/last.safetensors, after epoch 2" in result.stdout
