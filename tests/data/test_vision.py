"""The room for pictures: data sets and transforms in torchvision's words. PyTorch alone does not have them."""

import gzip

import numpy as np
import pytest
from PIL import Image

import nnkit
from nnkit.errors import DataError
from nnkit.utils.data import DataLoader
from nnkit.vision import datasets, transforms

PICTURES = np.arange(3 * 28 * 28).reshape(3, 28, 28) % 251
LABELS = np.array([7, 0, 9])


@pytest.fixture
def root(tmp_path, idx_bytes, no_data_folders):
    """A folder as torchvision makes it, with three pictures in each part, half of its files gzipped."""
    raw = tmp_path / "root" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(PICTURES))
        (raw / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(LABELS), mtime=0))
    return tmp_path / "root"


def test_items_are_pictures_and_classes(root):
    dataset = datasets.MNIST(root)
    assert len(dataset) == 3
    picture, target = dataset[0]
    assert isinstance(picture, Image.Image)
    assert np.array_equal(np.asarray(picture), PICTURES[0])
    assert (target, type(target)) == (7, int)
    assert dataset[-1][1] == 9
    assert [target for _, target in dataset] == [7, 0, 9]
    assert (dataset.data.shape, dataset.data.dtype) == ((3, 28, 28), nnkit.uint8)
    assert (dataset.targets.tolist(), dataset.targets.dtype) == ([7, 0, 9], nnkit.int64)
    assert dataset.classes[:2] == ["0 - zero", "1 - one"]
    assert dataset.class_to_idx["9 - nine"] == 9
    with pytest.raises(IndexError, match="index 3 is out of bounds for dimension 0 with size 3"):
        dataset[3]


def test_items_are_arrays_where_pillow_is_not_installed(root, monkeypatch):
    monkeypatch.setattr(datasets, "image_module", lambda: None)
    monkeypatch.setattr(transforms, "image_module", lambda: None)
    picture, _ = datasets.MNIST(root)[0]
    assert isinstance(picture, np.ndarray)
    item, _ = datasets.MNIST(root, transform=transforms.ToTensor())[0]
    assert np.array_equal(item.numpy()[0] * 255, PICTURES[0])
    with pytest.raises(TypeError, match="pic should be PIL Image or ndarray"):
        transforms.ToTensor()(Image.new("L", (2, 2)))


def test_items_are_transformed(root):
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    dataset = datasets.MNIST(root, train=False, transform=transform, target_transform=lambda target: target + 100)
    picture, target = dataset[1]
    assert (picture.shape, picture.dtype, picture.is_contiguous()) == ((1, 28, 28), nnkit.float32, True)
    expected = (PICTURES[1].astype(np.float32) / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081)
    assert np.array_equal(picture.numpy()[0], expected)
    assert target == 100
    pictures, targets = next(iter(DataLoader(dataset, batch_size=2)))
    assert (pictures.shape, targets.tolist()) == ((2, 1, 28, 28), [107, 100])


TRAIN = """\
Dataset MNIST
    Number of datapoints: 3
    Root location: ROOT
    Split: Train
    StandardTransform
Transform: Compose(
               ToTensor()
               Normalize(mean=(0.1307,), std=(0.3081,))
           )"""
TEST = """\
Dataset MNIST
    Number of datapoints: 3
    Root location: ROOT
    Split: Test
    StandardTransform
Target transform: Lambda()"""


def test_data_sets_print_as_those_of_torchvision(root):
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    assert repr(datasets.MNIST(root, transform=transform)) == TRAIN.replace("ROOT", str(root))
    test = datasets.MNIST(str(root), False, target_transform=transforms.Lambda(int))
    assert repr(test) == TEST.replace("ROOT", str(root))
    assert repr(datasets.MNIST(root, False)) == "\n".join(repr(test).splitlines()[:4])
    assert repr(transforms.Compose([])) == "Compose(\n)"


