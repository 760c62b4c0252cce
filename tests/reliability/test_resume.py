"""K18, K21, K27 and K28: from which checkpoints a run goes on, and from which it does not."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from training.conftest import configured

from nnkit.data import image_set
from nnkit.errors import CheckpointError, FileAccessError, NonFiniteError
from nnkit.serialization import container
from nnkit.training import checkpoint as checkpoints
from nnkit.training import run as runs
from nnkit.training.background import Background
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
    told = runs.origin

    def elsewhere(training):
        found = told(training)
        return {**found, "machine": {**found["machine"], "processor": "z80", "numpy": "1.0"}}

    monkeypatch.setattr(runs, "origin", elsewhere)
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


def test_a_forced_run_learns_as_the_new_config_says(tmp_path):
    schedule = "{name: StepLR, step_size: 1, gamma: 0.5}"
    faster = configured(scheduler=schedule, optimizer="{name: SGD, lr: 0.05, momentum: 0.9}")
    slower = configured(scheduler=schedule, optimizer="{name: SGD, lr: 0.001, momentum: 0.5}")
    stopped_at(60, faster, tmp_path)
    with pytest.warns(UserWarning, match=r"optimizer\.lr is 0\.05 there and 0\.001 here"):
        events = list(train(slower, tmp_path, "auto", force=True))
    rates = [event.lr for event in events if isinstance(event, EpochDone)]
    assert rates == pytest.approx([0.0005, 0.00025, 0.000125])
    state = checkpoints.load(tmp_path / "last.safetensors").state
    assert state["optimizer"]["param_groups"][0]["momentum"] == 0.5


def test_a_forced_run_with_another_batch_size_begins_its_epoch_anew(tmp_path):
    plain = {"scheduler": "null"}
    stopped_at(60, configured(**plain), tmp_path)
    with pytest.warns(UserWarning, match=r"data\.batch_size is 32 there and 64 here"):
        started, *_, done = train(configured(data__batch_size="64", **plain), tmp_path, "auto", force=True)
    assert (started.epoch, started.step) == (1, 60)
    assert (done.epoch, done.step) == (4, 60 + 3 * 23)
    # From there on it is a run like others.
    *_, done = train(configured(data__batch_size="64", training__epochs="5", **plain), tmp_path, "auto")
    assert (done.epoch, done.step) == (5, 60 + 4 * 23)


@pytest.mark.parametrize("spelling", ["relative", "absolute", "link"])
def test_a_folder_is_its_own_however_it_is_spelt(spelling, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = configured(checkpoint__every_steps="10")
    stopped_at(100, config, Path("run"))
    (tmp_path / "link").symlink_to("run")
    folder = {"relative": Path("./run"), "absolute": tmp_path / "run", "link": tmp_path / "link"}[spelling]
    events = train(config, Path("run"), folder / "last.safetensors")
    assert next(events).step == 100
    events.close()
    assert [path.name for path in sorted(Path("run").glob("step-*"))] == ["step-90.safetensors"]


def test_a_run_that_goes_on_elsewhere_brings_what_it_has(whole, tmp_path):
    stopped_at(100, configured(), tmp_path / "a")
    list(train(configured(training__epochs="2", training__seed="3"), tmp_path / "b"))
    list(train(configured(), tmp_path / "b", tmp_path / "a" / "last.safetensors"))
    lines = (tmp_path / "b" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4]
    for name in ("last.safetensors", "best.safetensors"):
        assert weights(tmp_path / "b" / name) == weights(whole / name)
    # Nothing of the run that had the folder is left.
    (spare,) = (tmp_path / "b").glob("step-*")
    assert checkpoints.load(spare).config["training"]["seed"] == 1


def test_a_finished_run_has_its_results_where_they_are(whole, tmp_path):
    *_, done = train(configured(), tmp_path / "nowhere", whole / "last.safetensors")
    assert done.output == whole
    assert not (tmp_path / "nowhere").exists()


def test_an_epoch_that_was_begun_is_not_taken_for_a_finished_run(tmp_path):
    plain = {"scheduler": "null"}
    stopped_at(100, configured(**plain), tmp_path)
    with pytest.raises(CheckpointError, match="2 epochs and a part of the next are done, which is more than 2 epochs"):
        list(train(configured(training__epochs="2", **plain), tmp_path, "auto"))


def test_a_link_that_leads_nowhere_is_not_taken_for_a_new_run(tmp_path):
    (tmp_path / "last.safetensors").symlink_to(tmp_path / "missing" / "last.safetensors")
    with pytest.raises(CheckpointError, match=r"last\.safetensors: does not exist"):
        list(train(configured(), tmp_path, "auto"))


LIES = {
    "epoch": [-1, "1", 1.5, True, None, 10**30],
    "step": [-1, "1"],
    "skipped": ["1", -2],
    "obstacles": [("a",), "ab", (1, 2)],
    "best": [{}, None, {"epoch": "1", "accuracy": 0.5}, {"epoch": 1, "accuracy": "high"}],
    "progress": [{"batches": -5}, {"batches": "x"}, {"batches": 46}, {"loss": "none"}, {"seconds": -1.0}, []],
    "scheduler": [None, {}, "x"],
    "optimizer": [None, {}, {"state": {}, "param_groups": []}],
    "origin": ["x", {}],
    "generator": [None, "x"],
}


@pytest.fixture(scope="module")
def halfway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("halfway")
    stopped_at(60, configured(), folder)
    return checkpoints.load(folder / "last.safetensors")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in LIES.items() for value in values])
def test_a_state_that_lies_is_refused(name, value, halfway, tmp_path):
    state = {**halfway.state, name: value}
    checkpoints.save(tmp_path / "last.safetensors", halfway.with_state(state))
    with pytest.raises(CheckpointError, match="its training state does not fit"):
        list(train(configured(), tmp_path, "auto"))


@pytest.mark.parametrize(("name", "value"), [("lr", "fast"), ("betas", 0.9), ("weight_decay", None)])
def test_settings_that_lie_are_refused(name, value, halfway, tmp_path):
    optimizer = halfway.state["optimizer"]
    (group,) = optimizer["param_groups"]
    state = {**halfway.state, "optimizer": {**optimizer, "param_groups": [{**group, name: value}]}}
    checkpoints.save(tmp_path / "last.safetensors", halfway.with_state(state))
    with pytest.raises(CheckpointError, match="its training state does not fit"):
        list(train(configured(), tmp_path, "auto"))


def test_numbers_in_the_state_are_finite(halfway, tmp_path):
    path = tmp_path / "last.safetensors"
    with pytest.raises(NonFiniteError, match="the training state holds numbers that are not finite"):
        checkpoints.save(path, halfway.with_state({**halfway.state, "best": {"loss": float("nan")}}))
    checkpoints.save(path, halfway)
    arrays, metadata = container.decode(path)
    for text in ("NaN", "Infinity", "1e999"):
        state = metadata["state"].replace('["skipped", 0]', f'["skipped", {text}]')
        assert state != metadata["state"]
        path.write_bytes(container.encode(arrays, {**metadata, "state": state}))
        with pytest.raises(CheckpointError, match="numbers that are not finite"):
            checkpoints.load(path)


def test_without_memory_for_a_thread_tasks_run_once(monkeypatch):
    done = []
    start = threading.Thread.start

    def refuse(_):
        raise RuntimeError("can't start new thread")

    with Background() as background:
        monkeypatch.setattr(threading.Thread, "start", refuse)
        background.submit(lambda: done.append("a"))
        monkeypatch.setattr(threading.Thread, "start", start)
        background.submit(lambda: done.append("b"))
    assert done == ["a", "b"]


def test_what_a_task_raises_is_told_once():
    def fail():
        raise FileAccessError("no")

    with pytest.raises(FileAccessError, match="no"), Background() as background:
        background.submit(fail)
    with Background() as background:
        background.submit(fail)
        with pytest.raises(FileAccessError, match="no"):
            background.finish()
        background.check()
    background = Background()
    background.submit(fail)
    # On the way out of a block that has failed for another reason.
    background.__exit__(ValueError)
