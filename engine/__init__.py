"""nnkit: a small PyTorch-like engine in Python and Numba; `import nnkit as torch` runs PyTorch's tutorials.

Everything is imported when it is first used: `nnkit --help` should not wait for NumPy, nor a look at a tensor for
Numba.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Where each public name lives; a module is imported when one of its names is asked for.
_HOMES = {
    "nnkit.constants": "e inf nan newaxis pi",
    "nnkit.devices": "device get_default_device set_default_device",
    "nnkit.dtypes": """
        can_cast dtype finfo float16 float32 float64 get_default_dtype iinfo int8 int16 int32 int64 promote_types
        strided uint8
    """,
    "nnkit.random": "Generator default_generator get_rng_state initial_seed manual_seed seed set_rng_state",
    "nnkit.serialization": "load save",
    "nnkit.settings": """
        are_deterministic_algorithms_enabled get_num_threads is_deterministic_algorithms_warn_only_enabled
        set_num_threads use_deterministic_algorithms
    """,
    "nnkit.tape": """
        is_anomaly_check_nan_enabled is_anomaly_enabled is_grad_enabled is_inference_mode_enabled set_anomaly_enabled
    """,
    "nnkit.tensors": """
        Size Tensor arange as_tensor cat concat concatenate empty empty_like enable_grad eye from_dlpack
        from_numpy full full_like hstack inference_mode linspace no_grad ones ones_like rand rand_like randint
        randn randn_like randperm set_grad_enabled stack tensor vstack where zeros zeros_like
    """,
    "nnkit.tensors.drawing": "bernoulli meshgrid multinomial normal",
    "nnkit.tensors.einsum": "einsum",
    "nnkit.tensors.formatting": "set_printoptions",
    "nnkit.tensors.typed": """
        BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor ShortTensor
    """,
    "nnkit.tensors.functions": """
        abs absolute acos add addmm all allclose amax amin any argmax argmin argsort asin atan bincount
        bitwise_and bitwise_not bitwise_or bitwise_xor bmm broadcast_to ceil chunk clamp clamp_max clamp_min
        clip clone cos cosh count_nonzero cumsum diag div divide dot eq equal erf exp expm1 flatten flip floor
        floor_divide fmod gather ge gt index_select is_floating_point is_inference is_tensor isclose isfinite
        isinf isnan le lerp log log10 log1p log2 log_softmax logical_and logical_not logical_or logical_xor
        logsumexp lt masked_fill masked_select matmul max maximum mean median min minimum mm mul multiply mv
        nan_to_num narrow ne neg nonzero norm numel outer permute pow prod ravel reciprocal relu remainder
        repeat_interleave reshape result_type roll round rsqrt scatter sigmoid sign sin sinh softmax sort split
        sqrt square squeeze std sub subtract sum swapaxes t tan tanh tile topk trace transpose tril triu trunc
        unbind unflatten unique unsqueeze var
    """,
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}
# PyTorch's other names of some types.
_ALIASES = {
    "bool": ("nnkit.dtypes", "bool_"),
    "double": ("nnkit.dtypes", "float64"),
    "float": ("nnkit.dtypes", "float32"),
    "int": ("nnkit.dtypes", "int32"),
    "half": ("nnkit.dtypes", "float16"),
    "long": ("nnkit.dtypes", "int64"),
    "short": ("nnkit.dtypes", "int16"),
}
_MODULES = (
    "accelerator",
    "autograd",
    "backends",
    "cuda",
    "linalg",
    "nn",
    "optim",
    "random",
    "utils",
    "vision",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"nnkit.{name}")
    module, attribute = _ALIASES.get(name) or (_HOME_OF.get(name), name)
    if module is None:
        raise AttributeError(f"module 'nnkit' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def public_names() -> list[str]:
    """Return the names of the package's own functions and classes; modules are not among them.

    Examples:
        >>> "zeros" in public_names(), "nn" in public_names()
        (True, False)
    """
    return sorted({*_HOME_OF, *_ALIASES})


def home_of(name: str) -> str:
    """Return the module that a public name is defined in.

    Examples:
        >>> home_of("Generator")
        'nnkit.random'
    """
    return _ALIASES[name][0] if name in _ALIASES else _HOME_OF[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF, *_ALIASES, *_MODULES})
