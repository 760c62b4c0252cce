"""From samples to a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnkit.dtypes import float64
from nnkit.tensors import Tensor, as_tensor, from_numpy, stack, tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples into a batch.

    Tensors and arrays get one more dimension in front, numbers become a tensor, strings stay a sequence of strings;
    samples with parts (tuples, lists, dictionaries) become a list or a dictionary of the batches of their parts.

    Args:
        batch: samples of one kind.

    Raises:
        TypeError: it is another kind.
        RuntimeError: sizes differ.

    Example:
        >>> torch.utils.data.default_collate([(torch.zeros(2), 3), (torch.ones(2), 4)])
        [tensor([[0., 0.],
                [1., 1.]]), tensor([3, 4])]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, np.ndarray):
        _refuse_texts(first)
        return stack([as_tensor(array) for array in batch])
    # Before Python's numbers: some of NumPy's are floats, too.
    if isinstance(first, np.bool_ | np.number):
        return from_numpy(np.array(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return _same_mapping(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, Sequence):
        if not _has_fields(first) and any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _same_sequence(first, [default_collate(part) for part in zip(*batch, strict=False)])
    raise TypeError(_unknown(type(first)))


def default_convert(data: Any) -> Any:
    """Return a sample with its arrays as tensors, for a `DataLoader` without batches.

    Example:
        >>> import numpy as np
        >>> torch.utils.data.default_convert({"pixels": np.zeros(2), "name": "a"})
        {'pixels': tensor([0., 0.], dtype=torch.float64), 'name': 'a'}
    """
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, np.bool_ | np.number):
        return from_numpy(np.array(data))
    if isinstance(data, Mapping):
        return _same_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _same_sequence(data, [default_convert(item) for item in data])
    return data


def _has_fields(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _same_mapping(like: Mapping[Any, Any], values: dict[Any, Any]) -> Mapping[Any, Any]:
    return _made(type(like), values)


def _same_sequence(like: Sequence[Any], values: list[Any]) -> Sequence[Any]:
    """Return values in a sequence of the same type, except for tuples, of which PyTorch makes lists."""
    if _has_fields(like):
        return type(like)(*values)
    return values if isinstance(like, tuple) else _made(type(like), values)


def _made(kind: Callable[[Any], Any], values: Any) -> Any:
    try:
        return kind(values)
    except TypeError:
        # Not every type can be made of its parts: `range` cannot.
        return values


def _refuse_texts(array: np.ndarray[Any, Any]) -> None:
    if array.dtype.kind in "SUO":
        raise TypeError(_unknown(array.dtype))


def _unknown(kind: object) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
