"""What PyTorch's functions take, as its messages say it: the forms of each, in their order.

Source: https://pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

from collections.abc import Sequence

from nnkit.tensors.forms import Form

_MADE = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, "
    "bool requires_grad = False"
)
_NEW = f"*, Tensor out = None, {_MADE}"
_DRAWN = f"*, torch.Generator generator, Tensor out = None, {_MADE}"
_LIKE = f"*, torch.memory_format memory_format = None, {_MADE}"
_DRAWN_LIKE = f"*, torch.Generator generator, torch.memory_format memory_format = None, {_MADE}"
_OUT = "*, Tensor out = None"

# One tensor, and nothing else.
_OF_ONE = """
    abs absolute acos asin atan bitwise_not ceil cos cosh erf exp expm1 floor isfinite isinf isnan log log10 log1p log2
    logical_not neg reciprocal relu rsqrt sigmoid sign sin sinh sqrt square tan tanh trunc
"""
# Two tensors.
_OF_TWO = "logical_and logical_or logical_xor matmul maximum minimum"
# A tensor, and a tensor or a number.
_OF_OPERANDS = "bitwise_and bitwise_or bitwise_xor eq fmod ge gt le lt ne"

_FUNCTIONS: dict[str, Sequence[str]] = {
    **{name: [f"(Tensor input, {_OUT})"] for name in _OF_ONE.split()},
    **{name: [f"(Tensor input, Tensor other, {_OUT})"] for name in _OF_TWO.split()},
    **{
        name: [f"(Tensor input, Tensor other, {_OUT})", f"(Tensor input, Number other, {_OUT})"]
        for name in _OF_OPERANDS.split()
    },
    **{name: ["(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)"] for name in ("add", "sub")},
    "addmm": [
        "(Tensor input, Tensor mat1, Tensor mat2, *, Number beta = 1, Number alpha = 1, Tensor out = None)",
        "(Tensor input, Tensor mat1, Tensor mat2, torch.dtype out_dtype, *, Number beta = 1, Number alpha = 1, "
        "Tensor out = None)",
    ],
    **{
        name: [
            f"(Tensor input, {_OUT})",
            f"(Tensor input, tuple of ints[1] dim = None, bool keepdim = False, {_OUT})",
            f"(Tensor input, int dim, bool keepdim = False, {_OUT})",
        ]
        for name in ("all", "any")
    },
    **{
        name: ["(Tensor input, Tensor other, float rtol = 1e-05, float atol = 1e-08, bool equal_nan = False)"]
        for name in ("allclose", "isclose")
    },
    **{name: [f"(Tensor input, tuple of ints[1] dim = (), bool keepdim = False, {_OUT})"] for name in ("amax", "amin")},
    **{name: [f"(Tensor input, int dim = None, bool keepdim = False, {_OUT})"] for name in ("argmax", "argmin")},
    "arange": [
        f"(Number end, {_NEW})",
        f"(Number start, Number end, *, {_MADE})",
        f"(Number start, Number end, Number step = 1, {_NEW})",
    ],
    "argsort": [
        "(Tensor input, *, bool stable, int dim = -1, bool descending = False, Tensor out = None)",
        "(Tensor input, int dim = -1, bool descending = False)",
    ],
    "bernoulli": [
        "(Tensor input, *, torch.Generator generator = None, Tensor out = None)",
        "(Tensor input, float p, *, torch.Generator generator = None)",
    ],
    "bincount": ["(Tensor input, Tensor weights = None, int minlength = 0)"],
    "bmm": [
        f"(Tensor input, Tensor mat2, {_OUT})",
        f"(Tensor input, Tensor mat2, torch.dtype out_dtype, {_OUT})",
    ],
    "broadcast_to": ["(Tensor input, tuple of ints size)"],
    **{
        name: [f"(tuple of Tensors tensors, int dim = 0, {_OUT})"] for name in ("cat", "concat", "concatenate", "stack")
    },
    "chunk": ["(Tensor input, int chunks, int dim = 0)"],
    **{
        name: [
            f"(Tensor input, Tensor min = None, Tensor max = None, {_OUT})",
            f"(Tensor input, Number min = None, Number max = None, {_OUT})",
        ]
        for name in ("clamp", "clip")
    },
    **{
        f"clamp_{side}": [f"(Tensor input, Tensor {side}, {_OUT})", f"(Tensor input, Number {side}, {_OUT})"]
        for side in ("min", "max")
    },
    "clone": ["(Tensor input, *, torch.memory_format memory_format = None)"],
    "count_nonzero": ["(Tensor input, int dim = None)", "(Tensor input, tuple of ints dim)"],
    "cumsum": ["(Tensor input, int dim, *, torch.dtype dtype = None, Tensor out = None)"],
    "diag": [f"(Tensor input, int diagonal = 0, {_OUT})"],
    "div": [
        f"(Tensor input, Tensor other, {_OUT})",
        "(Tensor input, Tensor other, *, str rounding_mode, Tensor out = None)",
        "(Tensor input, Number other, *, str rounding_mode)",
    ],
    "divide": [
        f"(Tensor input, Tensor other, {_OUT})",
        "(Tensor input, Tensor other, *, str rounding_mode, Tensor out = None)",
        "(Tensor input, Number other)",
        "(Tensor input, Number other, *, str rounding_mode)",
    ],
    "dot": [f"(Tensor input, Tensor tensor, {_OUT})"],
    **{name: [f"(tuple of ints size, {_NEW})"] for name in ("ones", "zeros")},
    "empty": [f"(tuple of ints size, *, torch.memory_format memory_format = None, Tensor out = None, {_MADE})"],
    **{name: [f"(Tensor input, {_LIKE})"] for name in ("empty_like", "ones_like", "zeros_like")},
    **{name: [f"(Tensor input, {_DRAWN_LIKE})", f"(Tensor input, {_LIKE})"] for name in ("rand_like", "randn_like")},
    "equal": ["(Tensor input, Tensor other)"],
    "eye": [f"(int n, {_NEW})", f"(int n, int m, {_NEW})"],
    "flatten": ["(Tensor input, int start_dim = 0, int end_dim = -1)"],
    "flip": ["(Tensor input, tuple of ints dims)"],
    "floor_divide": [f"(Tensor input, Tensor other, {_OUT})", "(Tensor input, Number other)"],
    "full": [f"(tuple of ints size, Number fill_value, {_NEW})"],
    "full_like": [f"(Tensor input, Number fill_value, {_LIKE})"],
    "gather": ["(Tensor input, int dim, Tensor index, *, bool sparse_grad = False, Tensor out = None)"],
    **{name: [f"(tuple of Tensors tensors, {_OUT})"] for name in ("hstack", "vstack")},
    "index_select": [f"(Tensor input, int dim, Tensor index, {_OUT})"],
    "lerp": [
        f"(Tensor input, Tensor end, Tensor weight, {_OUT})",
        f"(Tensor input, Tensor end, Number weight, {_OUT})",
    ],
    "linspace": [
        f"({one} start, {other} end, int steps, {_NEW})"
        for other in ("Tensor", "Number")
        for one in ("Tensor", "Number")
    ],
    **{name: [f"(Tensor input, int dim, torch.dtype dtype = None, {_OUT})"] for name in ("log_softmax", "softmax")},
    "logsumexp": [f"(Tensor input, tuple of ints[1] dim, bool keepdim = False, {_OUT})"],
    "masked_fill": ["(Tensor input, Tensor mask, Tensor value)", "(Tensor input, Tensor mask, Number value)"],
    "masked_select": [f"(Tensor input, Tensor mask, {_OUT})"],
    **{
        name: [
            f"(Tensor input, {_OUT})",
            f"(Tensor input, Tensor other, {_OUT})",
            "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
        ]
        for name in ("max", "min")
    },
    "mean": [
        "(Tensor input, *, torch.dtype dtype = None, Tensor out = None)",
        "(Tensor input, tuple of ints[1]? dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
    ],
    "median": [
        "(Tensor input)",
        "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
    ],
    "mm": [f"(Tensor input, Tensor mat2, {_OUT})", f"(Tensor input, Tensor mat2, torch.dtype out_dtype, {_OUT})"],
    "mul": [f"(Tensor input, Tensor other, {_OUT})"],
    "multinomial": [
        "(Tensor input, int num_samples, bool replacement = False, *, torch.Generator generator = None, "
        "Tensor out = None)"
    ],
    "multiply": [f"(Tensor input, Tensor other, {_OUT})", "(Tensor input, Number other)"],
    "mv": [f"(Tensor input, Tensor vec, {_OUT})"],
    "nan_to_num": [f"(Tensor input, float nan = None, float posinf = None, float neginf = None, {_OUT})"],
    "narrow": ["(Tensor input, int dim, Tensor start, int length)", "(Tensor input, int dim, int start, int length)"],
    "numel": ["(Tensor input)"],
    "outer": [f"(Tensor input, Tensor vec2, {_OUT})"],
    "permute": ["(Tensor input, tuple of ints dims)"],
    "pow": [
        f"(Tensor input, Tensor exponent, {_OUT})",
        f"(Number self, Tensor exponent, {_OUT})",
        f"(Tensor input, Number exponent, {_OUT})",
    ],
    "prod": [
        "(Tensor input, *, torch.dtype dtype = None)",
        "(Tensor input, int dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
    ],
    **{name: [f"(tuple of ints size, {_DRAWN})", f"(tuple of ints size, {_NEW})"] for name in ("rand", "randn")},
    "randint": [
        f"({bounds}, tuple of ints size, {rest})"
        for bounds in ("int high", "int low, int high")
        for rest in (_DRAWN, _NEW)
    ],
    "randperm": [f"(int n, {_DRAWN})", f"(int n, {_NEW})"],
    "ravel": ["(Tensor input)"],
    "remainder": [
        f"(Tensor input, Tensor other, {_OUT})",
        "(Number self, Tensor other)",
        f"(Tensor input, Number other, {_OUT})",
    ],
    "repeat_interleave": [
        "(Tensor input, Tensor repeats, int dim = None, *, int output_size = None)",
        "(Tensor repeats, *, int output_size = None)",
        "(Tensor input, int repeats, int dim = None, *, int output_size = None)",
    ],
    "reshape": ["(Tensor input, tuple of ints shape)"],
    "roll": ["(Tensor input, tuple of ints[1] shifts, tuple of ints[1] dims = ())"],
    "scatter": [
        f"(Tensor input, int dim, Tensor index, {source}, *, {rest}Tensor out = None)"
        for source in ("Tensor src", "Number value")
        for rest in ("", "str reduce, ")
    ],
    "sort": [
        "(Tensor input, *, bool stable, int dim = -1, bool descending = False, tuple of Tensors out = None)",
        "(Tensor input, int dim = -1, bool descending = False, *, tuple of Tensors out = None)",
    ],
    "round": [f"(Tensor input, {_OUT})", "(Tensor input, *, int decimals, Tensor out = None)"],
    "squeeze": ["(Tensor input)", "(Tensor input, int dim)", "(Tensor input, tuple of ints dim)"],
    **{
        name: [
            f"(Tensor input, tuple of ints[1]? dim, bool unbiased = True, bool keepdim = False, {_OUT})",
            "(Tensor input, tuple of ints[1] dim = None, *, Number correction = None, bool keepdim = False, "
            "Tensor out = None)",
            "(Tensor input, bool unbiased = True)",
        ]
        for name in ("std", "var")
    },
    "subtract": [
        "(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
        "(Tensor input, Number other, Number alpha = 1)",
    ],
    "sum": [
        "(Tensor input, *, torch.dtype dtype = None)",
        "(Tensor input, tuple of ints[1]? dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
    ],
    "swapaxes": ["(Tensor input, int axis0, int axis1)"],
    "t": ["(Tensor input)"],
    "tile": ["(Tensor input, tuple of ints dims)"],
    "tensor": [
        "(object data, *, torch.dtype dtype = None, torch.device device = None, bool pin_memory = False, "
        "bool requires_grad = False)"
    ],
    "topk": [
        "(Tensor input, int k, int dim = -1, bool largest = True, bool sorted = True, *, tuple of Tensors out = None)"
    ],
    "trace": ["(Tensor input)"],
    "transpose": ["(Tensor input, int dim0, int dim1)"],
    **{name: [f"(Tensor input, int diagonal = 0, {_OUT})"] for name in ("tril", "triu")},
    "unflatten": ["(Tensor input, int dim, tuple of ints sizes)"],
    "unbind": ["(Tensor input, int dim = 0)"],
    "unsqueeze": ["(Tensor input, int dim)"],
    "where": [
        "(Tensor condition)",
        f"(Tensor condition, Tensor input, Tensor other, {_OUT})",
        "(Tensor condition, Number self, Tensor other)",
        "(Tensor condition, Tensor input, Number other)",
        "(Tensor condition, Number self, Number other)",
    ],
}
_TO = "bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None"
# Methods that are no functions, or not as functions are.
_METHODS: dict[str, Sequence[str]] = {
    "addmm": ["(Tensor mat1, Tensor mat2, *, Number beta = 1, Number alpha = 1)"],
    "copy_": ["(Tensor other, bool non_blocking = False)"],
    "expand": ["(tuple of ints size, *, bool implicit = False)"],
    "expand_as": ["(Tensor other)"],
    "fill_": ["(Tensor value)", "(Number value)"],
    "new_empty": [f"(tuple of ints size, *, {_MADE})"],
    "new_full": [f"(tuple of ints size, Number fill_value, *, {_MADE})"],
    "new_ones": [f"(tuple of ints size, *, {_MADE})"],
    "new_tensor": [
        "(object data, *, torch.dtype dtype = None, torch.device device = None, bool requires_grad = False)"
    ],
    "new_zeros": [f"(tuple of ints size, *, {_MADE})"],
    "nonzero": ["()", "(*, bool as_tuple)"],
    "normal_": ["(float mean = 0, float std = 1, *, torch.Generator generator = None)"],
    "pow": ["(Tensor exponent)", "(Number exponent)"],
    "remainder": ["(Tensor other)", "(Number other)"],
    "repeat": ["(tuple of ints repeats)"],
    "repeat_interleave": [
        "(Tensor repeats, int dim = None, *, int output_size = None)",
        "(int repeats, int dim = None, *, int output_size = None)",
    ],
    "requires_grad_": ["(bool requires_grad = True)"],
    "select": ["(int dim, int index)"],
    "size": ["()", "(int dim)"],
    "stride": ["()", "(int dim)"],
    "to": [
        f"(torch.device device = None, torch.dtype dtype = None, {_TO})",
        f"(torch.dtype dtype, {_TO})",
        f"(Tensor tensor, {_TO})",
    ],
    "uniform_": ["(float from = 0, float to = 1, *, torch.Generator generator = None)"],
    "view": ["(torch.dtype dtype)", "(tuple of ints size)"],
    "view_as": ["(Tensor other)"],
    "where": ["(Tensor condition, Tensor other)", "(Tensor condition, Number other)"],
}
# Those that take a number for a tensor, and those that had other forms once.
_OF_NUMBERS = {"add", "sub", "mul", "div", "floor_divide", "copy_"}
_OLDER = {"add", "sub", "addmm"}


def function_forms(name: str) -> list[Form]:
    """Return the forms of a function of the package, none where it is not declared here."""
    return [Form(text, numbers=name in _OF_NUMBERS) for text in _FUNCTIONS.get(name, ())]


def method_forms(name: str) -> list[Form]:
    """Return the forms of a method of tensors, none where it is not declared here."""
    base = name if name in _METHODS else name.removesuffix("_")
    texts = _METHODS.get(base) or [_of_method(text) for text in _FUNCTIONS.get(base, ())]
    return [Form(text, numbers=base in _OF_NUMBERS) for text in texts if text != "()" or len(texts) > 1]


def has_older_forms(name: str) -> bool:
    """Return whether PyTorch knows forms of a function that its messages leave out."""
    return name.removesuffix("_") in _OLDER


def declared_methods() -> set[str]:
    """Return the names of methods that take something beside their tensor."""
    methods = {name for name, texts in _FUNCTIONS.items() if texts[0].startswith("(Tensor input")}
    return {*methods, *_METHODS} - {*_OF_ONE.split()}


def _of_method(text: str) -> str:
    """Return the form of a method, which has its tensor already and writes into no other."""
    inside = text[1:-1].removeprefix("Tensor input").removeprefix(", ")
    for out in ("Tensor out = None", "tuple of Tensors out = None"):
        inside = inside.removesuffix(out)
    return f"({inside.removesuffix(', ').removesuffix('*').removesuffix(', ')})"
