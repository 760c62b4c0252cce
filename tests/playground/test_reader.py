"""A network that reads drawings, and the pictures of what it does."""

import base64
import json

import numpy as np
import pytest

from nnkit.data import Batches, ImageSet
from nnkit.errors import CheckpointError, DataError, NonFiniteError
from nnkit.imaging.mnist_form import as_mnist
from nnkit.playground import Reader
from nnkit.playground.activations import Activation
from nnkit.playground.pictures import description, picture
from nnkit.training.load import load_checkpoint


def values_of(layer):
    """Return the numbers that a page can know of a layer."""
    bytes_ = np.frombuffer(base64.b64decode(layer["bytes"]), np.uint8).astype(np.float64)
    tiles = bytes_.reshape(layer["tiles"], layer["rows"], layer["columns"])
    return layer["scale"] * ((tiles - 128) / 127 if layer["signed"] else tiles / 255)


@pytest.fixture(scope="module")
def reader(checkpoint):
    return Reader(checkpoint)


def test_a_drawing_goes_the_way_of_images_that_are_evaluated(reader, checkpoint, drawing):
    answer = reader.read(drawing)
    image = as_mnist(drawing.astype(np.float32) / 255)
    _, network, saved = load_checkpoint(checkpoint)
    one = ImageSet("one", image[None], np.zeros(1, np.uint8), saved.images.classes, saved.images.mean, saved.images.std)
    images, _ = next(Batches(one, 1, network.input_size, shuffle=False, seed=0).epoch(0))
    expected = network.eval()(images).detach().softmax(1).numpy()[0]
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    assert answer["guess"] == expected.argmax()
    assert base64.b64decode(answer["seen"]) == image.tobytes()


def test_answers_are_plain_values_with_the_layers_that_were_described(reader, drawing):
    answer = json.loads(json.dumps(reader.read(drawing), allow_nan=False))
    about = json.loads(json.dumps(reader.describe(), allow_nan=False))
    assert (about["network"], about["data"], about["epoch"]) == ("LeNet", "digits", 2)
    assert about["classes"] == list("0123456789")
    for layer, described in zip(answer["layers"], about["layers"], strict=True):
        assert described.items() <= layer.items()
    logits = values_of(answer["layers"][-1])[0, 0]
    assert logits.argmax() == answer["guess"]


def test_size_and_place_of_a_drawing_do_not_matter(reader, drawing):
    small = np.zeros((400, 500), np.uint8)
    small[200:340, 300:440] = drawing[::2, ::2]
    first, second = reader.read(drawing), reader.read(small)
    np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=0.05)


@pytest.mark.parametrize("grey", [0, 100])
def test_nothing_is_drawn(grey, reader):
    with pytest.raises(DataError, match="nothing is drawn"):
        reader.read(np.full((280, 280), grey, np.uint8))


@pytest.mark.parametrize("place", [np.s_[:, :], np.s_[0:1, 0:1], np.s_[279:, :], np.s_[:, 140:141]])
def test_anything_can_be_drawn(place, reader):
    grey = np.zeros((280, 280), np.uint8)
    grey[place] = 255
    assert sum(reader.read(grey)["probabilities"]) == pytest.approx(1)


def test_numbers_that_overflow_are_an_error(checkpoint, drawing):
    reader = Reader(checkpoint)
    for parameter in reader._network.parameters():
        parameter.array[...] = np.float32(3e38)
    with pytest.raises(NonFiniteError, match="not finite"):
        reader.read(drawing)


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="damaged"):
        Reader(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("shape", "tiles"),
    [
        ((1, 6, 28, 28), (6, 28, 28)),
        ((2, 3, 5, 5), (6, 5, 5)),
        ((1, 10), (1, 1, 10)),
        ((28, 128), (1, 28, 128)),
        ((1, 7, 9), (1, 7, 9)),
        ((1, 300, 4, 4), (64, 4, 4)),
        ((1, 1, 200, 100), (1, 50, 25)),
        ((500, 5000), (1, 64, 1024)),
    ],
)
@pytest.mark.parametrize("offset", [0.0, 1.5])
def test_pictures_have_the_values_as_well_as_bytes_can(shape, tiles, offset):
    values = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32) + np.float32(offset)
    layer = Activation("a", ("B",), values)
    found = {**description(layer), **picture(layer)}
    assert (found["tiles"], found["rows"], found["columns"]) == tiles
    assert (found["calls"], *found["shape"]) == shape
    assert found["signed"] is (offset == 0)
    if np.prod(shape) == np.prod(tiles):
        np.testing.assert_allclose(values_of(found), values.reshape(tiles), atol=found["scale"] / 250)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -np.inf])
def test_pictures_of_odd_values(value):
    found = picture(Activation("a", ("B",), np.full((1, 4), value, np.float32)))
    assert np.isfinite(found["scale"])
    json.dumps(found, allow_nan=False)
