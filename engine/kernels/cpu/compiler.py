"""How kernels are compiled, and where the machine code is kept for the next process.

The code of a kernel holds that of others that it calls, from other files. So the folder of the machine code is named
after nnkit's version and a hash of all kernel sources, and an old one is simply not found.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.ir as ir
import numba
from numba import prange, types
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from nnkit import __version__
from nnkit.folders import cache_folder
from nnkit.kernels.cpu.machine_code import CodeFolder, KernelCache

__all__ = [
    "call",
    "inner_kernel",
    "instruction",
    "is_kept",
    "kernel",
    "machine_function",
    "parallel_kernel",
    "prange",
    "unlocked_kernel",
]


# The layout of memory is a source of machine code, too.
_SOURCES = Path(__file__).parent.parent


def _sources_hash(folder: Path = _SOURCES) -> str:
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        content = source.read_bytes()
        digest.update(f"{source.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


# GNU's OpenMP lets a thread that has finished its share spin for milliseconds. With two other busy processes on two
# cores a step of 20 operations then takes 296 ms instead of 12. Some tenths of a millisecond are enough to be awake
# when the next step of a plan begins, which makes it a quarter faster. It is read when the first parallel kernel runs.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")

_FOLDER = CodeFolder(cache_folder() / "kernels" / f"{__version__}-{_sources_hash()}")


def is_kept() -> bool:
    """Return whether machine code is compiled, and kept for other processes."""
    return _FOLDER.obstacle is None and not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


def kept_in() -> tuple[Path, str | None]:
    """Return the folder of the machine code, and why nothing is kept there, if so."""
    return _FOLDER.path, _FOLDER.obstacle


def _compiled(**options: Any) -> Callable[..., Any]:
    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher: Any = numba.njit(**options)(function)
        if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            dispatcher._cache = KernelCache(_FOLDER, function, dispatcher.targetoptions)
        return dispatcher

    return decorate


# NaN and infinity must come through, so none of these compiles with all of `fastmath`.
kernel = _compiled()
# For parts of a kernel that pass registers to each other, which a call would write to memory.
inner_kernel = _compiled(inline="always")
# For threads of Python's own, which run it at the same time.
unlocked_kernel = _compiled(nogil=True)


class ParallelKernel:
    """A kernel whose loop over `prange` is shared among threads; `alone` runs all of it in the calling one.

    So does every call in a process that was forked when there were threads: it has none of them, and GNU's OpenMP would
    end it. Numba's own threads, which are used where there is no OpenMP, would end a process with two calls at once.

    Args:
        function: what is compiled.
        alone: what gives the same results in one thread; without it, `function` itself is compiled once more.
    """

    _calls = threading.RLock()
    _threads_are_lost = False

    def __init__(self, function: Callable[..., Any], alone: Callable[..., Any] | None = None) -> None:
        self._together = _compiled(parallel=True)(function)
        self.alone = alone or kernel(function)

    def __call__(self, *arguments: Any) -> Any:
        if self._threads_are_lost:
            return self.alone(*arguments)
        with self._calls:
            return self._together(*arguments)

    @classmethod
    def after_fork(cls) -> None:
        """Find out, in a new process, whether it can have threads."""
        # Another thread of the old process may have been in a call.
        cls._calls = threading.RLock()
        with contextlib.suppress(ValueError):
            cls._threads_are_lost = bool(numba.threading_layer())  # type: ignore[attr-defined]


parallel_kernel = ParallelKernel
# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ParallelKernel.after_fork)


# The functions that run one kind of instruction, by opcode.
KERNELS: dict[int, Callable[..., None]] = {}


def instruction(*opcodes: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which instructions a function runs.

    It takes the instruction's fields, pointers to its operands (input, other, bias, result, scratch) and to the labels,
    and the number of images in the block; operands that an instruction does not name point nowhere.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        KERNELS.update(dict.fromkeys(opcodes, function))
        return function

    return register


@functools.cache
def machine_function(function: Callable[..., None], *arguments: Any) -> int:
    """Compile a function of arguments of these types, once; return the address at which `call` finds it.

    Divisions are NumPy's: by zero they give infinity or NaN, and there is no branch.
    """
    options = {"error_model": "numpy"}
    compiled = CFunc(function, (arguments, types.void), {}, options)
    compiled._cache = KernelCache(_FOLDER, function, options)  # type: ignore[attr-defined]
    compiled.compile()
    _COMPILED.append(compiled)
    address: int = compiled.address  # type: ignore[assignment]  # None before it is compiled
    return address


# An address does not keep its machine code.
_COMPILED: list[Any] = []


@intrinsic
def call(typingctx: Any, function: Any, arguments: Any) -> Any:
    """Call the machine function at an address with a tuple of integers, which are numbers or addresses."""

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        integer = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [integer] * len(arguments))
        target = builder.inttoptr(values[0], kind.as_pointer())
        builder.call(target, [builder.extract_value(values[1], index) for index in range(len(arguments))])
        return context.get_dummy_value()

    return types.void(function, arguments), codegen
