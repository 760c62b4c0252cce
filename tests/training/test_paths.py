"""What the paths of a user stand for, and what is said where they stand for nothing."""

from pathlib import Path

import pytest

from nnkit.configs import built_in_configs
from nnkit.errors import CheckpointError, ConfigError, FileAccessError
from nnkit.files import open_regular
from nnkit.training.paths import LAST, find_checkpoint, find_config


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "runs" / "lenet").mkdir(parents=True)
    for name in ("best.safetensors", "last.safetensors", "config.yaml"):
        (tmp_path / "runs" / "lenet" / name).touch()
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "other.yml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_folder_of_a_run_stands_for_its_checkpoint(folder):
    run = folder / "runs" / "lenet"
    assert find_checkpoint(run) == run / "best.safetensors"
    assert find_checkpoint(run, LAST) == run / "last.safetensors"
    assert find_checkpoint(run / "last.safetensors") == run / "last.safetensors"


def test_a_config_is_a_name_or_a_file(folder):
    assert find_config("rnn") == built_in_configs()["rnn"]
    assert str(find_config("mine.yaml")) == "mine.yaml"
    assert str(find_config("no/such.yaml")) == "no/such.yaml"


@pytest.mark.parametrize(
    ("find", "given", "message"),
    [
        (find_config, "runs/lenet/best.safetensors", "is a checkpoint, expected a config; try nnkit eval, or nnkit "),
        (find_config, "runs/lenet", "is a directory, expected a file, did you mean 'runs/lenet/config.yaml'?"),
        (find_config, "mine", "does not exist, did you mean 'mine.yaml'?"),
        (find_config, "other", "does not exist, did you mean 'other.yml'?"),
        (find_config, "lennet", "does not exist, unknown built-in config 'lennet', did you mean 'lenet'?"),
        (find_checkpoint, "mine.yaml", "is a config, expected a checkpoint; nnkit train makes one"),
        (find_checkpoint, "lenet", "is a built-in config, expected a checkpoint, did you mean 'runs/lenet'?"),
        (find_checkpoint, "rnn", "is a built-in config, expected a checkpoint; nnkit train rnn makes one"),
        (find_checkpoint, "runs", "is a directory, expected a file, or the folder of a run with its best.safetensors"),
    ],
)
def test_what_was_probably_meant_is_said(find, given, message, folder):
    with pytest.raises((ConfigError, CheckpointError)) as caught:
        find(given if find is find_config else Path(given))
    assert str(caught.value).startswith(f"{given}: {message}")
    assert isinstance(caught.value, ConfigError if find is find_config else CheckpointError)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("runs/lenet/best.safetensor", ", did you mean 'runs/lenet/best.safetensors'?"),
        ("mien.yaml", ", did you mean 'mine.yaml'?"),
        ("quite-another-thing", ""),
        ("no/folder/mine.yaml", ""),
        ("mine.yaml/mine.yaml", ""),
    ],
)
def test_a_missing_file_is_compared_with_those_beside_it(given, hint, folder):
    with pytest.raises(FileAccessError) as caught:
        open_regular(Path(given), FileAccessError)
    assert str(caught.value) == f"{given}: does not exist{hint}"
