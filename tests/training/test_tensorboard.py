"""Event files: what TensorBoard reads in them, after every way to stop and go on."""

import os
import struct
import sys
import threading

import pytest

from nnkit.files import append
from nnkit.training import tensorboard
from nnkit.training.fit import EpochDone, StepDone
from nnkit.training.run import RunDone, train
from nnkit.training.yaml_loader import InvalidConfigError

from .conftest import configured

event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
record_writer = pytest.importorskip("tensorboardX.record_writer")

SETTINGS = {"training__tensorboard": "true", "training__epochs": "3", "data__batch_size": "16"}
STEPS = 89  # of an epoch


def files(folder):
    return sorted((folder / "tensorboard").iterdir())


def events_in(path):
    content, events = path.read_bytes(), []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        assert struct.unpack("<I", content[8:12]) == (record_writer.masked_crc32c(content[:8]),)
        data = content[12 : 12 + length]
        assert struct.unpack("<I", content[12 + length : 16 + length]) == (record_writer.masked_crc32c(data),)
        events.append(event_pb2.Event.FromString(data))
        content = content[16 + length :]
    return events


def curves(folder):
    """What a reader makes of all files of a folder: for each tag its steps and values."""
    points = []
    for path in files(folder):
        first, *events = events_in(path)
        assert first.file_version == "brain.Event:2"
        for event in events:
            if event.session_log.status == event.session_log.START:
                points = [point for point in points if point[1] < event.step]
            points += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
    found = {}
    for tag, step, value in points:
        found.setdefault(tag, []).append((step, value))
    return found


def without_speed(found):
    return {tag: points for tag, points in found.items() if tag != "images_per_second"}


def stopped_after(number, config, folder, **more):
    """Stop after so many steps."""
    done = []
    for event in train(config, folder, should_stop=lambda: len(done) >= number, **more):
        if isinstance(event, StepDone):
            done.append(event)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, [event for event in train(configured(**SETTINGS), folder) if isinstance(event, EpochDone)]


def test_the_curves_are_those_of_the_run(whole):
    folder, epochs = whole
    (path,) = files(folder)
    assert path.name == "events.out.tfevents.0000000001.nnkit"
    found = curves(folder)
    expected = {
        "loss/train": lambda event: event.train_loss,
        "loss/test": lambda event: event.test.loss,
        "accuracy/train": lambda event: event.train_accuracy,
        "accuracy/test": lambda event: event.test.accuracy,
        "images_per_second": lambda event: event.images_per_second,
    }
    for tag, value in expected.items():
        assert [step for step, _ in found[tag]] == [STEPS, 2 * STEPS, 3 * STEPS]
        assert [number for _, number in found[tag]] == pytest.approx([value(event) for event in epochs], rel=1e-6)
    assert [step for step, _ in found["lr"]] == [50, STEPS, 100, 150, 2 * STEPS, 200, 250, 3 * STEPS]
    assert [step for step, _ in found["loss/step"]] == [50, 100, 150, 200, 250]
    assert set(found) == {*expected, "lr", "loss/step"}


def test_tensorboard_reads_them(whole):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    reader = accumulator.EventAccumulator(str(whole[0] / "tensorboard"))
    reader.Reload()
    assert [(point.step, point.value) for point in reader.Scalars("loss/test")] == curves(whole[0])["loss/test"]


def test_validation_has_curves(tmp_path):
    list(train(configured(**{**SETTINGS, "data__validation_fraction": "0.2", "training__epochs": "1"}), tmp_path))
    assert {"loss/validation", "accuracy/validation"} <= set(curves(tmp_path))


