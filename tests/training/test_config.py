"""Configs: what is accepted, and how each mistake is explained."""

import math
from pathlib import Path

import pytest
import yaml

from nnkit.configs import built_in_configs
from nnkit.errors import ConfigError
from nnkit.training.build import check_components
from nnkit.training.config import Override, check, load_config, to_yaml
from nnkit.training.paths import find_config
from nnkit.training.yaml_loader import InvalidConfigError, parse

CONFIG = """\
network:
  name: LeNet
data: {name: digits, batch_size: 32}
optimizer:
  name: SGD
  lr: 1e-3
  momentum: 0.9
loss: {name: CrossEntropyLoss}
training:
  epochs: 2
"""


def load(text=CONFIG, **settings):
    """Return a config; a setting `optimizer__lr="3"` is `--set optimizer.lr=3`."""
    keys = [(name.replace("__", "."), value) for name, value in settings.items()]
    overrides = [Override.from_text(key, value, f"--set {key}") for key, value in keys]
    return check(parse(text, "c.yaml"), overrides)


def problems(text=CONFIG, **settings):
    with pytest.raises(InvalidConfigError) as caught:
        load(text, **settings)
    return str(caught.value).split("\n")


def test_defaults_are_those_of_the_constructors():
    config = load()
    assert config.network.arguments() == {"kernel_size": 5, "num_classes": 10}
    assert config.optimizer.arguments() == {
        "lr": 0.001,
        "momentum": 0.9,
        "dampening": 0,
        "weight_decay": 0,
        "nesterov": False,
    }
    assert config.scheduler is None
    assert (config.training.seed, config.training.device, config.training.threads) == (0, "cpu", None)


@pytest.mark.parametrize("name", built_in_configs())
def test_built_in_configs_work_and_survive_a_round_trip(name):
    config = load_config(name)
    check_components(config)
    assert check(parse(to_yaml(config), "again.yaml")).model_dump() == config.model_dump()


@pytest.mark.parametrize("name", built_in_configs())
def test_built_in_configs_mean_the_same_in_older_yaml(name):
    # Of 5e-4 YAML 1.1 makes text, and editors and checkers that read it would object.
    text = built_in_configs()[name].read_text(encoding="utf-8")
    assert yaml.safe_load(text) == parse(text, name).value


@pytest.mark.parametrize("name", built_in_configs())
def test_built_in_configs_open_with_their_command_and_what_to_expect(name):
    lines = built_in_configs()[name].read_text(encoding="utf-8").splitlines()
    assert f"#   nnkit train {name}" in lines[:5]
    assert any(line.startswith("# Expect: ") for line in lines[:6])


