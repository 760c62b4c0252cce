"""Whole runs: the folder that they leave, the same bits again, and going on after a stop."""

import json
import os

import numpy as np
import pytest

from nnkit.data import Augmentation
from nnkit.errors import CheckpointError, DataError, FileAccessError
from nnkit.training import checkpoint as checkpoints
from nnkit.training import load_checkpoint, load_run
from nnkit.training.config import Override, load_config
from nnkit.training.evaluate import evaluate_checkpoint
from nnkit.training.fit import EpochDone
from nnkit.training.run import RunDone, RunStarted, train
from nnkit.training.yaml_loader import InvalidConfigError

from .conftest import configured


def metrics(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def without_times(lines):
    return [{key: value for key, value in line.items() if "second" not in key} for line in lines]


def weights(path):
    return {name: array.tobytes() for name, array in checkpoints.load(path).parameters.items()}


def stop_after(epoch, config, folder, **more):
    for event in train(config, folder, **more):
        if isinstance(event, EpochDone) and event.epoch == epoch:
            return


def test_the_folder_of_a_run(finished):
    folder, events = finished
    assert sorted(path.name for path in folder.iterdir()) == [
        "best.safetensors",
        "config.yaml",
        "last.safetensors",
        "metrics.csv",
        "metrics.jsonl",
        "step-135.safetensors",
    ]
    lines = metrics(folder)
    assert [list(line) for line in lines] == [
        [
            "epoch",
            "step",
            "lr",
            "train_loss",
            "train_accuracy",
            "train_seconds",
            "images_per_second",
            "test_loss",
            "test_accuracy",
        ]
    ] * 4
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunDone)
    assert events[-1].last.test.accuracy == lines[-1]["test_accuracy"]
    assert events[-1].best_accuracy == max(line["test_accuracy"] for line in lines)


def test_it_learns(finished):
    """One class of ten is right by chance one time in ten."""
    assert finished[1][-1].best_accuracy > 0.8


def test_the_quickstart_reaches_what_its_config_says(tmp_path):
    events = list(train(configured(training__epochs="20"), tmp_path))
    assert events[-1].last.test.accuracy > 0.95


def test_config_yaml_is_the_whole_config_and_repeats_the_run(finished, tmp_path):
    folder, _ = finished
    config = load_config(str(folder / "config.yaml"))
    assert config.training.output == str(folder)
    list(train(config, tmp_path))
    assert without_times(metrics(tmp_path)) == without_times(metrics(folder))
    assert weights(tmp_path / "last.safetensors") == weights(folder / "last.safetensors")


@pytest.mark.case("N4")
def test_N4_one_thread_and_two_give_the_same_bits(finished, tmp_path):
    import numba

    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one thread is all that this machine has")
    folder, _ = finished
    list(train(configured(training__threads="2"), tmp_path))
    assert weights(tmp_path / "last.safetensors") == weights(folder / "last.safetensors")


def test_another_seed_gives_other_bits(finished, tmp_path):
    folder, _ = finished
    list(train(configured(training__seed="2", training__epochs="1"), tmp_path))
    assert weights(tmp_path / "last.safetensors") != weights(folder / "last.safetensors")


@pytest.mark.parametrize("name", ["best", "last"])
def test_evaluation_gives_the_number_of_the_run(name, finished):
    folder, events = finished
    report = evaluate_checkpoint(folder / f"{name}.safetensors")
    line = metrics(folder)[report.epoch - 1]
    assert report.evaluation.accuracy == line["test_accuracy"]
    assert report.evaluation.loss == line["test_loss"]
    assert report.epoch == (events[-1].best_epoch if name == "best" else 4)


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_stopped_run_goes_on_to_the_same_bits(epoch, finished, tmp_path):
    folder, _ = finished
    stop_after(epoch, configured(), tmp_path)
    events = list(train(configured(), tmp_path, resume=tmp_path / "last.safetensors"))
    assert events[0].epoch == epoch
    assert without_times(metrics(tmp_path)) == without_times(metrics(folder))
    for name in ("last.safetensors", "best.safetensors"):
        assert weights(tmp_path / name) == weights(folder / name)


