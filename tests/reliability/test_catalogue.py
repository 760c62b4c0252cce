"""The table of promises is complete."""

import subprocess
import sys
from pathlib import Path

from reliability.catalogue import PROMISES
from reliability.table import Outcome, as_markdown, as_text

ROOT = Path(__file__).parent.parent.parent
# Prints the promises that tests are marked with.
COLLECT = """
import pytest, sys

class Marks:
    def pytest_collection_finish(self, session):
        print("marked:", *{name for item in session.items for mark in item.iter_markers("case") for name in mark.args})

sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[Marks()]))
"""


def test_every_promise_has_a_test():
    done = subprocess.run([sys.executable, "-c", COLLECT], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("marked:")]
    assert sorted(set(PROMISES) - set(line.split()[1:])) == []


def test_outcomes_are_counted_and_shown():
    seen = Outcome().plus("passed", 100).plus("failed", 20).plus("skipped", 1)
    assert seen == Outcome(120, 100, 1)
    text = as_text({"K3": Outcome(100, 100), "R1": seen})
    assert "K3       100     100  single flipped bits" in text
    assert "R1       120     100  NOT HELD  SIGKILL at random moments" in text
    assert "R2         0       0  NOT TRIED  many SIGKILLs in one run" in text
    assert text.endswith(f"1 of {len(PROMISES)} promises held")
    assert "| K3 | single flipped bits, anywhere | exit 4, every one | 100 | 100 |" in as_markdown(
        {"K3": Outcome(100, 100)}
    )
