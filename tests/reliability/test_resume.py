"""K18, K21, K27 and K28: from which checkpoints a run goes on, and from which it does not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from training.conftest import configured

from nnkit.data import image_set
from nnkit.errors import CheckpointError
from nnkit.training import checkpoint as checkpoints
from nnkit.training import origin as origins
from nnkit.training.config import Override
from nnkit.training.fit import EpochDone, StepDone
from nnkit.training.load import config_of
from nnkit.training.run import RunDone, RunStarted, RunStopped, train

FIXTURES = Path(__file__).parent / "fixtures"


def weights(path):
    return {name: array.tobytes() for name, array in checkpoints.load(path).parameters.items()}


def stopped_at(step, config, folder, **more):
    """Train until so many steps of the whole run are done, and stop; return the last event."""
    done = [0]
    for event in train(config, folder, should_stop=lambda: done[0] >= step, **more):
        if isinstance(event, StepDone):
            done[0] = (event.epoch - 1) * event.steps + event.step
    return event


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    list(train(configured(), folder))
    return folder


@pytest.mark.parametrize("step", [1, 20, 44, 45])
def test_a_run_goes_on_from_any_step(step, whole, tmp_path):
    end = stopped_at(step, configured(), tmp_path)
    assert end == RunStopped(tmp_path / "last.safetensors", 0, step)
    started, *_, done = train(configured(), tmp_path, "auto")
    assert (started.resumed, started.step) == (end.checkpoint, step)
    assert isinstance(done, RunDone)
    for name in ("last.safetensors", "best.safetensors"):
        assert weights(tmp_path / name) == weights(whole / name)


def test_auto_begins_where_there_is_nothing_yet(whole, tmp_path):
    started, *_ = train(configured(), tmp_path / "new", "auto")
    assert (started.resumed, started.step) == (None, 0)
    assert weights(tmp_path / "new" / "last.safetensors") == weights(whole / "last.safetensors")


def test_a_new_run_in_an_old_folder_is_what_auto_finds(whole, tmp_path):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    # Stopped before its first step, so that it has saved nothing but its beginning.
    events = train(configured(training__seed="7"), tmp_path)
    assert isinstance(next(events), RunStarted)
    events.close()
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == ["best.safetensors", "last.safetensors"]
    started, *_ = train(configured(training__seed="7"), tmp_path, "auto")
    assert (started.resumed, started.step) == (tmp_path / "last.safetensors", 0)


@pytest.mark.case("K21")
def test_K21_a_damaged_newest_checkpoint_is_passed_over(whole, tmp_path, tried):
    config = configured(checkpoint__every_steps="10", checkpoint__keep_last="3")
    stopped_at(100, config, tmp_path)
    names = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert names == ["best.safetensors", "last.safetensors", "step-80.safetensors", "step-90.safetensors"]
    last = tmp_path / "last.safetensors"
    last.write_bytes(last.read_bytes()[:-100])
    with pytest.warns(UserWarning, match=r"last\.safetensors: .*; going on from .*step-90\.safetensors instead"):
        started, *_ = train(config, tmp_path, "auto")
    assert started.step == 90
    assert weights(last) == weights(whole / "last.safetensors")
    tried()
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"last\.safetensors: empty"):
        list(train(config, tmp_path, "auto"))
    tried()


DIFFERENT = {
    "the network": {"network__kernel_size": "3"},
    "the batch size": {"data__batch_size": "64"},
    "the seed": {"training__seed": "9"},
    "the schedule": {"scheduler": "null"},
    "plans": {"training__plan": "false"},
}


@pytest.mark.case("K27")
@pytest.mark.parametrize("what", DIFFERENT)
def test_K27_another_config_is_refused(what, whole, tmp_path, tried):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=r"belongs to another run: .* \(--force goes on nevertheless\)"):
        list(train(configured(**DIFFERENT[what]), tmp_path, "auto"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    tried()


@pytest.mark.case("K27")
def test_K27_other_data_are_refused_unless_forced(whole, tmp_path, monkeypatch, tried):
    stopped_at(60, configured(), tmp_path)
    loaded = image_set.DATASETS.get("digits").load

    class Altered:
        classes = image_set.DATASETS.get("digits").classes

        def load(self, split, *, download):
            images = loaded(split, download=download)
            changed = images.images.copy()
            changed[3, 14, 14] ^= 1
            return type(images)(images.name, changed, images.labels, images.classes, images.mean, images.std)

    monkeypatch.setitem(image_set.DATASETS._entries, "digits", Altered())
    with pytest.raises(CheckpointError, match="the training data are others; the test data are others"):
        list(train(configured(), tmp_path, "auto"))
    with pytest.warns(UserWarning, match="the training data are others.*going on as told"):
        *_, done = train(configured(), tmp_path, "auto", force=True)
    assert isinstance(done, RunDone)
    tried(2)


@pytest.mark.case("K27")
def test_K27_a_forced_run_goes_on_with_the_new_config(tmp_path, tried):
    stopped_at(60, configured(), tmp_path)
    with pytest.warns(UserWarning, match=r"training\.seed is 1 there and 9 here; going on as told"):
        started, *_ = train(configured(training__seed="9"), tmp_path, "auto", force=True)
    assert started.step == 60
    assert checkpoints.load(tmp_path / "last.safetensors").config["training"]["seed"] == 9
    tried()


@pytest.mark.case("K28")
def test_K28_another_machine_is_told(whole, tmp_path, monkeypatch, tried):
    stopped_at(60, configured(), tmp_path)
    told = origins.origin

    def elsewhere(training):
        found = told(training)
        return {**found, "machine": {**found["machine"], "processor": "z80", "numpy": "1.0"}}

    monkeypatch.setattr("nnkit.training.resume.origin", elsewhere)
    with pytest.warns(
        UserWarning, match=r"processor was '.*' and is 'z80'; numpy was '.*' and is '1.0'; the last bits"
    ):
        *_, done = train(configured(), tmp_path, "auto")
    assert isinstance(done, RunDone)
    assert weights(tmp_path / "last.safetensors") == weights(whole / "last.safetensors")
    tried()


@pytest.mark.case("K18")
def test_K18_a_run_of_the_first_format_goes_on(tmp_path, tried):
    path = FIXTURES / "format-1.safetensors"
    config = config_of(path, [Override.from_text("training.threads", "1", "test")])
    with pytest.warns(UserWarning, match=r"metrics\.jsonl: lacks the lines of epochs 1 to 2"):
        started, *_, done = train(config, tmp_path, path)
    assert (started.epoch, started.step, done.epoch, done.step) == (2, 90, 4, 180)
    assert done.best_accuracy > 0.15
    assert [json.loads(line)["epoch"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == [3, 4]
    tried()


def test_a_finished_run_can_be_longer_with_a_schedule_as_long_as_the_run(whole, tmp_path):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    longer = configured(training__epochs="6")
    with pytest.warns(UserWarning, match="goes on as in a run of 6 epochs; until here it was that of 4"):
        events = list(train(longer, tmp_path, "auto"))
    rates = [event.lr for event in events if isinstance(event, EpochDone)]
    list(train(longer, tmp_path / "straight"))
    lines = [json.loads(line) for line in (tmp_path / "straight" / "metrics.jsonl").read_text().splitlines()]
    assert rates == pytest.approx([line["lr"] for line in lines[4:]])
    assert [json.loads(line)["epoch"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == [
        *range(1, 7)
    ]


def test_an_unfinished_run_keeps_its_length(tmp_path):
    stopped_at(60, configured(), tmp_path)
    with pytest.raises(CheckpointError, match=r"training\.epochs is 4 there and 9 here"):
        list(train(configured(training__epochs="9"), tmp_path, "auto"))


def test_patience_ends_a_run_for_good(tmp_path):
    config = configured(training__epochs="30", training__patience="2", scheduler="null", optimizer__lr="0.01")
    *_, done = train(config, tmp_path)
    assert done.epoch == done.best_epoch + 2 < 30
    assert [type(event) for event in train(config, tmp_path, "auto")] == [RunStarted, RunDone]


def test_the_best_epoch_can_be_that_of_the_lowest_loss(tmp_path):
    *_, done = train(configured(training__epochs="6", checkpoint__metric="loss"), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    losses = [line["test_loss"] for line in lines]
    assert done.best_epoch == int(np.argmin(losses)) + 1


def test_checkpoints_are_saved_every_so_many_seconds(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("nnkit.training.run_folder.time.monotonic", lambda: clock[0])
    saved = []
    for event in train(configured(training__epochs="1", checkpoint__every_seconds="2.5"), tmp_path):
        if isinstance(event, StepDone):
            clock[0] += 1
            saved.append(checkpoints.load(tmp_path / "last.safetensors").step)
    assert 3 <= len(set(saved)) <= 16
