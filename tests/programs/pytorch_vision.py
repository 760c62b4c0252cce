"""What torchvision would give PyTorch: nnkit's pictures, as PyTorch's tensors."""

from types import SimpleNamespace

import torch

from nnkit.vision import datasets as own
from nnkit.vision import transforms

__all__ = ["datasets", "transforms"]


class MNIST(own.MNIST, torch.utils.data.Dataset):
    def __getitem__(self, index):
        picture, target = super().__getitem__(index)
        return torch.from_dlpack(picture), target


datasets = SimpleNamespace(MNIST=MNIST)
