"""Tables whose rows are picked by their numbers."""

from __future__ import annotations

from typing import Any

from nnkit.dtypes import dtype as DType
from nnkit.nn import functional as F
from nnkit.nn import init
from nnkit.nn.modules.module import Module
from nnkit.nn.parameter import Parameter
from nnkit.tensors import Tensor, empty, no_grad


class Embedding(Module):
    """A table of learned vectors, which are picked by their numbers: words become points, say.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: length of each.
        padding_idx: a row of zeros at first, which gets no gradient.
        max_norm: rows that are picked and longer are made this long first.
        norm_type: the p of the p-norm that is their length.
        scale_grad_by_freq: whether gradients are divided by how often a row was picked.
        sparse: changes nothing; gradients are dense.
        _weight: the table to begin with.
        _freeze: whether it is not trained.
        device: "cpu".
        dtype: element type of the table, float32 when omitted.

    Shapes:
        Input (*), int64 or int32; output (*, embedding_dim); weight (num_embeddings, embedding_dim), drawn from a
        normal distribution.

    Raises:
        AssertionError: `padding_idx` is no row, or the table to begin with has another shape.

    Source: Bengio et al., "A neural probabilistic language model", 2003, section 2.

    Examples:
        >>> layer = nn.Embedding(10, 3)
        >>> layer(torch.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
        torch.Size([2, 4, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            made = empty((num_embeddings, embedding_dim), device=device, dtype=dtype)
            self.weight = Parameter(made, requires_grad=not _freeze)
            self.reset_parameters()
        elif list(_weight.shape) != [num_embeddings, embedding_dim]:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    def reset_parameters(self) -> None:
        """Draw a new table."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        """Return a row for each number."""
        options = (self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        return F.embedding(input, self.weight, *options)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        parts += [f"{name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        return ", ".join(parts)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """Return a layer with a table that there is already, whose memory it shares.

        Args:
            embeddings: the table, (rows, features).
            freeze: whether it is not trained.
            padding_idx: as above, and so the others.
            max_norm: as above.
            norm_type: as above.
            scale_grad_by_freq: as above.
            sparse: as above.

        Raises:
            AssertionError: the table is not two-dimensional.

        Examples:
            >>> nn.Embedding.from_pretrained(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))(torch.tensor(1))
            tensor([3., 4.])
        """
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        return cls(rows, columns, *options, _weight=embeddings, _freeze=freeze)
