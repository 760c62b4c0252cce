"""Fashion-MNIST: articles of clothing, in MNIST's format and numbers."""

from __future__ import annotations

from nnkit.data.image_set import DATASETS
from nnkit.data.published import PublishedFile, PublishedSet

FASHION_MNIST = PublishedSet(
    name="fashion_mnist",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    mean=0.2860,
    std=0.3530,
    files={
        "train": (
            PublishedFile("train-images-idx3-ubyte", (60000, 28, 28), md5="8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            PublishedFile("train-labels-idx1-ubyte", (60000,), md5="25c81989df183df01b3e8a0aad5dffbe"),
        ),
        "test": (
            PublishedFile("t10k-images-idx3-ubyte", (10000, 28, 28), md5="bef4ecab320f06d8554ea6380940ec79"),
            PublishedFile("t10k-labels-idx1-ubyte", (10000,), md5="bb300cfdad3c16e7a12a480ee83cd310"),
        ),
    },
    # The publisher offers no https: what protects is the checksum.
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
)
"""60,000 training and 10,000 test images of 28 x 28.

Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine
learning algorithms, arXiv:1708.07747 (2017). The checksums are those that its publisher lists.
"""

DATASETS.register("fashion_mnist")(FASHION_MNIST)