def test_bom_and_windows_line_ends_are_accepted(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    assert load_config(str(path)).model_dump() == load().model_dump()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"optimizer__lr": '"abc"'}, "--set optimizer.lr: expected a number, got 'abc'"),
        ({"optimizer__lr": "true"}, "--set optimizer.lr: expected a number, got true"),
        ({"optimizer__lr": ".nan"}, "--set optimizer.lr: must be finite, got nan"),
        ({"optimizer__lr": "nan"}, "--set optimizer.lr: must be finite, got 'nan'"),
        ({"optimizer__lr": "-.inf"}, "--set optimizer.lr: must be finite, got -inf"),
        ({"optimizer__lr": "1e999"}, "--set optimizer.lr: must be finite, got inf"),
        ({"optimizer__lr": "-1"}, "--set optimizer.lr: must be > 0, got -1"),
        ({"optimizer__lr": "0"}, "--set optimizer.lr: must be > 0, got 0"),
        ({"optimizer__momentum": "1.5"}, "--set optimizer.momentum: must be >= 0 and < 1, got 1.5"),
        ({"optimizer__nesterov": "on"}, "--set optimizer.nesterov: expected true or false, got 'on'"),
        ({"training__epochs": "0"}, "--set training.epochs: must be >= 1 and <= 1000000, got 0"),
        ({"training__epochs": "2.5"}, "--set training.epochs: expected an integer, got 2.5"),
        ({"training__epochs": "2.0"}, "--set training.epochs: expected an integer, got 2.0"),
        ({"training__epochs": "true"}, "--set training.epochs: expected an integer, got true"),
        ({"training__epochs": "null"}, "--set training.epochs: expected an integer, got null"),
        ({"training__seed": "-1"}, f"--set training.seed: must be >= 0 and <= {2**63 - 1}, got -1"),
        ({"data__batch_size": "1000000000000"}, "--set data.batch_size: must be >= 1 and <= 65536, got 1000000000000"),
        ({"data__batch_size": "9" * 5000}, "--set data.batch_size: out of range: a number of 5000 digits"),
        ({"data__validation_fraction": "1"}, "--set data.validation_fraction: must be >= 0 and < 1, got 1"),
        ({"data__augment__shift": "-1"}, "--set data.augment.shift: must be >= 0 and <= 64, got -1"),
        ({"data__augment__rotation": "181"}, "--set data.augment.rotation: must be >= 0 and <= 180, got 181"),
        ({"data__augment__scale": "1"}, "--set data.augment.scale: must be >= 0 and <= 0.9, got 1"),
        ({"data__augment__elastic": ".inf"}, "--set data.augment.elastic: must be finite, got inf"),
        ({"data__augment": "2"}, "--set data.augment: expected a mapping, got 2"),
        ({"data__augment__shfit": "2"}, "--set data.augment.shfit: unknown key, did you mean 'shift'?"),
        ({"data__shift": "2"}, "--set data.shift: unknown key, it belongs in 'data.augment'"),
        (
            {"training__threads": "010"},
            "--set training.threads: ambiguous number '010': write it in decimal, or in quotes if it is text",
        ),
        ({"training__device": "gpu"}, "--set training.device: expected cpu, cuda or cuda:N, got 'gpu'"),
        (
            {"training__output": '"a\\eb"'},
            "--set training.output: expected a path without control characters, got 'a\\x1bb'",
        ),
        ({"optimizer": "3"}, "--set optimizer: expected a mapping, got 3"),
        (
            {"optimizer": "{}"},
            "--set optimizer: name is missing (choose from: Adadelta, Adagrad, Adam, AdamW, RMSprop, SGD)",
        ),
        (
            {"optimizer__name": "sgd2"},
            "--set optimizer.name: unknown optimizer 'sgd2', did you mean 'SGD'? "
            "(choose from: Adadelta, Adagrad, Adam, AdamW, RMSprop, SGD)",
        ),
        (
            {"network__name": "VGG16"},
            "--set network.name: unknown network 'VGG16' "
            "(choose from: BasicMNIST, LSTM, LeNet, MNISTConvNet, RNN, Sequential)",
        ),
        (
            {"data__name": "mnits"},
            "--set data.name: unknown data set 'mnits', did you mean 'mnist'? "
            "(choose from: digits, fashion_mnist, mnist)",
        ),
        ({"optimizer__lrr": "1"}, "--set optimizer.lrr: unknown key, did you mean 'lr'?"),
        ({"optimizer__epochs": "1"}, "--set optimizer.epochs: unknown key, it belongs in 'training'"),
        ({"lr": "1"}, "--set lr: unknown key, it belongs in 'optimizer'"),
        ({"optimizer__lr__x": "1"}, "--set optimizer.lr.x: optimizer.lr is 0.001, expected a mapping"),
        (
            {"optimizer": "{name: Adam, betas: [1.0, .9]}"},
            "--set optimizer: optimizer.betas.0: must be >= 0 and < 1, got 1.0",
        ),
        ({"optimizer": "{name: Adam, betas: [0.9]}"}, "--set optimizer: optimizer.betas: expected 2 values, got 1"),
        ({"optimizer": "{name: Adam, betas: [0, 0, 0]}"}, "--set optimizer: optimizer.betas: expected 2 values, got 3"),
        ({"optimizer": "{name: Adam, betas: 0.9}"}, "--set optimizer: optimizer.betas: expected a list, got 0.9"),
        ({"scheduler": "{name: StepLR}"}, "--set scheduler: scheduler.step_size: missing"),
        (
            {"scheduler": "{name: MultiStepLR, milestones: [3, 0]}"},
            "--set scheduler: scheduler.milestones.1: must be >= 1 and <= 2147483648, got 0",
        ),
        (
            {"scheduler": "{name: MultiStepLR, milestones: 3}"},
            "--set scheduler: scheduler.milestones: expected a list, got 3",
        ),
        ({"scheduler": "{name: ExponentialLR}"}, "--set scheduler: scheduler.gamma: missing"),
        (
            {"scheduler": "{name: ReduceLROnPlateau, mode: lowest}"},
            "--set scheduler: scheduler.mode: expected 'min' or 'max', got 'lowest'",
        ),
        (
            {"scheduler": "{name: ReduceLROnPlateau, factor: 1}"},
            "--set scheduler: scheduler.factor: must be > 0 and < 1, got 1",
        ),
        (
            {"scheduler": "{name: ReduceLROnPlateau, patience: -1}"},
            "--set scheduler: scheduler.patience: must be >= 0 and <= 1000000, got -1",
        ),
        ({"training__patience": "0"}, "--set training.patience: must be >= 1 and <= 1000000, got 0"),
        ({"optimizer": "{name: Adadelta, rho: 2}"}, "--set optimizer: optimizer.rho: must be >= 0 and <= 1, got 2"),
        (
            {"optimizer": "{name: Adagrad, lr_decay: -1}"},
            "--set optimizer: optimizer.lr_decay: must be >= 0, got -1",
        ),
        (
            {"scheduler": "{name: OneCycleLR, max_lr: high}"},
            "--set scheduler: scheduler.max_lr: expected a number or a list, got 'high'",
        ),
        (
            {"network": "{name: RNN, nonlinearity: relu}"},
            "--set network: network.nonlinearity: expected 'none' or 'tanh', got 'relu'",
        ),
    ],
)
def test_one_mistake(settings, expected):
    assert problems(**settings) == [expected]


