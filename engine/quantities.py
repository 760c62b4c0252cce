"""Sizes, work and times in words, each in the largest unit that leaves a digit before the point."""

from __future__ import annotations


def bytes_in_words(count: int) -> str:
    """Return a size in bytes, kB, MB or GB, powers of 1,000."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} B"


def flops_in_words(count: float) -> str:
    """Return a number of floating point operations."""
    for size, unit in ((1e9, "GFLOP"), (1e6, "MFLOP"), (1e3, "kFLOP")):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:.0f} FLOP"


def time_in_words(seconds: float) -> str:
    """Return a time in microseconds or milliseconds."""
    return f"{1e3 * seconds:,.1f} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.1f} us"
