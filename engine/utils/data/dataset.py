"""Data sets: samples by number, or one after the other."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Sequence, Sized
from typing import Any, Generic, TypeVar, cast

from nnkit.random import Generator
from nnkit.tensors import Tensor, randperm

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by number. A data set of one's own has `__getitem__(index)`, and `__len__()` for most uses.

    It may have `__getitems__(indices)` as well, which returns the list of several samples.

    Examples:
        >>> class Squares(torch.utils.data.Dataset):
        ...     def __len__(self):
        ...         return 4
        ...
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> list(torch.utils.data.DataLoader(Squares(), batch_size=2))
        [tensor([0, 1]), tensor([4, 9])]
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Samples one after the other, for data that cannot be picked by number; it has `__iter__()`.

    Examples:
        >>> class Countdown(torch.utils.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter([3, 2, 1])
        >>> list(torch.utils.data.DataLoader(Countdown(), batch_size=2))
        [tensor([3, 2]), tensor([1])]
    """


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """The rows of tensors: sample `i` is a tuple of what each tensor has at `i`.

    Args:
        tensors: of equal first dimension.

    Raises:
        AssertionError: their first dimensions differ.

    Examples:
        >>> dataset = torch.utils.data.TensorDataset(torch.eye(3), torch.arange(3))
        >>> dataset[1]
        (tensor([0., 1., 0.]), tensor(1))
        >>> len(dataset)
        3
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """Some samples of a data set.

    Args:
        dataset: the whole.
        indices: which of its samples are in the subset, in this order.

    Raises:
        NotImplementedError: a subclass has a `__getitem__` of its own and no `__getitems__`.

    Examples:
        >>> subset = torch.utils.data.Subset(["a", "b", "c", "d"], [3, 1])
        >>> subset[0], len(subset)
        ('d', 2)
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{own.__name__} overrides __getitem__ but not __getitems__. When subclassing Subset and overriding "
                "__getitem__, you must also override __getitems__ to ensure DataLoader works correctly with your "
                "custom logic. A simple implementation:\n\ndef __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[each] for each in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        """Return several samples."""
        chosen = [self.indices[index] for index in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(chosen)
        return [self.dataset[index] for index in chosen]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[Any]):
    """The samples of several data sets, one data set after the other; `a + b` makes one of two.

    Args:
        datasets: at least one.

    Raises:
        AssertionError: there are none, or one has no numbers for its samples.

    Examples:
        >>> both = torch.utils.data.ConcatDataset(["abc", "de"])
        >>> both[3], both[-1], len(both)
        ('d', 'e', 5)
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if len(self.datasets) == 0:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        number = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[number - 1] if number else 0
        return self.datasets[number][index - before]


def random_split(
    dataset: Sized, lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[Any]]:
    """Return subsets of random samples, each of which is in one of them.

    Args:
        dataset: the whole.
        lengths: how many samples each subset has, or which share of them. Shares are rounded down, and what is left
            goes to the first ones.
        generator: decides which; the one of `manual_seed` where none is given.

    Raises:
        ValueError: the lengths are not those of the whole, or a share is not between 0 and 1.

    Examples:
        >>> train, test = torch.utils.data.random_split(range(10), [0.7, 0.3], torch.Generator().manual_seed(0))
        >>> list(train), list(test)
        ([4, 1, 7, 5, 3, 9, 0], [8, 6, 2])
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        counts = _counts(total, lengths)
        for number, count in enumerate(counts):
            if count == 0:
                warnings.warn(
                    f"Length of split at index {number} is 0. This might result in an empty dataset.",
                    UserWarning,
                    stacklevel=2,
                )
    else:
        counts = cast(list[int], list(lengths))
    if sum(counts) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    # The sum and not the size, so that lengths that are no integers are refused.
    order = randperm(sum(counts), generator=generator).tolist()
    ends = itertools.accumulate(counts)
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def _counts(total: int, shares: Sequence[float]) -> list[int]:
    for number, share in enumerate(shares):
        if share < 0 or share > 1:
            raise ValueError(f"Fraction at index {number} is not between 0 and 1")
    counts = [math.floor(total * share) for share in shares]
    for extra in range(total - sum(counts)):
        counts[extra % len(counts)] += 1
    return counts