def test_line_breaks_in_a_key_make_no_line_of_their_own():
    (line,) = problems(CONFIG + '"a\\nnnkit: error: b": 1\n')
    assert line.startswith("c.yaml:11:1: a\\nnnkit: error: b: unknown key (known keys: network, data, ")


@pytest.mark.parametrize("text", [CONFIG.replace("LeNet", "x" * 99_999), CONFIG + f"? {'x' * 99_999}\n: 1\n"])
def test_long_names_are_shown_in_part(text):
    (line,) = problems(text)
    assert "xxx..." in line
    assert len(line) < 300


def test_what_is_missing_in_an_empty_section_is_told_where_the_section_is():
    (line,) = problems(CONFIG.replace("  epochs: 2\n", ""), training__seed="3")
    assert line == "c.yaml:9:10: training.epochs: missing"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    text = CONFIG.replace("lr: 1e-3", "lrr: 1e-3").replace("LeNet", "Lenet").replace("epochs: 2", "epoch: 2")
    assert problems(text) == [
        "c.yaml:2:9: network.name: unknown network 'Lenet', did you mean 'LeNet'? "
        "(choose from: BasicMNIST, LSTM, LeNet, MNISTConvNet, RNN, Sequential)",
        "c.yaml:6:3: optimizer.lrr: unknown key, did you mean 'lr'?",
        "c.yaml:10:3: training.epochs: missing",
        "c.yaml:10:3: training.epoch: unknown key, did you mean 'epochs'?",
    ]


def test_mistakes_of_the_yaml_and_of_the_schema_are_told_together():
    text = CONFIG.replace("1e-3", "010").replace("epochs: 2", "epochs: 0")
    assert [line.split(": ")[0] for line in problems(text)] == ["c.yaml:6:7", "c.yaml:10:11"]


def test_duplicate_keys_name_both_lines():
    assert problems(CONFIG + "  epochs: 3\n") == ["c.yaml:11:3: duplicate key 'epochs', first at line 10"]