@pytest.mark.parametrize("step", [1, 50, 60, STEPS - 1, STEPS, STEPS + 1, 150])
def test_a_run_that_goes_on_has_every_point_once(step, whole, tmp_path):
    config = configured(**SETTINGS)
    stopped_after(step, config, tmp_path)
    # What was written after the last checkpoint, by a run that was killed, is of no account.
    append(files(tmp_path)[-1], tensorboard._scalars(step + 5, {"loss/step": 77.0, "loss/test": 77.0}))
    list(train(config, tmp_path, "auto"))
    assert [path.name[-16:-6] for path in files(tmp_path)] == ["0000000001", "0000000002"]
    found, expected = without_speed(curves(tmp_path)), without_speed(curves(whole[0]))
    # A point is the mean since the one before it, or since the run went on.
    steps = found.pop("loss/step"), expected.pop("loss/step")
    assert found == expected
    assert [at for at, _ in steps[0]] == [at for at, _ in steps[1]]


def test_a_file_that_ends_in_the_middle_does_not_stop_tensorboard(whole, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    stopped_after(60, configured(**SETTINGS), tmp_path)
    append(files(tmp_path)[-1], b"half a rec")
    list(train(configured(**SETTINGS), tmp_path, "auto"))
    reader = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    reader.Reload()
    assert [(point.step, point.value) for point in reader.Scalars("loss/test")] == curves(whole[0])["loss/test"]


def test_a_new_run_in_an_old_folder_begins_anew(tmp_path):
    list(train(configured(**{**SETTINGS, "training__epochs": "1"}), tmp_path))
    mine = tmp_path / "tensorboard" / "events.out.tfevents.1.mine"
    mine.write_bytes(b"")
    stopped_after(3, configured(**SETTINGS), tmp_path)
    assert mine in files(tmp_path)
    mine.unlink()
    assert curves(tmp_path) == {}
    assert len(files(tmp_path)) == 1
    # Curves of another run than that of the folder would mislead.
    stopped_after(3, configured(), tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize("kind", ["elsewhere", "later"])
def test_epochs_that_no_file_has_are_written_when_a_run_goes_on(kind, whole, tmp_path):
    first = configured(**{**SETTINGS, "training__tensorboard": str(kind == "elsewhere").lower()})
    stopped_after(STEPS + 11, first, tmp_path / "a")
    folder = tmp_path / ("b" if kind == "elsewhere" else "a")
    list(train(configured(**SETTINGS), folder, tmp_path / "a" / "last.safetensors"))
    found, expected = curves(folder), curves(whole[0])
    for tag in ("loss/test", "accuracy/train"):
        assert found[tag] == expected[tag]
    assert [at for at, _ in found["loss/step"]] == [150, 200, 250]


@pytest.mark.parametrize("value", ["1e300", "1" + "0" * 30, "-1", '"x"', "null"])
def test_a_line_that_somebody_wrote_does_no_harm(value, tmp_path):
    stopped_after(STEPS + 1, configured(**{**SETTINGS, "training__tensorboard": "false"}), tmp_path)
    (tmp_path / "metrics.jsonl").write_text(f'{{"epoch": 1, "step": {value}, "lr": {value}}}\n')
    stopped_after(1, configured(**SETTINGS), tmp_path, resume="auto")
    assert len(files(tmp_path)) == 1


def test_where_it_cannot_be_written_the_run_goes_on(tmp_path):
    config = configured(**{**SETTINGS, "training__epochs": "2", "training__threads": "1"})
    events = train(config, tmp_path)
    for event in events:
        if isinstance(event, StepDone) and event.step == 2:
            (path,) = files(tmp_path)
            path.unlink()
            path.mkdir()
            break
    with pytest.warns(UserWarning, match="cannot be written: Is a directory; the run goes on without event files"):
        done = list(events)[-1]
    assert isinstance(done, RunDone)
    assert (tmp_path / "metrics.csv").read_text().count("\n") == 3


def test_no_thread_is_left(whole, tmp_path):
    before = set(threading.enumerate())
    stopped_after(60, configured(**SETTINGS), tmp_path)
    assert set(threading.enumerate()) <= before


def test_without_the_extra_nothing_begins(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(InvalidConfigError, match=r"training\.tensorboard: .*pip install 'nnkit\[tensorboard\]'"):
        list(train(configured(**SETTINGS), tmp_path / "out"))
    assert os.listdir(tmp_path) == []