def test_files_that_are_nowhere(root):
    with pytest.raises(RuntimeError, match=r"^Dataset not found. You can use download=True to download it$"):
        datasets.FashionMNIST(root)


def test_files_that_are_damaged(root):
    labels = root / "MNIST" / "raw" / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(labels.read_bytes()[:-9])
    with pytest.raises(DataError, match="train-labels"):
        datasets.MNIST(root, download=True)


def test_the_folder_of_the_environment_is_found(root, tmp_path, monkeypatch):
    monkeypatch.setenv("NNKIT_DATA_DIR", str(root / "MNIST" / "raw"))
    assert datasets.MNIST(tmp_path / "elsewhere", train=False).targets.tolist() == [7, 0, 9]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ToTensor()(np.full((2, 1), 255, np.uint8))", "tensor([[[1.],\n         [1.]]])"),
        ("ToTensor()(np.zeros((4, 5, 3), np.uint8)).shape", "torch.Size([3, 4, 5])"),
        ("ToTensor()(np.ones((1, 1)))", "tensor([[[1.]]], dtype=torch.float64)"),
        ("ToTensor()(np.ones((1, 1), np.int16)).dtype", "torch.int16"),
        ("ToTensor()(Image.new('RGB', (5, 4))).shape", "torch.Size([3, 4, 5])"),
        ("ToTensor()(np.ones((1, 1), bool))", "tensor([[[True]]])"),
        ("ToTensor()(3)", "TypeError: pic should be PIL Image or ndarray. Got <class 'int'>"),
        ("ToTensor()(np.ones(3))", "ValueError: pic should be 2/3 dimensional. Got 1 dimensions."),
        ("Normalize((.1, .2), (.5,))(t.ones(2, 1, 1))", "tensor([[[1.8000]],\n\n        [[1.6000]]])"),
        ("Normalize(0.5, 0.5)(t.ones(1, 1, 1, 2))", "tensor([[[[1., 1.]]]])"),
        ("Normalize([.5], [.5])", "Normalize(mean=[0.5], std=[0.5])"),
        ("x = t.ones(1, 1, 2); Normalize((.5,), (.5,))(x) is x, x.sum()", "(False, tensor(2.))"),
        ("x = t.zeros(1, 1, 2); Normalize((.5,), (.5,), inplace=True)(x) is x, x.sum()", "(True, tensor(-2.))"),
        ("Normalize((.5,), (.5,))(t.ones(2))", "TypeError: Tensor is not a torch image."),
        ("Normalize((.5,), (.5,))(3)", "TypeError: img should be Tensor Image. Got <class 'int'>"),
        (
            "Normalize((.5,), (0,))(t.ones(1, 2, 2))",
            "ValueError: std evaluated to zero after conversion to torch.float32, leading to division by zero.",
        ),
        (
            "Normalize((.5,), (.5,))(t.ones(1, 2, 2, dtype=t.uint8))",
            "TypeError: Input tensor should be a float tensor. Got torch.uint8.",
        ),
        (
            "Normalize((.5,) * 3, (.5,) * 3)(t.ones(1, 2, 2))",
            "RuntimeError: output with shape [1, 2, 2] doesn't match the broadcast shape [3, 2, 2]",
        ),
        ("Lambda(len)('abc'), Lambda(len)", "(3, Lambda())"),
        ("Lambda(3)", "TypeError: Argument lambd should be callable, got 'int'"),
    ],
)
def test_transforms_do_what_those_of_torchvision_do(source, expected):
    *first, last = source.split("; ")
    names = {"t": nnkit, "np": np, "Image": Image, **vars(transforms)}
    exec("; ".join(first), names)
    try:
        result = repr(eval(last, names))
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    assert result == expected


@pytest.mark.mnist
def test_the_real_files_of_the_environment_are_read(tmp_path):
    dataset = datasets.MNIST(tmp_path, download=True)
    assert len(dataset) == 60000
    assert dataset.targets[:5].tolist() == [5, 0, 4, 1, 9]
