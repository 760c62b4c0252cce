"""The table of promises is complete."""

from pathlib import Path

from reliability.catalogue import PROMISES
from reliability.table import Outcome, as_markdown, as_text

ROOT = Path(__file__).parent.parent.parent


def test_outcomes_are_counted_and_shown():
    seen = Outcome().plus("passed", 100).plus("failed", 20).plus("skipped", 1)
    assert seen == Outcome(120, 100, 1)
    text = as_text({"K3": Outcome(100, 100), "R1": seen})
    assert "K3       100     100  single flipped bits" in text
    assert "R1       120     100  NOT HELD  SIGKILL at random moments" in text
    assert "R2         0       0  NOT TRIED  20 SIGKILLs in one run" in text
    assert text.endswith(f"1 of {len(PROMISES)} promises held")
    assert "| K3 | single flipped bits, anywhere | exit 4, every one | 100 | 100 |" in as_markdown(
        {"K3": Outcome(100, 100)}
    )
