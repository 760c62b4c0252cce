"""Networks that users wrote in Python, which are run only where the user says so.

A config or a checkpoint names a file and a class, and holds no code. Naming is not enough: the file is run inside of
`allowed` alone, which the command line enters for `--allow-code`.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import sys
import traceback
import types
import warnings
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

from nnkit.errors import ConfigError
from nnkit.files import open_regular
from nnkit.kernels import shapes_only
from nnkit.nn import Module
from nnkit.registry import unknown_name
from nnkit.training.components import CodeNetwork
from nnkit.training.objections import one_line, without_hint
from nnkit.training.ranges import LARGEST_IMAGE
from nnkit.training.schema import Config
from nnkit.training.yaml_loader import InvalidConfigError, Problem, shortened

# Of networks whose class has none.
INPUT_SIZE = (28, 28)
MAX_BYTES = 1024 * 1024

_is_allowed: ContextVar[bool] = ContextVar("is_allowed", default=False)
# What has run in this process; a file is run once, however often its network is built.
_modules: dict[tuple[Path, str], types.ModuleType] = {}


class CodeError(InvalidConfigError):
    """The user's Python may not run, or fails."""


class BackwardError(ConfigError):
    """The user's network cannot be differentiated: it changes in place what is needed for that, say."""


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Let configs and checkpoints run the Python files that they name, within and in this thread."""
    token = _is_allowed.set(True)
    try:
        yield
    finally:
        _is_allowed.reset(token)


def is_code(config: Config) -> bool:
    """Return whether the network is one that the user wrote in Python."""
    return isinstance(config.network, CodeNetwork)


def may_run(config: Config) -> bool:
    """Return whether the network can be built: it is no user's code, or that is allowed."""
    return _is_allowed.get() or not is_code(config)


def without_numbers(config: Config) -> contextlib.AbstractContextManager[None]:
    """Return `shapes_only` for networks that do not look at the numbers; what users wrote may do so."""
    return contextlib.nullcontext() if is_code(config) else shapes_only()


def check_file(config: Config) -> None:
    """Raise CodeError unless the file of a network in Python is there; what it holds is not looked at."""
    if isinstance(config.network, CodeNetwork):
        _read(config, config.network)


def build_user_network(config: Config, network: CodeNetwork) -> Module:
    """Return the network with its initial parameters.

    Raises:
        CodeError: its code is not allowed, not there, or fails.
    """
    path, source, digest = _permitted(config, network)
    constructor = _class(config, network, _run(config, path, source, digest), path)
    _check_arguments(config, network, constructor)
    try:
        built: Module = constructor(**network.arguments)
    except Exception as error:
        raise _error(config, "file", fault(error) or f"{path}: {network.name}: {one_line(error)}") from None
    _complete_input_size(config, built)
    return built


def noted(config: Config, output: Path) -> Config:
    """Return the config as a run in the folder `output` notes it: where its code is from there, and its checksum.

    Raises:
        CodeError: the file is not there, or may not run.
    """
    network = config.network
    if not isinstance(network, CodeNetwork):
        return config
    path, _, digest = _permitted(config, network)
    file = os.path.realpath(path)
    # On Windows there is no way from one drive to another.
    with contextlib.suppress(ValueError):
        file = os.path.relpath(file, os.path.realpath(output))
    return config.with_code(network.model_copy(update={"file": Path(file).as_posix(), "sha256": digest}), path)


def fault(error: BaseException) -> str | None:
    """Return file, line and message of an error that came from the user's code; None if it did not."""
    # Those beside a file are the user's, too.
    folders = {os.path.realpath(path.parent) for path, _ in _modules}
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    message = one_line(error)
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
        message = error.msg
    places = [(file, line) for file, line in places if os.path.dirname(os.path.realpath(file)) in folders]
    if not places:
        return None
    file, line = places[-1]
    return f"{_shortest(Path(file))}:{line}: {type(error).__name__}{f': {message}' if message else ''}"


@contextlib.contextmanager
def answerable() -> Iterator[None]:
    """Hold the user's file to account for what is wrong in a backward pass, in which none of its lines run.

    Raises:
        BackwardError: a RuntimeError where a file has run, unless it came from there.
    """
    try:
        yield
    except RuntimeError as error:
        if not _modules or fault(error):
            raise
        files = ", ".join(sorted({str(_shortest(path)) for path, _ in _modules}))
        message = f"{type(error).__name__}: {without_hint(error)}"
        raise BackwardError(f"{files}: in backward: {message} (nnkit --debug ... shows the traceback)") from error


def _permitted(config: Config, network: CodeNetwork) -> tuple[Path, bytes, str]:
    """Do as `_read` for a file that may run, and tell if it has changed."""
    path, source, digest = _read(config, network)
    if not _is_allowed.get():
        raise _error(config, "file", f"this would run the Python in {path}; look at it, then add --allow-code")
    if network.sha256 not in (None, digest):
        warnings.warn(f"{path}: has changed since it was trained, its SHA-256 is another one", stacklevel=3)
    return path, source, digest


