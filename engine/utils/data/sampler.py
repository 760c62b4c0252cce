"""The order in which the samples of a data set come."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from nnkit.random import Generator
from nnkit.streams import stream_of
from nnkit.tensors import randint, randperm

T_co = TypeVar("T_co", covariant=True)

# With replacement, PyTorch draws so many indices at once.
_DRAWN_AT_ONCE = 32


def draw_seed(generator: Generator | None) -> int:
    """Return a seed for a generator: the next number of 63 bits."""
    return int(stream_of(generator).integers(1, 0, 2**63)[0])


class Sampler(Generic[T_co]):
    """An order of samples, or of batches of them. One of one's own has `__iter__()`, which gives indices.

    Example:
        >>> class Backwards(torch.utils.data.Sampler):
        ...     def __iter__(self):
        ...         return iter([2, 1, 0])
        >>> list(torch.utils.data.DataLoader([10, 11, 12], sampler=Backwards()))
        [tensor([12]), tensor([11]), tensor([10])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """The samples from the first to the last.

    Args:
        data_source: the data set, of which only the length counts.

    Example:
        >>> list(torch.utils.data.SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The samples in random order, another one each time.

    Args:
        data_source: the data set, of which only the length counts.
        replacement: whether each sample is drawn from all of them.
        num_samples: how many are drawn; as many as there are when omitted.
        generator: decides the order. Where none is given each order has a generator of its own, with a seed that is
            drawn from that of `manual_seed`.

    Raises:
        ValueError: there are no samples to draw.
        TypeError: `replacement` is not a bool.

    Example:
        >>> list(torch.utils.data.RandomSampler(range(4), generator=torch.Generator().manual_seed(0)))
        [0, 1, 3, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many samples are drawn."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        count = len(self.data_source)
        generator = self.generator or Generator().manual_seed(draw_seed(None))
        rounds, rest = divmod(self.num_samples, _DRAWN_AT_ONCE if self.replacement else count)
        # What is left is drawn even where it is nothing: PyTorch does so, and the generator goes on from there.
        for taken in [None] * rounds + [rest]:
            if self.replacement:
                size = _DRAWN_AT_ONCE if taken is None else taken
                yield from randint(count, (size,), generator=generator).tolist()
            else:
                yield from randperm(count, generator=generator).tolist()[:taken]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Some samples in random order, another one each time.

    Args:
        indices: which.
        generator: decides the order; the one of `manual_seed` where none is given.

    Example:
        >>> list(torch.utils.data.SubsetRandomSampler([5, 6, 7], torch.Generator().manual_seed(0)))
        [7, 5, 6]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for position in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[position]

    def __len__(self) -> int:
        return len(self.indices)


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler in lists of one length.

    Args:
        sampler: the other one, or anything that gives indices.
        batch_size: the length of a list.
        drop_last: whether a last list that would be shorter is left out.

    Raises:
        ValueError: an argument is of another kind.

    Example:
        >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        total = len(self.sampler)  # type: ignore[arg-type]  # Samplers without a length say so themselves.
        return total // self.batch_size if self.drop_last else -(-total // self.batch_size)
