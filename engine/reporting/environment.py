"""What a bug report needs to say about a machine: versions, processor, threads and caches."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import sys
from importlib import metadata
from typing import Any

from nnkit import __version__

_LIBRARIES = ("numpy", "numba", "llvmlite", "click", "pydantic", "pyyaml", "safetensors", "tqdm", "platformdirs")
_EXTRAS = ("matplotlib", "pillow", "tensorboardX", "onnx", "onnxruntime")
_SETTINGS = ("NNKIT_", "NUMBA_", "OMP_", "GOMP_", "OPENBLAS_", "MKL_")
_LAYERS = {"tbb": "tbbpool", "omp": "omppool", "workqueue": "workqueue"}
# Of the features of a processor those that kernels are made for.
_FEATURES = ("sse2", "sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "neon", "sve")


def environment() -> dict[str, Any]:
    """Return the facts by name, in the order in which they are told."""
    # Before nnkit sets any itself, unless kernels are in use already.
    settings = {name: value for name, value in sorted(os.environ.items()) if name.startswith(_SETTINGS)}
    # Half a second, which the command line cannot spend on its way to --help.
    import llvmlite.binding
    import numba

    from nnkit.folders import cache_folder
    from nnkit.kernels.cpu import compiler

    features = llvmlite.binding.get_host_cpu_features()
    kernels, obstacle = compiler.kept_in()
    return {
        "nnkit": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "processor": llvmlite.binding.get_host_cpu_name(),
        "features": " ".join(name for name in _FEATURES if features.get(name)),
        "cores": os.cpu_count(),
        "threads": numba.config.NUMBA_NUM_THREADS,  # type: ignore[attr-defined]
        "threading layer": _threading_layer(),
        **{name: _version(name) for name in _LIBRARIES},
        "extras": ", ".join(f"{name} {_version(name)}" for name in _EXTRAS),
        "cache folder": str(cache_folder()),
        "compiled kernels": str(kernels) if obstacle is None else f"not kept: {obstacle}",
        "data folder": os.environ.get("NNKIT_DATA_DIR") or str(cache_folder() / "data"),
        "settings": " ".join(f"{name}={value}" for name, value in settings.items()) or "none",
    }


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "missing"


def _threading_layer() -> str:
    """Return what Numba's threads will be made of: the first of its choices that can be imported."""
    import numba

    chosen = str(numba.config.THREADING_LAYER)  # type: ignore[attr-defined]
    choices = numba.config.THREADING_LAYER_PRIORITY if chosen not in _LAYERS else [chosen]  # type: ignore[attr-defined]
    for name in choices:
        with contextlib.suppress(ImportError):
            importlib.import_module(f"numba.np.ufunc.{_LAYERS[name]}")
            return name
    return "none"
