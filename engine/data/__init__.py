"""Data sets by name, and batches of them in the engine's memory layout."""

from nnkit.data.augmentation import Augmentation
from nnkit.data.batches import Batches
from nnkit.data.digits import Digits
from nnkit.data.fashion_mnist import FASHION_MNIST
from nnkit.data.image_set import DATASETS, SPLITS, DataSet, ImageSet, load, split_validation
from nnkit.data.mnist import MNIST

__all__ = [
    "DATASETS",
    "FASHION_MNIST",
    "MNIST",
    "SPLITS",
    "Augmentation",
    "Batches",
    "DataSet",
    "Digits",
    "ImageSet",
    "load",
    "split_validation",
]
