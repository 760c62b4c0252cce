"""What is measured on the best network of a run."""

import numpy as np
import pytest

from nnkit import data
from nnkit.cli.main import run
from nnkit.errors import CheckpointError
from nnkit.models import LeNet, Network
from nnkit.nn import Linear, ReLU
from nnkit.reporting.findings import MOST_MISTAKES, examine, first_filters
from nnkit.reporting.run_record import read_run
from nnkit.tensors import no_grad
from nnkit.training.evaluate import evaluate_checkpoint, evaluation_batches
from nnkit.training.predict import Predictor

from .conftest import epoch, make_run


def test_the_figures_are_those_of_eval(trained):
    found = examine(read_run(trained))
    evaluated = evaluate_checkpoint(trained / "best.safetensors").evaluation
    assert found.evaluation.loss == evaluated.loss
    assert found.evaluation.confusion.counts.tolist() == evaluated.confusion.counts.tolist()
    assert evaluated.confusion.mistakes == round((1 - evaluated.accuracy) * 382)
    for each in evaluated.confusion.per_class():
        assert each.f1 == pytest.approx(2 / (1 / each.precision + 1 / each.recall))


def test_the_most_confident_mistakes_come_first(trained):
    found = examine(read_run(trained))
    images = data.load("digits", "test")
    found.network.eval()
    with no_grad():
        (batch,) = evaluation_batches(images, found.network).epoch(0)
        logits = found.network(batch[0]).numpy().astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = [index for index in range(382) if logits[index].argmax() != images.labels[index]]
    wrong.sort(key=lambda index: -probabilities[index].max())
    assert len(found.mistakes) == min(len(wrong), MOST_MISTAKES)
    for mistake, index in zip(found.mistakes, wrong, strict=False):
        assert (mistake.truth, mistake.guess) == (str(images.labels[index]), str(logits[index].argmax()))
        assert mistake.confidence == pytest.approx(probabilities[index].max(), abs=1e-5)
        assert np.array_equal(mistake.image, images.images[index])


def test_confidence_is_the_probability_that_predict_gives(tmp_path):
    settings = ["--set", "loss={name: MSELoss}", "--set", "data.batch_size=256", "--epochs", "1", "--threads", "1"]
    assert run(["train", "quickstart", *settings, "--quiet", "--no-report", "--output", str(tmp_path)]) == 0
    mistakes = examine(read_run(tmp_path)).mistakes
    probabilities = Predictor(tmp_path / "best.safetensors").probabilities(np.stack([each.image for each in mistakes]))
    assert [each.confidence for each in mistakes] == pytest.approx(probabilities.max(axis=1).tolist(), abs=1e-5)


def test_a_checkpoint_of_another_run_is_not_measured(trained, tmp_path):
    other = make_run(tmp_path, epoch(1), epoch(2), epoch(3))
    with pytest.raises(CheckpointError, match=r"best\.safetensors: does not exist"):
        examine(read_run(other))
    (other / "best.safetensors").write_bytes((trained / "best.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match=r"best\.safetensors: is not from epoch 3 of this run"):
        examine(read_run(other))
    (other / "metrics.jsonl").write_text("")
    with pytest.raises(CheckpointError, match="no epoch is done yet"):
        examine(read_run(other))


class Layers(Network):
    """A network of the layers that it is given."""

    input_size = (4, 6)

    def __init__(self, *layers):
        super().__init__()
        for number, layer in enumerate(layers):
            self.add_module(f"layer{number}", layer)


def test_the_first_layer_as_pictures():
    convolution = first_filters(LeNet())
    assert (convolution.layer, convolution.pictures.shape, convolution.total) == ("conv1", (6, 5, 5), 6)
    whole = first_filters(Layers(ReLU(), Linear(24, 100)))
    assert (whole.layer, whole.pictures.shape, whole.total) == ("layer1", (64, 4, 6), 100)
    part = first_filters(Layers(Linear(20, 10)))
    assert (part.pictures.shape, part.total) == ((1, 10, 20), 1)
    assert first_filters(Layers(Linear(20, 1000))) is None
    assert first_filters(Layers(ReLU())) is None
