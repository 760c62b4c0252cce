"""`nnkit configs`, `validate`, `schema` and `env`: what helps before a run."""

import json
import os
import subprocess
import sys

import pytest

import nnkit
from nnkit.cli.main import run
from nnkit.configs import SCHEMA_NAME, built_in_configs
from nnkit.training.config import load_config, schema_text


def out(capsys, *arguments):
    assert run([*arguments]) == 0
    return capsys.readouterr().out


def test_configs_are_listed_with_what_they_train(capsys):
    lines = out(capsys, "configs", "ls").splitlines()
    assert [line.split()[0] for line in lines] == list(built_in_configs())
    assert 'lenet          LeNet on MNIST, the network of PyTorch\'s tutorial "Neural Networks"' in lines


def test_a_config_is_shown_as_it_is(capsys):
    assert out(capsys, "configs", "show", "rnn") == built_in_configs()["rnn"].read_text()


@pytest.mark.parametrize("target", [None, "mine.yaml", "folder"])
def test_a_copy_can_be_trained_and_is_known_to_editors(target, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    path = {None: "lenet.yaml", "folder": "folder/lenet.yaml"}.get(target, target)
    assert out(capsys, "configs", "cp", "lenet", *([target] if target else [])) == f"next: nnkit train {path}\n"
    copied = tmp_path / path
    assert load_config(str(copied)).model_dump() == load_config("lenet").model_dump()
    assert copied.read_text().splitlines()[0] == f"# yaml-language-server: $schema={SCHEMA_NAME}"
    assert copied.with_name(SCHEMA_NAME).read_text() == schema_text()


def test_a_file_that_exists_is_not_overwritten(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet.yaml").write_text("mine")
    assert run(["configs", "cp", "lenet"]) == 6
    assert capsys.readouterr().err == "nnkit: error: lenet.yaml: exists already; choose another PATH\n"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("lenet.yaml", "mine")]


@pytest.mark.parametrize("action", ["show", "cp"])
def test_an_unknown_config_has_a_closest_match(action, capsys):
    assert run(["configs", action, "lenett"]) == 2
    assert "unknown built-in config 'lenett', did you mean 'lenet'?" in capsys.readouterr().err


def test_valid_configs_are_named(capsys, monkeypatch):
    # No data are read.
    monkeypatch.setenv("NNKIT_DATA_DIR", "/nowhere")
    names = list(built_in_configs())
    assert out(capsys, "validate", *names) == "".join(f"{name}: valid\n" for name in names)


def test_all_problems_of_all_configs_are_told(capsys, tmp_path):
    text = built_in_configs()["lenet"].read_text()
    (tmp_path / "a.yaml").write_text(text.replace("  lr: 0.01", "  lrr: 0.01").replace("epochs: 5", "epochs: 0"))
    (tmp_path / "b.yaml").write_text(text.replace("kernel_size: 5", "kernel_size: 30"))
    paths = [str(tmp_path / name) for name in ("a.yaml", "missing.yaml", "b.yaml")]
    assert run(["validate", "lenet", *paths]) == 2
    captured = capsys.readouterr()
    assert captured.out == "lenet: valid\n"
    lines = captured.err.splitlines()
    assert all(line.startswith("nnkit: error: ") for line in lines)
    assert [line.split(": ")[2].removeprefix(str(tmp_path)).split(":")[0] for line in lines] == [
        *("/a.yaml", "/a.yaml", "/missing.yaml", "/b.yaml")
    ]
    assert "did you mean 'lr'?" in captured.err
    assert "kernel_size must be between 1 and 10 for images of 32x32, but got 30" in captured.err


def test_options_are_checked_with_the_config(capsys):
    assert run(["validate", "lenet", "--set", "optimizer.lr=-1"]) == 2
    assert capsys.readouterr().err == "nnkit: error: --set optimizer.lr: must be > 0, got -1\n"


def test_the_schema_is_the_one_that_configs_are_checked_with(capsys):
    schema, made = json.loads(out(capsys, "schema")), json.loads(schema_text())
    # Versions of pydantic differ in details.
    assert {name: sorted(part.get("properties", {})) for name, part in schema["$defs"].items()} == {
        name: sorted(part.get("properties", {})) for name, part in made["$defs"].items()
    }
    assert schema["required"] == made["required"]
    assert (
        schema["$defs"]["TrainingConfig"]["properties"]["epochs"]["description"] == "Passes over the training images."
    )


def test_the_environment_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("NNKIT_TOLD", "yes")
    found = json.loads(out(capsys, "env", "--json"))
    assert found["nnkit"] == nnkit.__version__
    assert found["cores"] == os.cpu_count()
    assert found["threading layer"] in ("tbb", "omp", "workqueue")
    assert "NNKIT_TOLD=yes" in found["settings"]
    text = out(capsys, "env")
    assert [line.split("  ")[0] for line in text.splitlines()] == list(found)


def test_a_cache_that_is_not_used_is_told(tmp_path):
    tmp_path.chmod(0o777)
    environment = {**os.environ, "NNKIT_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", "from nnkit.cli.main import main; main()", "env", "--json"]
    found = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert found["compiled kernels"] == f"not kept: everybody can write to {tmp_path}"


def test_the_summary_of_a_config(capsys):
    lines = out(capsys, "summary").splitlines()
    assert lines[0] == "LeNet for images (N, 1, 32, 32)"
    assert lines[2].split() == ["layer", "output", "calls", "parameters", "MFLOP", "kB"]
    assert "conv2 (Conv2d)   (N, 16, 10, 10)              2,416  0.480   6.4" in lines
    assert lines[-1] == "61,706 parameters (246.8 kB), 0.833 MFLOP an image"
    (row,) = [line for line in out(capsys, "summary", "rnn").splitlines() if line.startswith("i2h")]
    assert row.split() == ["i2h", "(Linear)", "(N,", "128)", "28", "20,096", "1.118", "14.3"]


def test_the_summary_of_a_checkpoint_is_that_of_its_config(trained, capsys):
    folder, _ = trained
    path = folder / "runs" / "quickstart" / "best.safetensors"
    assert out(capsys, "summary", str(path)) == out(capsys, "summary", "quickstart")
    found = json.loads(out(capsys, "summary", str(path), "--json"))
    assert (found["network"], found["total"]["parameters"], found["total"]["flops"]) == ("LeNet", 61_706, 833_040)
    assert [layer["name"] for layer in found["layers"]] == ["", "conv1", "conv2", "fc1", "fc2", "fc3"]


@pytest.mark.parametrize("group", ["configs", "data"])
def test_a_group_alone_shows_its_help(group, capsys):
    assert out(capsys, group) == out(capsys, group, "--help")
    assert "  ls  " in out(capsys, group)