@pytest.mark.parametrize(("text", "got"), [("- 1\n", "a list"), ("abc", "'abc'"), ("3", "3"), ("~", "null")])
def test_the_top_must_be_a_mapping(text, got):
    assert problems(text) == [f"c.yaml:1:1: expected a mapping of sections, got {got}"]


def test_an_empty_mapping_lacks_every_required_section():
    assert [line.split(": ")[1] for line in problems("{}")] == ["network", "data", "optimizer", "loss", "training"]


def test_overrides_replace_and_create():
    config = load(optimizer="{name: Adam}", scheduler__name="CosineAnnealingLR", training__epochs="7")
    assert (config.optimizer.name, config.scheduler.name, config.training.epochs) == ("Adam", "CosineAnnealingLR", 7)


def components(**settings):
    with pytest.raises(InvalidConfigError) as caught:
        check_components(load(**settings))
    return str(caught.value).split("\n")


def test_what_constructors_refuse_is_told_with_its_place():
    assert components(optimizer__nesterov="true", optimizer__momentum="0") == [
        "c.yaml:5:3: optimizer: Nesterov momentum requires a momentum and zero dampening"
    ]


def test_a_plateau_is_seen_in_epochs_only():
    assert components(scheduler="{name: ReduceLROnPlateau, interval: step}") == [
        "--set scheduler: scheduler.interval: ReduceLROnPlateau looks at what an epoch came to, "
        "expected 'epoch', got 'step'"
    ]
    check_components(load(scheduler="{name: ReduceLROnPlateau, interval: epoch, min_lr: [0.001]}"))


def test_layers_that_do_not_fit_are_told_with_both_numbers():
    (problem,) = components(network="{name: RNN, data_size: 20}")
    assert problem.startswith("--set network: in layer 'i2h': ")
    assert "156" in problem
    assert "148" in problem


def test_several_components_are_told_at_once():
    told = components(network__kernel_size="12", optimizer__nesterov="true", optimizer__momentum="0")
    assert [line.split(": ")[1] for line in told] == ["network", "optimizer"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "c.yaml: empty"),
        (b"a: \xff\n", "c.yaml: not UTF-8 text: byte 0xff at offset 3"),
        (b"a: \0\n", r"c.yaml:1:4: character U\+0000 at offset 3 is not allowed in YAML"),
        (b"\xef\xbb\xbfa: \xff\n", "c.yaml: not UTF-8 text: byte 0xff at offset 6"),
        (b"\xef\xbb\xbfa: \0\n", r"c.yaml:1:4: character U\+0000 at offset 6 is not allowed in YAML"),
        (b"#" * 2_000_000, "c.yaml: larger than 256 KiB"),
    ],
)
def test_files_that_are_no_text(content, message, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_config(str(path))


def test_files_that_are_none(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.yaml: does not exist"):
        load_config(str(tmp_path / "no.yaml"))
    with pytest.raises(ConfigError, match="is a directory"):
        load_config(str(tmp_path))


def test_a_name_that_is_no_config_gets_the_closest_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="lenett: does not exist, unknown built-in config 'lenett', did you mean"):
        find_config("lenett")
    assert find_config("lenet").name == "lenet.yaml"
    Path("mine").write_text(CONFIG)
    assert load_config("mine").model_dump() == load().model_dump()


def test_numbers_keep_every_digit():
    value = 0.1 + 0.2
    config = load(optimizer__lr=repr(value))
    assert math.isclose(config.optimizer.arguments()["lr"], value, rel_tol=0)
    assert check(parse(to_yaml(config), "again.yaml")).model_dump() == config.model_dump()


def test_the_json_schema_describes_every_component():
    from nnkit.training.schema import config_model

    schema = config_model().model_json_schema()
    assert set(schema["properties"]) == {"network", "data", "optimizer", "scheduler", "loss", "training", "checkpoint"}
    assert {"LeNet", "Adam", "OneCycleLR", "CrossEntropyLoss"} <= set(schema["$defs"])
    assert schema["$defs"]["Adam"]["properties"]["lr"]["exclusiveMinimum"] == 0
