"""Cases: tests that hold a promise of docs/reliability.md, and the table of what they tried."""

import os
import signal
from collections import defaultdict
from pathlib import Path

import pytest
from browser import browser, open_page  # noqa: F401 (fixtures of all tests)
from hypothesis import settings
from reliability.catalogue import PROMISES
from reliability.table import Outcome, as_text, write_into

DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"


# A shell starts what it puts into the background with SIGINT ignored, nohup does so with SIGHUP, and the processes of
# the tests would do as their parent.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)


# What runs tests side by side tells its workers how wide a line is, and programs would take that for their terminal's.
for name in ("COLUMNS", "LINES", "NO_COLOR"):
    os.environ.pop(name, None)
os.environ["TERM"] = "xterm"


# Every run draws the same examples, so that none fails by chance; `NNKIT_EXAMPLES=new` looks for others.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("new", deadline=None, derandomize=False)
settings.load_profile(os.environ.get("NNKIT_EXAMPLES", "same"))


def pytest_addoption(parser):
    parser.addoption(
        "--reliability",
        action="store_true",
        help="run the cases of docs/reliability.md alone and with their full counts, and print their table",
    )
    parser.addoption("--write-table", action="store_true", help="write that table into docs/reliability.md")


def pytest_collection_modifyitems(config, items):
    for item in items:
        for mark in item.iter_markers("case"):
            unknown = [name for name in mark.args if name not in PROMISES]
            if unknown or not mark.args:
                raise pytest.UsageError(f"{item.nodeid}: no such case: {unknown}")
            item.user_properties += [("case", name) for name in mark.args]
    if config.getoption("reliability"):
        chosen = [item for item in items if item.get_closest_marker("case")]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


@pytest.fixture
def full(pytestconfig):
    """Whether to try as much as `make reliability` does, and not as little as `make test`."""
    return pytestconfig.getoption("reliability")


@pytest.fixture
def tried(request):
    """Count what a case tries: `tried()` after each input that was held, `tried(100)` after a hundred."""

    def count(number=1):
        request.node.user_properties.append(("tried", number))

    return count


def pytest_terminal_summary(terminalreporter, config):
    if not config.getoption("reliability"):
        return
    outcomes = _outcomes(terminalreporter)
    terminalreporter.section("cases")
    terminalreporter.write_line(as_text(outcomes))
    if config.getoption("write_table"):
        write_into(DOCUMENT, outcomes)


def _outcomes(terminalreporter):
    """Return what came of each case; one that no test is marked with has no outcome."""
    found = defaultdict(Outcome)
    for status in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(status):
            properties = getattr(report, "user_properties", [])
            # A test that did not count tried one thing.
            number = sum(value for name, value in properties if name == "tried") or 1
            for case in [value for name, value in properties if name == "case"]:
                found[case] = found[case].plus(status, number)
    return dict(found)
