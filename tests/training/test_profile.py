"""What a training step of a config is found to spend its time on."""

import pytest

from nnkit.errors import ConfigError, NonFiniteError
from nnkit.profiling import Phase
from nnkit.training import profile as profiling
from nnkit.training.profile import profile

from .conftest import configured

BATCH = 32
# Multiply-adds of an image, as published.
CONV1, CONV2, LINEAR = 117_600, 240_000, 58_920


def flops(found, phase):
    return sum(row.flops for row in found.rows if row.phase is phase)


@pytest.fixture(scope="module", params=["true", "false"], ids=["plan", "tape"])
def lenet(request):
    return profile(configured(training__plan=request.param), steps=3), request.param == "true"


def test_lenet_has_the_published_flops(lenet):
    found, _ = lenet
    assert flops(found, Phase.FORWARD) == 2 * BATCH * (CONV1 + CONV2 + LINEAR)
    # Weight gradients everywhere, input gradients everywhere but for the images.
    assert flops(found, Phase.BACKWARD) == 2 * BATCH * (CONV1 + 2 * CONV2 + 2 * LINEAR)
    assert flops(found, Phase.AROUND) == 0
    by_name = {(row.phase, row.name): row.flops for row in found.rows}
    assert by_name[Phase.FORWARD, "conv1 (Convolution)"] == 2 * BATCH * CONV1
    assert by_name[Phase.FORWARD, "conv2 (Convolution)"] == 2 * BATCH * CONV2
    assert sum(by_name[Phase.FORWARD, f"fc{number} (Addmm)"] for number in (1, 2, 3)) == 2 * BATCH * LINEAR


def test_a_step_has_all_its_parts(lenet):
    found, planned = lenet
    names = {phase: [row.name for row in found.rows if row.phase is phase] for phase in Phase}
    for name in ("gather", "conv1 (Convolution)", "Relu after conv1", "loss (LogSoftmax)", "loss (NllLoss)"):
        assert name in names[Phase.FORWARD]
    part = ", weight gradient" if planned else ""
    assert names[Phase.BACKWARD].index(f"fc3 (Addmm){part}") < names[Phase.BACKWARD].index(f"conv1 (Convolution){part}")
    around = ["picking images", "threads: start and wait", "optimizer (AdamW)", "schedule (OneCycleLR)"]
    assert names[Phase.AROUND] == [name for name in [*around, "Python between"] if planned or "threads" not in name]
    assert ("sum of partial gradients" in names[Phase.BACKWARD]) == planned
    assert len({(row.phase, row.name) for row in found.rows}) == len(found.rows)


def test_what_was_measured(lenet):
    found, planned = lenet
    assert (found.batch_size, found.threads, len(found.seconds)) == (BATCH, 1, 3)
    assert found.tape == (None if planned else "being switched off")
    assert found.peak_gflops > 0
    assert min(found.seconds) > 0
    assert all(row.seconds > 0 for row in found.rows if row.phase is not Phase.AROUND)


def test_an_average_is_a_part_of_its_own():
    found = profile(configured(training__ema_decay="0.9"), steps=3)
    (row,) = [row for row in found.rows if row.name == "moving average of the parameters"]
    assert (row.phase, row.bytes_read, row.bytes_written) == (Phase.AROUND, 2 * 4 * 61_706, 4 * 61_706)
    assert row.seconds > 0


def test_the_optimizer_reads_gradients_and_writes_parameters_and_state(lenet):
    found, _ = lenet
    (row,) = [row for row in found.rows if row.name == "optimizer (AdamW)"]
    parameters = 61_706
    # Two moments; the tape's and the plan's steps are counted in a number for each of ten parameters.
    assert (row.bytes_read, row.bytes_written) == (4 * (4 * parameters + 10), 4 * (3 * parameters + 10))


def test_a_batch_can_be_all_images_and_the_schedule_short():
    found = profile(configured(data__batch_size="5000", training__epochs="2"), steps=2)
    assert found.batch_size == 1415
    assert len(found.seconds) == 2


def test_images_that_change_are_told():
    found = profile(configured(data__augment="{shift: 2}"), steps=1)
    assert "picking and changing images" in [row.name for row in found.rows]


def test_a_network_that_repeats_a_layer_has_one_row_for_it():
    found = profile(configured(network="{name: RNN, nonlinearity: tanh}"), steps=1)
    calls = {(row.phase, row.name): row.calls for row in found.rows}
    assert calls[Phase.FORWARD, "i2h (Addmm)"] == 28
    assert calls[Phase.BACKWARD, "i2h (Addmm), weight gradient"] == 28
    # The first one's input is the image and zeros, and nobody needs the gradient of the image's row in the others.
    assert calls[Phase.BACKWARD, "i2h (Addmm), input gradient"] == 27
    (row,) = [row for row in found.rows if row.name == "i2h (Addmm), input gradient"]
    assert row.flops == 2 * BATCH * 27 * 128 * 128
    assert found.tape is None


def test_another_loss_is_profiled_on_the_tape():
    found = profile(configured(loss="{name: MSELoss}", scheduler="null", training__plan="false"), steps=1)
    assert found.tape == "being switched off"
    assert "loss (MseLoss)" in [row.name for row in found.rows]
    assert flops(found, Phase.FORWARD) == 2 * BATCH * (CONV1 + CONV2 + LINEAR)
    assert not any("schedule" in row.name for row in found.rows)


def test_without_a_clock_for_kernels_the_tape_is_profiled(monkeypatch):
    from nnkit.kernels.cpu import stopwatch

    monkeypatch.setattr(stopwatch, "clock_address", lambda: 0)
    found = profile(configured(), steps=1)
    assert found.tape == "a system without a clock that machine code can read"


def test_steps_go_on_until_some_time_has_passed(monkeypatch):
    monkeypatch.setattr(profiling, "SECONDS", 0.0)
    found = profile(configured())
    assert len(found.seconds) == profiling.LEAST


def test_what_cannot_be_trained_cannot_be_profiled():
    with pytest.raises(ConfigError, match="must be <="):
        profile(configured(training__threads="1024"), steps=1)
    with pytest.raises(NonFiniteError, match="at step"):
        profile(configured(optimizer="{name: SGD, lr: 1e30}", scheduler="null"), steps=1)
