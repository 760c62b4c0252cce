"""The browser of the tests: what a page complains about fails its test."""

import pytest


def test_a_page_is_shown_as_a_person_would_see_it(open_page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<title>Title</title><script>document.title = String(innerWidth)</script>")
    assert open_page(path.as_uri(), viewport={"width": 375, "height": 700}).title() == "375"


@pytest.mark.parametrize(
    "script", ["throw new Error('fault')", "console.error('fault')", "fetch('http://127.0.0.2:9/').catch(() => 0)"]
)
def test_complaints_are_seen(browser, tmp_path, script):
    from browser import open_page

    path = tmp_path / "page.html"
    path.write_text(f"<script>{script}</script>")
    opened = open_page.__wrapped__(browser)
    next(opened)(path.as_uri()).wait_for_timeout(50)
    with pytest.raises(AssertionError):
        next(opened)