def _read(config: Config, network: CodeNetwork) -> tuple[Path, bytes, str]:
    """Return the file's path, its content and the SHA-256 of that."""
    path = _shortest(config.code_path)
    # What a run has noted may have moved apart from it.
    if network.sha256 and not os.path.exists(path) and os.path.isfile(path.name):
        path = Path(path.name)
    try:
        with open_regular(path, ConfigError) as file:
            source = file.read(MAX_BYTES + 1)
    except ConfigError as error:
        advice = f"; put {path.name} there, or into this folder" if network.sha256 else ""
        raise _error(config, "file", f"{error}{advice}") from None
    if len(source) > MAX_BYTES:
        raise _error(config, "file", f"{path}: larger than {MAX_BYTES // 1024} KiB, expected a network")
    return path, source, hashlib.sha256(source).hexdigest()


def _shortest(path: Path) -> Path:
    """Return where a path leads, from the current folder if it is in there."""
    real = Path(os.path.realpath(path))
    return real.relative_to(Path.cwd()) if real.is_relative_to(Path.cwd()) else real


def _run(config: Config, path: Path, source: bytes, digest: str) -> types.ModuleType:
    """Run a file, unless this process has, and return what it defines."""
    if (path, digest) in _modules:
        return _modules[path, digest]
    module = types.ModuleType(f"nnkit_user_code_{len(_modules)}")
    module.__file__ = str(path)
    # Dataclasses and others look for the module of a class while the file still runs.
    sys.modules[module.__name__] = _modules[path, digest] = module
    # A file finds those beside it, but behind all that is installed: a `random.py` there is not meant for others.
    folder = os.path.realpath(path.parent)
    before = set(sys.modules)
    sys.path.append(folder)
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:
        message = fault(error) or f"{path}: {type(error).__name__}: {one_line(error)}"
        del sys.modules[module.__name__], _modules[path, digest]
        if not isinstance(error, (Exception, SystemExit)):
            raise
        raise _error(config, "file", message) from None
    finally:
        sys.path.remove(folder)
        _forget(folder, sys.modules.keys() - before)
    return module


def _forget(folder: str, names: Iterable[str]) -> None:
    """Unload modules of a folder, so that the next file does not get them for those of the same names beside it."""
    for top in {name.partition(".")[0] for name in names}:
        file = getattr(sys.modules.get(top), "__file__", None)
        if file in (os.path.join(folder, f"{top}.py"), os.path.join(folder, top, "__init__.py")):
            for name in [name for name in sys.modules if name.partition(".")[0] == top]:
                del sys.modules[name]


def _class(config: Config, network: CodeNetwork, module: types.ModuleType, path: Path) -> type[Module]:
    found = getattr(module, network.name, None)
    if isinstance(found, type) and issubclass(found, Module):
        return found
    if found is not None:
        is_torch = isinstance(found, type) and any(base.__module__.startswith("torch.") for base in found.__mro__)
        advice = "; write `import nnkit as torch` for `import torch`" if is_torch else ""
        raise _error(config, "class", f"{network.name} in {path} is no nnkit.nn.Module{advice}")
    classes = [name for name, value in vars(module).items() if isinstance(value, type) and issubclass(value, Module)]
    message = unknown_name("class", network.name, classes) if classes else "has no class that is an nnkit.nn.Module"
    raise _error(config, "class", f"{path}: {message}")


def _check_arguments(config: Config, network: CodeNetwork, constructor: type[Module]) -> None:
    parameters = inspect.signature(constructor).parameters.values()
    named = {each.name: each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    problems: list[Problem] = []
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        for name in [name for name in network.arguments if name not in named]:
            message = unknown_name("argument", shortened(name), named)
            problems += config.error(("network", "arguments", name), message).problems
    for name, each in named.items():
        if each.default is each.empty and name not in network.arguments:
            problems += config.error(("network", "arguments"), f"{network.name} needs {name}").problems
    if problems:
        raise CodeError(problems)


def _complete_input_size(config: Config, network: Module) -> None:
    if not hasattr(network, "input_size"):
        network.input_size = INPUT_SIZE
    size = network.input_size
    are_sides = isinstance(size, (tuple, list)) and all(type(each) is int and each > 0 for each in size)
    if not are_sides or len(size) != 2 or max(size) > LARGEST_IMAGE:
        given, expected = shortened(repr(size)), f"two integers from 1 to {LARGEST_IMAGE}"
        raise _error(config, "class", f"{type(network).__name__}.input_size is {given}, expected {expected}")


def _error(config: Config, key: str, message: str) -> CodeError:
    return CodeError(config.error(("network", key), message).problems)
