"""Where machine code is kept, and that a first compilation is announced."""

import numba
import pytest

from nnkit.kernels.cpu import compiler


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_the_first_compilation_is_announced_once():
    calls = []
    compiler.announce_compilation(lambda: calls.append("compiling"))

    @numba.njit
    def doubled(value):
        return 2 * value

    assert doubled(1) == 2
    assert calls == ["compiling"]
    assert doubled(1.5) == 3.0  # another type, another compilation
    assert calls == ["compiling"]


def test_machine_code_is_kept_in_a_folder_of_ones_own(tmp_path):
    folder = tmp_path / "kernels" / "1"
    assert compiler._private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert not compiler._private(folder)
    (tmp_path / "file").touch()
    assert not compiler._private(tmp_path / "file" / "below")
