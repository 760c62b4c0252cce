"""The matrix products of a linear layer: weights times vectors of images, in registers."""

from __future__ import annotations

from nnkit.kernels.cpu import simd
from nnkit.kernels.cpu.compiler import kernel, parallel_kernel, prange
from nnkit.kernels.layout import LANES

COLUMNS = 4
# Rows of the result that one task computes: small enough to share, large enough to amortise the task.
TASK_ROWS = 12


@kernel
def _rows(wide, narrow, w, w_row, w_channel, x, bias, out, row):
    """Compute wide.rows rows of the result from `row` on."""
    channels, lanes = x.shape
    lane = 0
    while lane + COLUMNS * LANES <= lanes:
        block = simd.row_values(wide, bias, row, 1)
        for c in range(channels):
            place = row * w_row + c * w_channel
            block = simd.multiply_add(block, w, place, w_row, x, c * lanes + lane, LANES)
        simd.store(block, out, row * lanes + lane, lanes, LANES)
        lane += COLUMNS * LANES
    while lane < lanes:
        strip = simd.row_values(narrow, bias, row, 1)
        for c in range(channels):
            place = row * w_row + c * w_channel
            strip = simd.multiply_add(strip, w, place, w_row, x, c * lanes + lane, LANES)
        simd.store(strip, out, row * lanes + lane, lanes, LANES)
        lane += LANES


@parallel_kernel
def multiply(w, w_row, w_channel, x, bias, out):
    """Write to `out` the matrix product of weights and `x` plus the bias of each row.

    Shapes: x (C, L) and out (R, L) with L a multiple of LANES, bias (R,); the weight of row r and channel c
    is the element r * w_row + c * w_channel of the contiguous array w, which makes transposing free.
    """
    rows = out.shape[0]
    tasks = (rows + TASK_ROWS - 1) // TASK_ROWS
    for task in prange(tasks):
        row = task * TASK_ROWS
        end = min(row + TASK_ROWS, rows)
        six, six_narrow = simd.zeros(w, 6, COLUMNS), simd.zeros(w, 6, 1)
        while row + 6 <= end:
            _rows(six, six_narrow, w, w_row, w_channel, x, bias, out, row)
            row += 6
        two, two_narrow = simd.zeros(w, 2, COLUMNS), simd.zeros(w, 2, 1)
        while row + 2 <= end:
            _rows(two, two_narrow, w, w_row, w_channel, x, bias, out, row)
            row += 2
        one, one_narrow = simd.zeros(w, 1, COLUMNS), simd.zeros(w, 1, 1)
        while row < end:
            _rows(one, one_narrow, w, w_row, w_channel, x, bias, out, row)
            row += 1
