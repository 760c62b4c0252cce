"""`nnkit profile`, through the real command."""

import dataclasses
import json
import re

import pytest

from nnkit.cli import tables
from nnkit.cli.main import run
from nnkit.training import profile as measuring

QUICK = ("profile", "quickstart", "--threads", "1", "--steps", "2")
COUNTS = {"milliseconds", "flops", "gflops_per_second", "share_of_peak", "bytes_read", "bytes_written"}


@pytest.fixture
def profiled(capsys, monkeypatch):
    """Return what `nnkit profile quickstart` with more arguments prints on a terminal of some width."""

    def run_it(*arguments, columns=200):
        monkeypatch.setattr(tables, "width", lambda: columns)
        assert run([*QUICK, *arguments]) == 0
        return capsys.readouterr().out

    return run_it


def test_json_has_all_of_it(profiled):
    found = json.loads(profiled("--json"))
    assert set(found) == {
        *("network", "data", "batch_size", "threads", "peak_gflops", "plan", "tape_because_of"),
        *("rows", "totals", "undisturbed"),
    }
    assert (found["network"], found["data"], found["batch_size"], found["threads"]) == ("LeNet", "digits", 32, 1)
    assert (found["plan"], found["tape_because_of"]) == (True, None)
    for row in found["rows"]:
        assert set(row) == {"phase", "name", "layer", "operation", "part", "calls", *COUNTS}
        assert row["phase"] in ("forward", "backward", "around")
    (row,) = [row for row in found["rows"] if row["name"] == "conv2 (Convolution), input gradient"]
    assert (row["layer"], row["operation"], row["part"]) == ("conv2", "Convolution", "input gradient")
    assert (row["phase"], row["flops"]) == ("backward", 2 * 32 * 240_000)
    rate = row["flops"] / row["milliseconds"] / 1e6
    assert row["gflops_per_second"] == pytest.approx(rate)
    assert row["share_of_peak"] == pytest.approx(rate / found["peak_gflops"])


def test_totals_are_the_sums_of_their_rows(profiled):
    found = json.loads(profiled("--json"))
    assert set(found["totals"]) == {"forward", "backward", "around", "step"}
    for phase, total in found["totals"].items():
        rows = [row for row in found["rows"] if phase in (row["phase"], "step")]
        assert set(total) == COUNTS
        assert total["milliseconds"] == pytest.approx(sum(row["milliseconds"] for row in rows))
        for count in ("flops", "bytes_read", "bytes_written"):
            assert total[count] == sum(row[count] for row in rows)
    whole = found["undisturbed"]
    assert set(whole) == {
        *("steps", "milliseconds", "middle_half", "images_per_second", "gflops_per_second", "share_of_peak")
    }
    assert whole["steps"] == 2
    assert whole["images_per_second"] == pytest.approx(32 / whole["milliseconds"] * 1e3)
    low, high = whole["middle_half"]
    assert 0 < low <= whole["milliseconds"] <= high
    assert whole["gflops_per_second"] == pytest.approx(found["totals"]["step"]["flops"] / whole["milliseconds"] / 1e6)


def test_the_text_is_a_table(profiled):
    lines = profiled().splitlines()
    assert lines[0] == "LeNet on digits: a training step of 32 images, as a plan"
    assert re.fullmatch(r"1 thread, peak [\d.]+ GFLOP/s", lines[1])
    assert lines[3].split() == ["us", "share", "MFLOP", "GFLOP/s", "peak", "read", "written"]
    headings = [line for line in lines if re.fullmatch(r"[a-z]+", line)]
    assert headings == ["forward", "backward", "around"]
    number, rate = r" +\d+\.\d", r" +\d+\.\d +\d+%"
    conv = rf"  conv1 \(Convolution\){number} +\d+\.\d% +7\.53{rate} +[\d.]+ kB +602\.1 kB"
    assert len([line for line in lines if re.fullmatch(conv, line)]) == 1
    totals = [line.split() for line in lines if line.startswith("  total")]
    assert [line[3] for line in totals[:2]] == ["26.66", "45.79"]
    (parts,) = [line for line in lines if line.startswith("sum of the parts")]
    assert re.fullmatch(rf"sum of the parts{number} +100\.0% +72\.45{rate} +7\.4 MB +5\.2 MB", parts)
    last = lines[lines.index(parts) + 2]
    assert re.fullmatch(
        r"undisturbed [\d.]+ us \(middle half of 2 steps: [\d.]+ to [\d.]+\), [\d,]+ images/s, \d+% of the peak", last
    )


@pytest.fixture
def every_part_takes_100_us(monkeypatch):
    """Replace what was measured: on a busy machine longer times need wider columns."""
    measure = measuring.profile

    def with_given_times(*arguments):
        found = measure(*arguments)
        rows = tuple(dataclasses.replace(row, seconds=1e-4) for row in found.rows)
        return dataclasses.replace(found, rows=rows, peak_gflops=200.0)

    monkeypatch.setattr(measuring, "profile", with_given_times)


@pytest.mark.usefixtures("every_part_takes_100_us")
@pytest.mark.parametrize("columns", [96, 80, 60, 40])
def test_narrow_terminals_get_fewer_columns(profiled, columns):
    lines = profiled(columns=columns).splitlines()
    table = lines[3 : lines.index("", 4)]
    assert max(map(len, table)) <= columns
    headings = table[0].split()
    assert headings[0] == "us"
    assert ("written" in headings, "peak" in headings) == (columns >= 96, columns > 50)
    # Every row still has its time, in one column.
    ends = {match.end() for line in table for match in [re.search(r" \d+\.\d(?!\d|%)", line)] if match}
    assert len(ends) == 1


def test_the_tape_says_why_it_is_used(profiled):
    assert profiled("--set", "training.plan=false").splitlines()[0] == (
        "LeNet on digits: a training step of 32 images, on the tape because of being switched off"
    )
    found = json.loads(profiled("--set", "training.plan=false", "--json"))
    assert (found["plan"], found["tape_because_of"]) == (False, "being switched off")
    assert found["totals"]["step"]["flops"] == 2 * 32 * (3 * (117_600 + 240_000 + 58_920) - 117_600)


def test_nothing_is_saved(profiled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    profiled()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["lenett"], 2, "lenett: does not exist, unknown built-in config 'lenett', did you mean 'lenet'?"),
        (["no/such.yaml"], 2, "no/such.yaml: does not exist"),
        (["quickstart", "--steps", "0"], 2, "invalid value for '--steps'"),
        (["quickstart", "--threads", "many"], 2, "--threads: training.threads: expected an integer"),
        (["quickstart", "--device", "cuda"], 2, "--device: training.device: cuda cannot be used"),
        (["quickstart", "--set", "data.batch"], 2, "--set data.batch: expected KEY=VALUE"),
        (["quickstart", "--set", "optimizer.lr=fast"], 2, "--set optimizer.lr: expected a number"),
        ([], 2, "missing argument 'CONFIG'"),
    ],
)
def test_failures_are_one_line_with_their_exit_code(capsys, arguments, code, message):
    assert run(["profile", *arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"nnkit: error: {message}")
    assert told.err.count("\n") == 1


def test_a_loss_that_is_not_finite_is_told(capsys):
    assert run([*QUICK, "--set", "optimizer={name: SGD, lr: 1e30}", "--set", "scheduler=null"]) == 5
    assert "at step" in capsys.readouterr().err
