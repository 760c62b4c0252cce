"""What a bug report needs to say about a machine: versions, processor, threads and caches."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from nnkit import __version__
from nnkit.folders import cache_folder
from nnkit.settings import most_threads

_LIBRARIES = ("numpy", "numba", "llvmlite", "click", "pydantic", "pyyaml", "safetensors", "tqdm", "platformdirs")
_EXTRAS = ("matplotlib", "pillow", "tensorboardX", "onnx", "onnxruntime")
_SETTINGS = ("NNKIT_", "NUMBA_", "OMP_", "GOMP_", "OPENBLAS_", "MKL_")
_LAYERS = {"tbb": "tbbpool", "omp": "omppool", "workqueue": "workqueue"}
# Of the features of a processor those that kernels are made for.
_FEATURES = ("sse2", "sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "neon", "sve")


def environment() -> Iterator[tuple[str, Any]]:
    """Yield each name with what is to be known; last what it takes a while to find out."""
    # Before nnkit sets any itself, unless kernels are in use already.
    settings = {name: value for name, value in sorted(os.environ.items()) if name.startswith(_SETTINGS)}
    yield "nnkit", __version__
    yield "python", f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    yield "system", platform.platform()
    yield "cores", os.cpu_count()
    yield "data folder", os.environ.get("NNKIT_DATA_DIR") or str(cache_folder() / "data")
    yield "cache folder", str(cache_folder())
    yield "settings", " ".join(f"{name}={value}" for name, value in settings.items()) or "none"
    yield from ((name, _version(name)) for name in _LIBRARIES)
    yield "extras", ", ".join(f"{name} {_version(name)}" for name in _EXTRAS)
    yield from _facts_of_numba()


def _facts_of_numba() -> Iterator[tuple[str, Any]]:
    # Numba takes half a second to import; what is known without it is told before.
    import llvmlite.binding

    from nnkit.kernels.cpu import compiler

    features = llvmlite.binding.get_host_cpu_features()
    kernels, obstacle = compiler.kept_in()
    yield "processor", llvmlite.binding.get_host_cpu_name()
    yield "features", " ".join(name for name in _FEATURES if features.get(name))
    yield "threads", most_threads()
    yield "threading layer", _threading_layer()
    yield "compiled kernels", str(kernels) if obstacle is None else f"not kept: {obstacle}"


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
