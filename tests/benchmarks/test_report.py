import json

import bench
import pytest
import report

PAGE = f"# Speed\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nThe end.\n"
SPEEDUP = report.Target("speed", "{:.1f}x", 5, 8, ("speed",))
MEMORY = report.Target("memory", "{:.0f} MB", 500, 350, ("memory",), smaller=True)


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (SPEEDUP, 4.9, "missed"),
        (SPEEDUP, 5, "met"),
        (SPEEDUP, 8, "aim"),
        (MEMORY, 501, "missed"),
        (MEMORY, 500, "met"),
        (MEMORY, 350, "aim"),
        (report.Target("batch sizes", "{}", 1, None, ()), 100, "met"),
    ],
)
def test_a_target_says_what_a_number_reaches(target, value, verdict):
    assert target.verdict(value) == verdict


def test_a_row_has_the_spread_where_there_is_one():
    spread = {"median": 6.04, "low": 5.5, "high": 7}
    assert SPEEDUP.row({"speed": spread}) == ["speed", "5.0x", "8.0x", "6.0x", "5.5x to 7.0x", "met"]
    assert MEMORY.row({"memory": 340.2}) == ["memory", "500 MB", "350 MB", "340 MB", "", "aim"]
    assert MEMORY.row({}) == ["memory", "500 MB", "350 MB", "not measured", "", ""]


def test_every_target_finds_its_number(results):
    rows = report.target_table(results).rows
    assert len(rows) == 20
    assert all(row[-1] in ("missed", "met", "aim") for row in rows)


def test_one_thread_to_two_is_left_open_where_there_is_one(results):
    for network in results["scaling"].values():
        del network["2"]
    open_rows = [row[0] for row in report.target_table(results).rows if row[3] == "not measured"]
    assert open_rows == ["one thread to two, LeNet", "one thread to two, MNISTConvNet", "one thread to two, RNN"]


def test_a_table_is_aligned_on_the_terminal():
    table = report.Table(["what", "n"], [["a longer name", "1"], ["b", "1,000"]])
    assert list(table.text()) == ["what               n", "a longer name      1", "b              1,000"]


def test_a_table_is_markdown_on_a_page():
    table = report.Table(["what", "n"], [["a", "1"]])
    assert list(table.markdown()) == ["| what | n |", "| --- | ---: |", "| a | 1 |"]


def test_only_what_is_between_the_markers_changes():
    text = report.rendered(PAGE, [report.Table(["a"], []), report.Table(["b"], [["1"]])])
    assert text == f"# Speed\n\n{report.BEGIN}\n\n| a |\n| --- |\n\n| b |\n| --- |\n| 1 |\n\n{report.END}\n\nThe end.\n"
    assert report.rendered(text, [report.Table(["a"], []), report.Table(["b"], [["1"]])]) == text


@pytest.mark.parametrize(
    "page", ["", PAGE.replace(report.END, ""), PAGE + PAGE, f"{report.END}\n{report.BEGIN}"], ids=range(4)
)
def test_a_page_without_its_markers_is_refused(page):
    with pytest.raises(ValueError, match="once each"):
        report.rendered(page, [])


def test_the_worst_batch_size_counts_pytorch_with_one_thread_too(results):
    training = results["training"]["LeNet"]
    training["4"]["ratio, one thread"] = {"median": 0.9, "low": 0.8, "high": 1.0}
    assert bench.worst({"LeNet": training}) == {
        "LeNet": {"batch_size": "4", "ratio": training["4"]["ratio, one thread"]}
    }


def test_results_are_kept_in_a_line_for_each_spread(results):
    text = bench.as_json(results)
    assert json.loads(text) == results
    assert '"cost": { "median": 0.12, "low": ' in text


@pytest.mark.parametrize("name", report.PAGES)
def test_the_pages_show_the_results_that_are_kept(name):
    kept = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    page = (report.ROOT / name).read_text(encoding="utf-8")
    assert report.rendered(page, [make(kept) for make in report.PAGES[name]]) == page, (
        "run: python benchmarks/bench.py --render"
    )


def test_everything_can_be_printed(results):
    text = "\n".join(report.lines(results))
    assert "Some CPU, 2 threads" in text
    assert "LeNet by default, MNISTConvNet by default, RNN GOMP_SPINCOUNT=5000" in text
    results["machine"]["used_by_others"] = None
    assert "unknown" in "\n".join(report.lines(results))
