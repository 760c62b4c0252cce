"""Pages in a real browser: the system's Chromium, headless, that reaches files and the loopback address only."""

import importlib.util
import shutil

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A browser that looks for updates would be refused by a machine without a network, again and again.
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_ALLOWED = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:", "ws://127.0.0.1:")


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium."""
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is installed")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("no browser: playwright is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(_OPTIONS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """Open pages with `open_page(address, **options of a browser context)`; what they complain about fails the test."""
    contexts, complaints = [], []

    def open_one(address, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
        page.on("request", lambda request: request.url.startswith(_ALLOWED) or complaints.append(request.url))
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
