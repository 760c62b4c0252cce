"""Batches of a data set."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nnkit.random import Generator
from nnkit.tensors import Tensor
from nnkit.utils.data.collate import default_collate, default_convert
from nnkit.utils.data.dataset import IterableDataset, Subset, TensorDataset
from nnkit.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler, draw_seed

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader:
    """Batches of a data set, in an order that the seed decides: the same as PyTorch's.

    Each `iter()` of it is one pass over the data. Batches are made one at a time, when they are asked for, by the
    program itself: there are no worker processes, and arguments that are for them are accepted and change nothing.

    Args:
        dataset: samples by number (anything with `__getitem__` and `__len__`), or an `IterableDataset`.
        batch_size: samples per batch; None for single samples.
        shuffle: whether each pass has a random order.
        sampler: an order of one's own; instead of `shuffle`.
        batch_sampler: lists of indices, one for each batch; instead of the four before and `drop_last`.
        num_workers: accepted, without effect. Random numbers that samples need come from the generator of the program.
        collate_fn: makes a batch of a list of samples; `default_collate` when omitted.
        pin_memory: accepted with a warning: there is no accelerator.
        drop_last: whether a last batch that would be smaller is left out.
        timeout: accepted, without effect.
        worker_init_fn: accepted and never called.
        multiprocessing_context: accepted, without effect.
        generator: decides the order; the one of `manual_seed` where none is given.
        prefetch_factor: accepted, without effect.
        persistent_workers: accepted, without effect.
        pin_memory_device: accepted, without effect.
        in_order: accepted; batches are in order.

    Raises:
        ValueError: the arguments contradict each other.

    Examples:
        >>> dataset = torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5) ** 2)
        >>> for numbers, squares in torch.utils.data.DataLoader(dataset, batch_size=2):
        ...     print(numbers, squares)
        tensor([0, 1]) tensor([0, 1])
        tensor([2, 3]) tensor([4, 9])
        tensor([4]) tensor([16])
    """

    _initialized = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Iterable[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.generator = generator
        if sampler is None:
            sampler = _sampler(dataset, bool(shuffle), generator)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        if self.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be "
                "used.",
                UserWarning,
                stacklevel=2,
            )
        # PyTorch draws a seed for its workers, also without any: what is drawn next should be the same.
        draw_seed(self.generator)
        return self._stream() if isinstance(self.dataset, IterableDataset) else self._batches()

    def _batches(self) -> Iterator[Any]:
        if self.batch_sampler is None:
            for index in self.sampler:
                yield self.collate_fn(self.dataset[index])
            return
        for indices in self.batch_sampler:
            whole = _gathered(self.dataset, indices) if self.collate_fn is default_collate else None
            yield self.collate_fn(_samples(self.dataset, indices)) if whole is None else whole

    def _stream(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            total = len(self.dataset)  # type: ignore[arg-type]  # A data set without a length says so itself.
            if self.batch_size is None:
                return total
            return total // self.batch_size if self.drop_last else -(-total // self.batch_size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]


def get_worker_info() -> None:
    """Return which worker process this is: None, since there are none.

    Examples:
        >>> print(torch.utils.data.get_worker_info())
        None
    """


def _sampler(dataset: Any, shuffle: bool, generator: Generator | None) -> Iterable[Any]:
    if isinstance(dataset, IterableDataset):
        return itertools.repeat(None)
    return RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)


def _samples(dataset: Any, indices: Iterable[Any]) -> list[Any]:
    together = getattr(dataset, "__getitems__", None)
    return together(indices) if together else [dataset[index] for index in indices]


def _gathered(dataset: Any, indices: Iterable[Any]) -> list[Tensor] | None:
    """Return the batch of rows of tensors, picked all at once; None if the data set is not made of such rows."""
    if not isinstance(indices, list | tuple) or not indices:
        return None
    if type(dataset) is Subset:
        return _gathered(dataset.dataset, [dataset.indices[index] for index in indices])
    # A subclass may do something else with each row.
    if type(dataset) is not TensorDataset or any(type(index) is not int for index in indices):
        return None
    # Gradients tell stacked rows from rows that are picked at once.
    if any(tensor.requires_grad for tensor in dataset.tensors):
        return None
    # A tuple would be an index for each dimension.
    rows = list(indices)
    return [tensor[rows] for tensor in dataset.tensors]


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool, context: Any
) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if context is not None and num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )


def _check_order(
    dataset: Any, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if isinstance(dataset, IterableDataset):
        options = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
        for name, value in options.items():
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_sampler is None and batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