def test_lines_that_the_checkpoint_does_not_know_are_dropped(finished, tmp_path):
    folder, _ = finished
    stop_after(2, configured(), tmp_path)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 3}\n{"epo')
    list(train(configured(), tmp_path, resume=tmp_path / "last.safetensors"))
    assert without_times(metrics(tmp_path)) == without_times(metrics(folder))


def test_a_finished_run_is_complete_already(finished):
    folder, _ = finished
    before = (folder / "metrics.jsonl").read_bytes()
    events = list(train(configured(), folder, resume=folder / "last.safetensors"))
    assert [type(event) for event in events] == [RunStarted, RunDone]
    assert events[-1].last is None
    assert (folder / "metrics.jsonl").read_bytes() == before


def test_a_finished_run_can_be_longer_without_a_schedule(tmp_path):
    config = {"scheduler": "null", "optimizer__weight_decay": "0"}
    list(train(configured(training__epochs="2", **config), tmp_path / "long"))
    list(train(configured(training__epochs="1", **config), tmp_path / "short"))
    longer = configured(training__epochs="2", **config)
    list(train(longer, tmp_path / "short", resume=tmp_path / "short" / "last.safetensors"))
    assert weights(tmp_path / "short" / "last.safetensors") == weights(tmp_path / "long" / "last.safetensors")


@pytest.mark.parametrize(
    ("settings", "difference"),
    [
        ({"network__kernel_size": "3"}, "network.kernel_size is 5 there and 3 here"),
        ({"data__batch_size": "64"}, "data.batch_size is 32 there and 64 here"),
        ({"data__augment__shift": "2"}, "data.augment.shift is None there and 2.0 here"),
        ({"optimizer": "{name: SGD}"}, "optimizer.name is 'AdamW' there and 'SGD' here"),
        ({"training__seed": "9"}, "training.seed is 1 there and 9 here"),
        ({"checkpoint__metric": "loss"}, "checkpoint.metric is 'accuracy' there and 'loss' here"),
    ],
)
def test_another_run_is_refused_with_the_difference(settings, difference, finished, tmp_path):
    """K15 and K27."""
    folder, _ = finished
    with pytest.raises(CheckpointError, match="belongs to another run: ") as caught:
        list(train(configured(**settings), tmp_path / "new", resume=folder / "last.safetensors"))
    assert difference in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_the_network_alone_cannot_be_resumed(finished, tmp_path):
    folder, _ = finished
    with pytest.raises(CheckpointError, match="holds the network alone"):
        list(train(configured(), tmp_path, resume=folder / "best.safetensors"))


AUGMENTED = {"data__augment": "{shift: 2, rotation: 10, scale: 0.1, elastic: 1}"}


def test_only_training_images_are_changed(tmp_path, monkeypatch):
    made = []

    def fit(training):
        made.append(training)
        yield from ()

    monkeypatch.setattr("nnkit.training.run.fit", fit)
    list(train(configured(data__validation_fraction="0.2", **AUGMENTED), tmp_path))
    (training,) = made
    assert training.train.augmentation == Augmentation(shift=2, rotation=10, scale=0.1, elastic=1)
    assert training.test.augmentation is None
    assert training.validation.augmentation is None


def test_a_run_on_changed_images_goes_on_to_the_same_bits(tmp_path):
    config = {"scheduler": "null", **AUGMENTED}
    list(train(configured(training__epochs="2", **config), tmp_path / "whole"))
    list(train(configured(training__epochs="1", **config), tmp_path / "half"))
    list(train(configured(training__epochs="2", **config), tmp_path / "half", tmp_path / "half" / "last.safetensors"))
    assert weights(tmp_path / "half" / "last.safetensors") == weights(tmp_path / "whole" / "last.safetensors")
    list(train(configured(training__epochs="2", scheduler="null"), tmp_path / "plain"))
    assert weights(tmp_path / "plain" / "last.safetensors") != weights(tmp_path / "whole" / "last.safetensors")


# The rate falls after each epoch but the first, as none is nine tenths better.
PLATEAU = "{name: ReduceLROnPlateau, factor: 0.5, patience: 0, threshold: 0.9, threshold_mode: abs, mode: max}"


def rates(events):
    return [event.lr for event in events if isinstance(event, EpochDone)]


@pytest.mark.parametrize("events", [1, 80])
def test_a_run_that_waits_for_a_plateau_goes_on_to_the_same_bits(events, tmp_path):
    config = configured(scheduler=PLATEAU, data__validation_fraction="0.2")
    whole = rates(train(config, tmp_path / "whole"))
    assert whole == [whole[0], whole[0], whole[0] / 2, whole[0] / 4]
    left = iter(range(events))
    stopped = rates(train(config, tmp_path / "parts", should_stop=lambda: next(left, None) is None))
    assert stopped + rates(train(config, tmp_path / "parts", "auto")) == whole
    assert weights(tmp_path / "parts" / "last.safetensors") == weights(tmp_path / "whole" / "last.safetensors")


def test_a_forced_run_waits_for_a_plateau_anew(tmp_path):
    before = configured(scheduler=PLATEAU, optimizer="{name: Adagrad, lr: 0.01}", training__epochs="3")
    assert rates(train(before, tmp_path)) == [0.01, 0.01, 0.005]
    after = configured(scheduler=PLATEAU, optimizer="{name: Adagrad, lr: 0.02}", training__epochs="6")
    with pytest.warns(UserWarning, match=r"optimizer\.lr is 0\.01 there and 0\.02 here"):
        assert rates(train(after, tmp_path, "auto", force=True)) == [0.02, 0.02, 0.01]


def test_validation_images_are_not_trained_on(tmp_path):
    events = list(train(configured(data__validation_fraction="0.2", training__epochs="1"), tmp_path))
    assert events[0].train_images == 1132
    (line,) = metrics(tmp_path)
    assert line["validation_accuracy"] == events[-1].best_accuracy
    assert line["validation_loss"] > 0


@pytest.mark.parametrize("loss", ["NLLLoss", "MSELoss"])
def test_every_loss_learns_from_logits_and_labels(loss, tmp_path, finished):
    events = list(train(configured(loss=f"{{name: {loss}}}"), tmp_path))
    assert events[-1].best_accuracy > 0.8
    if loss == "NLLLoss":
        # Cross-entropy is this loss of the log-probabilities.
        assert metrics(tmp_path)[0]["train_loss"] == pytest.approx(metrics(finished[0])[0]["train_loss"], rel=1e-3)


def test_labels_can_be_smoothed(tmp_path):
    events = list(train(configured(loss__label_smoothing="0.1"), tmp_path))
    assert events[-1].best_accuracy > 0.8


def test_too_many_outputs_for_the_classes_are_refused(tmp_path):
    with pytest.raises(InvalidConfigError, match="network: 7 outputs, but digits has 10 classes"):
        list(train(configured(network__num_classes="7"), tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"training__device": "cuda"}, "cuda cannot be used: this nnkit has no CUDA backend; choose cpu"),
        ({"training__device": "cuda:1"}, "cuda:1 cannot be used"),
        ({"training__threads": "1024"}, "must be <= .* on this machine, got 1024"),
    ],
)
def test_what_the_machine_does_not_have_is_refused(settings, message, tmp_path):
    with pytest.raises(InvalidConfigError, match=message):
        list(train(configured(**settings), tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_missing_data_is_told_before_anything_is_created(tmp_path, monkeypatch):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    monkeypatch.setenv("NNKIT_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError):
        list(train(configured(data__name="mnist"), tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_told_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileAccessError, match="cannot be created"):
        next(train(configured(), tmp_path / "file" / "new"))


def test_networks_come_from_configs_and_checkpoints(finished):
    folder, _ = finished
    config, network = load_run("lenet")
    assert (config.data.name, type(network).__name__) == ("mnist", "LeNet")
    config, network = load_run(str(folder / "config.yaml"))
    assert config.data.name == "digits"
    config, network = load_run(str(folder / "last.safetensors"))
    saved = checkpoints.load(folder / "last.safetensors")
    np.testing.assert_array_equal(network.fc1.weight.detach().numpy(), saved.parameters["fc1.weight"])
    assert config.model_dump() == load_checkpoint(folder / "best.safetensors")[0].model_dump()


def test_a_checkpoint_whose_config_is_not_of_this_version(finished, tmp_path):
    from nnkit.serialization import container

    folder, _ = finished
    arrays, metadata = container.decode(folder / "best.safetensors")
    config = json.loads(metadata["config"])
    config["network"]["name"] = "Transformer"
    path = tmp_path / "a.safetensors"
    path.write_bytes(container.encode(arrays, {**metadata, "config": json.dumps(config)}))
    with pytest.raises(
        CheckpointError, match=r"its config cannot be used: network\.name: unknown network 'Transformer'"
    ):
        load_checkpoint(path)


def test_another_data_set_is_seen_as_the_network_learned_to_see(finished, monkeypatch):
    from nnkit import data

    folder, _ = finished
    load = data.load
    darker = []

    def load_darker(name, split):
        import dataclasses

        images = load("digits", split)
        darker.append(dataclasses.replace(images, mean=0.9, std=0.9))
        return darker[-1]

    monkeypatch.setattr(data, "load", load_darker)
    report = evaluate_checkpoint(folder / "best.safetensors", [Override.from_text("data.name", "mnist", "--data")])
    assert report.config.data.name == "mnist"
    assert len(darker) == 1
    assert report.evaluation.accuracy == max(line["test_accuracy"] for line in metrics(folder))


@pytest.mark.mnist
@pytest.mark.skipif(not os.environ.get("NNKIT_DATA_DIR"), reason="NNKIT_DATA_DIR is not set")
def test_one_epoch_of_mnist(tmp_path):
    overrides = [Override.from_text(key, text, "test") for key, text in [("training.epochs", "1")]]
    events = list(train(load_config("lenet", overrides), tmp_path))
    assert (events[0].train_images, events[0].test_images) == (60_000, 10_000)
    assert events[-1].best_accuracy > 0.975
    assert evaluate_checkpoint(tmp_path / "best.safetensors").evaluation.accuracy == events[-1].best_accuracy
