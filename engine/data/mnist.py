"""MNIST: handwritten digits."""

from __future__ import annotations

from nnkit.data.image_set import DATASETS
from nnkit.data.published import PublishedFile, PublishedSet

MNIST = PublishedSet(
    name="mnist",
    classes=tuple("0123456789"),
    mean=0.1307,
    std=0.3081,
    files={
        "train": (
            PublishedFile(
                "train-images-idx3-ubyte",
                (60000, 28, 28),
                sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            PublishedFile(
                "train-labels-idx1-ubyte",
                (60000,),
                sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
        ),
        "test": (
            PublishedFile(
                "t10k-images-idx3-ubyte",
                (10000, 28, 28),
                sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            PublishedFile(
                "t10k-labels-idx1-ubyte",
                (10000,),
                sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)
"""60,000 training and 10,000 test images of 28 x 28.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document
recognition, Proceedings of the IEEE 86 (1998). The checksums are those of the decompressed originals.
"""

DATASETS.register("mnist")(MNIST)
