"""The code of CONTRIBUTING.md does what the page says."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

PAGE = Path(__file__).parent.parent / "CONTRIBUTING.md"
SHOW = """
import sys
from nnkit.cli.main import run
sys.exit(run(["validate", "layers.yaml"]) or run(["inspect-graph", "perceptron.yaml", "--depth", "2"]))
"""


def blocks(language):
    """Return the blocks of code in a language, without the indentation that lists give them."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for _, block in found]


def test_the_examples_run_as_they_are_written(tmp_path):
    layers, config = blocks("yaml")
    (tmp_path / "perceptron.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "layers.yaml").write_text(layers + config[config.index("\ndata:") :], encoding="utf-8")
    program = "\n".join([*blocks("python"), SHOW])
    # In a process of its own: the example registers a network.
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    # Whoever comes first hears this.
    assert re.sub("compiling the kernels .*\n", "", ended.stderr) == ""
    lines = [line.split("  loss")[0].rstrip() for line in ended.stdout.splitlines()]
    assert lines[0] == "layers.yaml: valid"
    assert lines[2:4] == ["NllLossBackward0 ()", "  LogSoftmaxBackward0 (32, 10)"]
