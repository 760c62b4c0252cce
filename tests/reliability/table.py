"""What was tried of each promise and what held, as a table."""

from typing import NamedTuple

from reliability.catalogue import PROMISES, SECTIONS

BEGIN, END = "<!-- tried: written by `make reliability` -->", "<!-- end of tried -->"


class Outcome(NamedTuple):
    """How often a promise was tried and how often it held; `skipped` counts tests that could not run here."""

    tried: int = 0
    held: int = 0
    skipped: int = 0

    @property
    def all_held(self):
        """Whether it was tried, and held each time."""
        return self.tried > 0 and self.held == self.tried

    def plus(self, status, number):
        """Return the same with the outcome of one more test that tried `number` things."""
        if status == "skipped":
            return self._replace(skipped=self.skipped + 1)
        return self._replace(tried=self.tried + number, held=self.held + (number if status == "passed" else 0))


def as_text(outcomes):
    """Return a line for each promise: id, tried, held, and what it is about."""
    lines = [f"{'id':<4} {'tried':>7} {'held':>7}"]
    for name, promise in PROMISES.items():
        outcome = outcomes.get(name, Outcome())
        remark = "" if outcome.all_held else "NOT HELD  " if outcome.tried else "NOT TRIED  "
        lines.append(f"{name:<4} {outcome.tried:>7,} {outcome.held:>7,}  {remark}{promise.given}")
    held = sum(outcome.all_held for outcome in outcomes.values())
    return "\n".join([*lines, f"{held} of {len(PROMISES)} promises held"])


def as_markdown(outcomes):
    """Return the promises, what users get, and what was tried, as tables."""
    parts = []
    for title, section in SECTIONS.items():
        rows = [f"### {title}", "", "| id | given | what you get | tried | held |", "| --- | --- | --- | ---: | ---: |"]
        for name, (given, gets) in section.items():
            tried, held, _ = outcomes.get(name, Outcome())
            rows.append(f"| {name} | {given} | {gets} | {tried:,} | {held:,} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def write_into(document, outcomes):
    """Replace the tables in a document, between its two marks."""
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n\n{as_markdown(outcomes)}\n\n{END}{after}", encoding="utf-8")
