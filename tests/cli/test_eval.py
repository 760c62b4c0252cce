"""`nnkit eval`, run as a user runs it."""

import json

import pytest


def metrics(folder):
    return [json.loads(line) for line in (folder / "runs/quickstart/metrics.jsonl").read_text().splitlines()]


def test_json_has_the_numbers_of_the_run_to_the_last_digit(trained, nnkit):
    folder, _ = trained
    result = nnkit("eval", "runs/quickstart/last.safetensors", "--json", cwd=folder)
    report = json.loads(result.stdout)
    last = metrics(folder)[-1]
    assert (report["accuracy"], report["loss"]) == (last["test_accuracy"], last["test_loss"])
    assert (report["epoch"], report["images"], report["network"], report["data"]) == (2, 382, "LeNet", "digits")
    confusion = report["confusion"]
    assert sum(map(sum, confusion)) == 382
    assert sum(confusion[k][k] for k in range(10)) == round(report["accuracy"] * 382)
    for k, entry in enumerate(report["classes"]):
        assert entry["name"] == str(k)
        assert entry["images"] == sum(confusion[k])
        assert entry["recall"] == pytest.approx(confusion[k][k] / sum(confusion[k]))
    assert result.stderr == ""


def test_the_text_is_a_table(trained, nnkit):
    folder, _ = trained
    lines = nnkit("eval", "runs/quickstart/best.safetensors", cwd=folder).stdout.splitlines()
    best = max(line["test_accuracy"] for line in metrics(folder))
    assert lines[0].startswith("runs/quickstart/best.safetensors: LeNet after epoch ")
    assert lines[0].endswith(", on the 382 test images of digits")
    assert lines[2] == f"accuracy  {best:.2%}"
    assert lines[5] == "class  precision   recall  images"
    assert [line.split()[0] for line in lines[6:16]] == list("0123456789")
    assert lines[18].split() == list("0123456789")
    assert [line.split()[0] for line in lines[19:29]] == list("0123456789")


def test_the_checkpoint_is_enough(trained, nnkit, tmp_path):
    folder, _ = trained
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes((folder / "runs/quickstart/best.safetensors").read_bytes())
    assert json.loads(nnkit("eval", moved, "--json").stdout)["images"] == 382


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.safetensors"], 4, "no.safetensors: does not exist"),
        (["runs"], 4, "runs: is a directory, expected a file, or the folder of a run with its best.safetensors"),
        (
            ["runs/quickstart/config.yaml"],
            4,
            "runs/quickstart/config.yaml: is a config, expected a checkpoint; nnkit train",
        ),
        (["{best}", "--data", "digit"], 2, "--data: data.name: unknown data set 'digit', did you mean 'digits'?"),
        (["{best}", "--device", "cuda"], 2, "--device: training.device: cuda cannot be used"),
        (["{best}", "--threads", "0"], 2, "--threads: training.threads: must be >= 1 and <= 1024, got 0"),
    ],
)
def test_failures_are_one_line_with_their_exit_code(arguments, code, message, trained, nnkit):
    folder, _ = trained
    result = nnkit("eval", *[part.format(best="runs/quickstart/best.safetensors") for part in arguments], cwd=folder)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(f"nnkit: error: {message}")
    assert result.stderr.count("\n") == 1


def test_a_damaged_checkpoint_is_refused(trained, nnkit, tmp_path):
    folder, _ = trained
    content = bytearray((folder / "runs/quickstart/best.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "a.safetensors").write_bytes(content)
    result = nnkit("eval", "a.safetensors")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr.startswith("nnkit: error: a.safetensors: damaged")


def test_the_folder_of_a_run_stands_for_its_best_checkpoint(trained, nnkit):
    folder, _ = trained
    named = nnkit("eval", "runs/quickstart/best.safetensors", cwd=folder)
    assert nnkit("eval", "runs/quickstart", cwd=folder).stdout == named.stdout
