"""Parameters alone, in files that other programs read."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.serialization import container

# Where an npz file, which has no place for texts, keeps them, as JSON.
METADATA = "__metadata__"
# The first date that a zip file can have: equal parameters give equal files, whenever they are written.
_DATE = (1980, 1, 1, 0, 0, 0)


def as_safetensors(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """Return the content of a safetensors file.

    Raises:
        CheckpointError: it would be larger than nnkit reads.
    """
    # What other libraries call a state_dict of PyTorch.
    return container.encode(arrays, {**metadata, "format": "pt"})


def as_npz(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """Return the content of an npz file, which `numpy.load` reads without pickle."""
    content = io.BytesIO()
    # NumPy's own `savez` has arguments that arrays cannot be named after.
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in {**arrays, METADATA: np.array(json.dumps(dict(metadata)))}.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _DATE), member.getvalue())
    return content.getvalue()
