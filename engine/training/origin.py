"""What a run computes on: its data, the machine and the libraries; the same bits come from the same of all."""

from __future__ import annotations

import hashlib
import platform
from typing import Any

import numpy as np

from nnkit import __version__
from nnkit.data import ImageSet
from nnkit.training.fit import Training


def origin(training: Training) -> dict[str, Any]:
    """Return what a checkpoint has to say about where it comes from, as plain values."""
    import llvmlite.binding
    import numba  # Half a second, which the command line cannot spend on its way to --help.

    from nnkit.kernels.cpu.program import SLOTS

    validation = training.validation.image_set if training.validation else None
    sets = {"training": training.train.image_set, "validation": validation, "test": training.test.image_set}
    return {
        "data": {name: _digest(images) for name, images in sets.items() if images is not None},
        "machine": {
            "processor": llvmlite.binding.get_host_cpu_name(),
            "system": f"{platform.system()} {platform.machine()}",
            # Gradients are summed in as many parts as there are cores, at most 16.
            "cores": SLOTS,
            "nnkit": __version__,
            "numpy": np.__version__,
            "numba": numba.__version__,
        },
    }


def _digest(images: ImageSet) -> str:
    digest = hashlib.sha256(repr((images.name, images.images.shape, images.mean, images.std)).encode())
    digest.update(np.ascontiguousarray(images.images).data)
    digest.update(np.ascontiguousarray(images.labels).data)
    return digest.hexdigest()
