"""Pages about runs, looked at in a browser."""

import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from nnkit.reporting.comparison import write_comparison
from nnkit.reporting.report import write_report
from nnkit.reporting.run_record import read_run

from .conftest import epoch, make_run

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}}
HEADINGS = ["Curves", "Epochs", "Classes", "Mistakes", "First layer", "Graph", "Config", "Environment"]
# Text on what is behind it, as WCAG 2 measures contrast: (L1 + 0.05) / (L2 + 0.05) of relative luminances.
CONTRASTS = """
() => {
  const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
  const light = channels => channels.slice(0, 3)
    .map(value => value / 255)
    .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = element => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.push(numbers(getComputedStyle(each).backgroundColor));
    }
    return layers.reverse().reduce((below, [red, green, blue, alpha = 1]) =>
      below.map((value, index) => value * (1 - alpha) + [red, green, blue][index] * alpha), [255, 255, 255]);
  };
  const leaves = [...document.querySelectorAll('body *')].filter(element => !element.closest('svg')
    && [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  return leaves.map(element => {
    const pair = [light(numbers(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    return [(pair[0] + 0.05) / (pair[1] + 0.05), element.outerHTML.slice(0, 80)];
  });
}
"""


@pytest.fixture(scope="module")
def page(trained, tmp_path_factory):
    target = tmp_path_factory.mktemp("page") / "page.html"
    assert write_report(trained, target).without == ()
    return target.as_uri()


@pytest.fixture(scope="module")
def comparison(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    other = make_run(folder / "other", *map(epoch, range(1, 6)), optimizer__lr="0.5")
    target = folder / "compare.html"
    write_comparison([trained, other, make_run(folder / "begun")], target)
    return target.as_uri()


def widths(page):
    return page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_all_is_there_and_can_be_read(open_page, page, screen, scheme):
    shown = open_page(page, color_scheme=scheme, **screen)
    assert shown.title() == "small"
    assert shown.locator("h2").all_inner_texts() == HEADINGS
    wide, visible = widths(shown)
    assert wide <= visible
    assert shown.locator(".charts svg[role=img]").count() == 3
    assert "conv1.weight" in shown.locator(".graph svg[role=img]").inner_html()
    assert all(shown.evaluate("[...document.images].map(image => image.naturalWidth > 0 && image.alt)"))
    contrasts = shown.evaluate(CONTRASTS)
    assert len(contrasts) > 200
    assert [text for contrast, text in contrasts if contrast < 4.5] == []


def test_the_numbers_are_those_of_the_run(open_page, page, trained):
    record = read_run(trained)
    shown = open_page(page, **DESKTOP)
    facts = dict(
        zip(shown.locator(".facts dt").all_inner_texts(), shown.locator(".facts dd").all_inner_texts(), strict=True)
    )
    assert facts["Test accuracy"] == f"{record.best.test_accuracy:.2%}"
    assert facts["Parameters"] == "61,706"
    wrong = int(facts["Mistakes"].split()[0])
    assert wrong == round(382 * (1 - record.best.test_accuracy))
    assert shown.locator(".mistakes figure").count() == min(wrong, 32)
    table = shown.get_by_role("region", name="Epochs")
    assert table.locator("tbody tr").count() == 2
    assert "Validation accuracy" in table.inner_text()
    marked = table.locator("tr.marked")
    assert marked.locator("th").inner_text() == str(record.best.epoch)
    counts = shown.locator(".confusion tbody td").all_inner_texts()
    assert sum(int(text or 0) for text in counts) == 382
    assert shown.get_by_role("region", name="Classes").locator("tbody tr").count() == 11


def test_links_lead_to_sections_and_tables_move_by_keyboard(open_page, page):
    shown = open_page(page, **PHONE)
    for heading in HEADINGS:
        shown.get_by_role("navigation").get_by_role("link", name=heading, exact=True).click()
        assert shown.locator("section:target h2").inner_text() == heading
    table = shown.get_by_role("region", name="Epochs")
    assert table.evaluate("element => element.scrollWidth > element.clientWidth")
    table.focus()
    shown.keyboard.press("ArrowRight")
    shown.wait_for_timeout(500)
    assert table.evaluate("element => element.scrollLeft") > 0


def test_dark_and_light_differ_and_paper_is_light(open_page, page):
    def colours(scheme, media="screen"):
        shown = open_page(page, color_scheme=scheme, **DESKTOP)
        shown.emulate_media(media=media)
        return shown.evaluate(
            "[getComputedStyle(document.body).backgroundColor,"
            " getComputedStyle(document.querySelector('svg path[style*=\"--line-1\"]')).stroke,"
            " getComputedStyle(document.querySelector('.mistakes img')).filter]"
        )

    light, dark = colours("light"), colours("dark")
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert colours("dark", "print") == ["rgb(255, 255, 255)", *light[1:]]


def test_pictures_and_rows_are_not_cut_by_the_ends_of_sheets(open_page, page):
    shown = open_page(page, **DESKTOP)
    shown.emulate_media(media="print")
    for part in (".mistakes figure", ".facts", "tbody tr", ".charts svg"):
        assert shown.locator(part).first.evaluate("part => getComputedStyle(part).breakInside") == "avoid"


def test_a_phone_shows_the_whole_confusion_matrix_of_mnist(open_page, page):
    shown = open_page(page, **PHONE)
    for digit, images in zip((1, 2, 3, 7), ("1,135", "1,032", "1,010", "1,028"), strict=True):
        cell = shown.locator(".confusion tbody tr").nth(digit).locator("td").nth(digit)
        cell.evaluate("(cell, text) => { cell.textContent = text }", images)
    table, heading = (shown.locator(part).bounding_box() for part in (".confusion table", "header"))
    assert table["x"] + table["width"] <= heading["x"] + heading["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_runs_are_compared(open_page, comparison, screen, scheme):
    shown = open_page(comparison, color_scheme=scheme, **screen)
    assert shown.locator("h2").all_inner_texts() == ["Outcome", "Curves", "Differences"]
    wide, visible = widths(shown)
    assert wide <= visible
    assert [text for contrast, text in shown.evaluate(CONTRASTS) if contrast < 4.5] == []
    rows = shown.get_by_role("region", name="Outcome").locator("tbody th").all_inner_texts()
    assert sorted(rows[:2]) == ["other", "small"]
    assert rows[2] == "begun"
    assert shown.locator(".legend li").all_inner_texts() == ["small", "other", "begun"]
    keys = shown.get_by_role("region", name="Differences of the configs").locator("tbody th").all_inner_texts()
    assert {"optimizer.lr", "data.validation_fraction", "training.epochs"} <= set(keys)
    assert "training.output" not in keys


def test_what_strangers_wrote_stays_text(open_page, tmp_path):
    name = "<img src=x onerror=alert(1)>&amp;"
    run = make_run(tmp_path / name, epoch(1), training__output="'</pre><script>throw 1</script>'")
    target = tmp_path / "page.html"
    reported = write_report(run, target)
    assert [sentence for sentence in reported.without if "best.safetensors: does not exist" in sentence]
    shown = open_page(target.as_uri())
    assert shown.locator("h1").inner_text() == name
    assert "</pre><script>throw 1</script>" in shown.locator("pre").inner_text()
    assert shown.locator("script, img").count() == 0
    write_comparison([run, make_run(tmp_path / "other", epoch(1))], target)
    assert open_page(target.as_uri()).locator(".legend li").first.inner_text() == name


def test_a_page_reaches_for_nothing_else(page, comparison):
    for address in (page, comparison):
        text = Path(unquote(urlparse(address).path)).read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text) == []
