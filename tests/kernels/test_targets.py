"""The kernels as they are compiled for other processors than this one."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numba
import pytest

TESTS = Path(__file__).parent.parent
NAMES = [
    "plan/test_agreement.py::test_batches",
    "plan/test_agreement.py::test_small_networks[sigmoid-19]",
    "plan/test_training.py::test_plan_and_tape_train_to_the_same_parameters[dropout]",
    "plan/test_training.py::test_N4_threads_and_repetition_change_no_bit[200]",
]
# Prints which vector registers the product of a plan uses.
PROGRAM = """
import numpy as np
from nnkit.kernels.cpu import compiler, executor, instructions

table = instructions.instruction_table([instructions.Instruction(instructions.MULTIPLY)])
executor.functions_of(table, np.dtype(np.float32))
(function,) = compiler._COMPILED
code = function._library.get_asm_str()
print(*(name for name in ("xmm", "ymm", "zmm", "vfmadd") if name in code))
"""


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the targets are those of x86")
@pytest.mark.parametrize(
    ("name", "features", "registers"),
    [
        pytest.param("haswell", "+avx,+avx2,+fma", "xmm ymm vfmadd", id="AVX2"),
        pytest.param("generic", "", "xmm", id="SSE2"),
    ],
)
def test_processors_without_avx_512(name, features, registers, tmp_path):
    environment = {**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}

    def run(*command, **more):
        command, known = [sys.executable, *command], {**environment, **more}
        done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    # What was kept has no text.
    assert run("-c", PROGRAM, NNKIT_CACHE_DIR=str(tmp_path)).strip() == registers
    run("-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(TESTS / each) for each in NAMES))
