"""Sums of products, in Einstein's notation."""

from __future__ import annotations

from nnkit.tensors.tensor import Tensor


def einsum(equation: str, *operands: Tensor) -> Tensor:
    """Return sums of products of elements; letters name the dimensions, and what is not in the result is summed over.

    Args:
        equation: the dimensions of each operand, an arrow, and those of the result; without an arrow, all letters that
            occur once, in the order of the alphabet.
        operands: one or more tensors.

    Raises:
        RuntimeError: the equation does not fit the operands.

    Source: Einstein, "The foundation of the general theory of relativity", 1916, section 5.

    Examples:
        >>> torch.einsum("ij,jk->ik", torch.eye(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[1., 2.],
                [3., 4.]])
    """
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    given, arrow, result = equation.replace(" ", "").partition("->")
    terms = given.split(",")
    if not arrow:
        letters = "".join(terms)
        result = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    _check(terms, operands)
    for letter in result:
        if result.count(letter) > 1:
            raise RuntimeError(f"einsum(): output subscript {letter} appears more than once in the output")
        if letter not in given:
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any input operand"
            )
    total, names = operands[0], terms[0]
    total, names = _summed(total, names, result + "".join(terms[1:]))
    for number, (operand, term) in enumerate(zip(operands[1:], terms[1:], strict=True), start=1):
        kept = result + "".join(terms[number + 1 :])
        operand, term = _summed(operand, term, kept + names)
        total, names = _product(total, names, operand, term, kept)
    return total.permute([names.index(letter) for letter in result])


def _check(terms: list[str], operands: tuple[Tensor, ...]) -> None:
    if len(terms) != len(operands):
        word = "fewer" if len(terms) > len(operands) else "more"
        raise RuntimeError(f"einsum(): {word} operands were provided than specified in the equation")
    sizes: dict[str, int] = {}
    for number, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        if len(term) != operand.dim():
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(term)}) does not match the number of "
                f"dimensions ({operand.dim()}) for operand {number} and no ellipsis was given"
            )
        if len(set(term)) < len(term):
            raise NotImplementedError(f"einsum() of a diagonal: {term} names a dimension twice")
        for letter, size in zip(term, operand.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {size} for operand {number} which does not broadcast with "
                    f"previously seen size {sizes[letter]}"
                )


def _summed(tensor: Tensor, names: str, kept: str) -> tuple[Tensor, str]:
    """Return a tensor without the dimensions that nobody asks for any more."""
    gone = [place for place, letter in enumerate(names) if letter not in kept]
    return (tensor.sum(gone), "".join(letter for letter in names if letter in kept)) if gone else (tensor, names)


def _product(first: Tensor, one: str, second: Tensor, other: str, kept: str) -> tuple[Tensor, str]:
    """Return the product of two tensors, summed over what they share and nobody else asks for: products of matrices."""
    batch = [letter for letter in one if letter in other and letter in kept]
    summed = [letter for letter in one if letter in other and letter not in kept]
    left = [letter for letter in one if letter not in other]
    right = [letter for letter in other if letter not in one]
    rows = first.permute([one.index(letter) for letter in (*batch, *left, *summed)])
    columns = second.permute([other.index(letter) for letter in (*batch, *summed, *right)])
    of_rows = len(batch) + len(left)
    outer, height, inner = rows.shape[: len(batch)], rows.shape[len(batch) : of_rows], rows.shape[of_rows:]
    width = columns.shape[len(batch) + len(summed) :]
    count, depth = outer.numel(), inner.numel()
    product = rows.reshape(count, height.numel(), depth).bmm(columns.reshape(count, depth, width.numel()))
    return product.view(outer + height + width), "".join((*batch, *left, *right))
