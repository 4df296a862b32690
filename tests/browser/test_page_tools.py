"""The tools of the tests in a browser see what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_tools import console_errors, requests_made, set_width, sticking_out
from selenium import webdriver

_FAULTY = """<!doctype html><html lang="en"><title>faulty</title><body>
<script src="http://example.org/elsewhere.js"></script>
<script>console.error("this went wrong")</script>
<div id="wide" style="width: 900px">wide</div>
<div style="overflow-x: auto"><div id="scrolled" style="width: 900px">scrolled</div></div>
</body></html>"""


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    page = tmp_path / "faulty.html"
    page.write_text(_FAULTY)
    return page.as_uri()


def test_errors_foreign_requests_and_overflow_are_seen(browser: webdriver.Chrome, faulty: str) -> None:
    set_width(browser, 800)
    browser.get(faulty)
    assert any("this went wrong" in message for message in console_errors(browser))
    assert requests_made(browser) == [faulty, "http://example.org/elsewhere.js"]
    outside = sticking_out(browser)
    assert any('id="wide"' in element for element in outside)
    assert not any('id="scrolled"' in element for element in outside)


def test_a_page_that_fits_is_not_blamed(browser: webdriver.Chrome, faulty: str) -> None:
    set_width(browser, 1280)
    browser.get(faulty)
    assert sticking_out(browser) == []


def test_each_test_starts_with_empty_logs(browser: webdriver.Chrome) -> None:
    assert console_errors(browser) == []
    assert requests_made(browser) == []
