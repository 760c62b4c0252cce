"""The pages of the site: what they print is what their lines print, and all of them can be reached."""

import doctest
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
SESSIONS = [page for page in PAGES if "```pycon" in (DOCS / page).read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", SESSIONS)
def test_a_page_prints_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```pycon\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    session = doctest.DocTestParser().get_doctest("".join(blocks), {}, page, page, 0)
    told = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(session, out=told.append)
    assert not told, "".join(told)


def _paths(entries):
    for entry in entries:
        if isinstance(entry, dict):
            for value in entry.values():
                yield from [value] if isinstance(value, str) else _paths(value)
        else:
            yield entry


def test_every_page_is_in_the_navigation():
    named = set(_paths(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert {path for path in named if not path.startswith("reference/")} == set(PAGES)
