"""Pieces of pages: whatever they are given as text stays text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template

from nnkit import __version__


def page(title: str, summary: str, lead: str, sections: Mapping[str, str], footer: str) -> str:
    """Return a page that needs no other file.

    Args:
        title: its heading.
        summary: a sentence below it.
        lead: the markup of what comes before the sections.
        sections: the markup of each section by its heading; empty ones are left out, and so is their heading.
        footer: how it was made.
    """
    shown = {heading: markup for heading, markup in sections.items() if markup}
    texts = files("nnkit.reporting")
    return Template((texts / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        summary=escape(summary),
        style=(texts / "page.css").read_text(encoding="utf-8"),
        links="".join(f'<a href="#{_anchor(heading)}">{escape(heading)}</a>' for heading in shown),
        lead=lead,
        sections="".join(
            f'<section id="{_anchor(heading)}"><h2>{escape(heading)}</h2>{markup}</section>\n'
            for heading, markup in shown.items()
        ),
        footer=escape(footer),
        version=escape(__version__),
    )


def _anchor(heading: str) -> str:
    return "-".join(heading.lower().split())


def paragraph(text: str) -> str:
    """Return a sentence or two."""
    return f"<p>{escape(text)}</p>"


def facts(values: Mapping[str, str]) -> str:
    """Return a few figures that are read first."""
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in values.items())
    return f'<dl class="facts">{cells}</dl>'


def definitions(values: Mapping[str, str]) -> str:
    """Return names and their values, a line each."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in values.items())
    return f'<dl class="definitions">{rows}</dl>'


def preformatted(text: str) -> str:
    """Return text as it is."""
    return f"<pre>{escape(text)}</pre>"


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    text_columns: int = 1,
    marked: int | None = None,
) -> str:
    """Return a table whose cells are text; the first of a row names it.

    Args:
        caption: what it is, for those who cannot see it.
        heads: the names of the columns.
        rows: the cells.
        text_columns: so many columns on the left are words; the others are numbers, aligned at their ends.
        marked: a row to bring out.
    """
    kinds = ["" if number < text_columns else ' class="number"' for number in range(len(heads))]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(heads, kinds, strict=True))
    lines = []
    for number, (name, *cells) in enumerate(rows):
        row = "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(cells, kinds[1:], strict=True))
        mark = ' class="marked"' if number == marked else ""
        lines.append(f'<tr{mark}><th scope="row"{kinds[0]}>{escape(name)}</th>{row}</tr>')
    return wide(caption, f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>")


def wide(label: str, markup: str) -> str:
    """Return what may be wider than a phone; it is moved sideways there, by the keyboard too."""
    return f'<div class="wide" role="region" aria-label="{escape(label)}" tabindex="0">{markup}</div>'


def picture(address: str, description: str, caption: str, more: str = "") -> str:
    """Return a small image with words below it; `caption` and `more` are the lines of these."""
    below = f"<small>{escape(more)}</small>" if more else ""
    return (
        f'<figure><img src="{escape(address)}" alt="{escape(description)}">'
        f"<figcaption>{escape(caption)}{below}</figcaption></figure>"
    )


def grid(kind: str, pictures: Iterable[str]) -> str:
    """Return pictures side by side, as many as fit."""
    return f'<div class="{kind}">{"".join(pictures)}</div>'


def duration(seconds: float) -> str:
    """Return seconds in the units in which people would tell them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"
