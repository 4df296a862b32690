"""The page of a result in a browser: nothing fails, nothing is asked for, nothing sticks out, and it prints whole."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_tools import console_errors, requests_made, set_width, sticking_out
from selenium import webdriver

import electrodiff as ed
from electrodiff.report import report_page

# A steady state, with a cell whose layers differ by a factor of 2000; a curve; a course in time.
CASES: dict[str, tuple[Callable[[ed.Case], Any], dict[str, object]]] = {
    "resting_cell": (ed.solve, {}),
    "iv_curve": (ed.solve_iv, {"study.potentials": ["-100 mV", "-50 mV", "0 mV", "50 mV"]}),
    "membrane_charging": (
        ed.solve_transient,
        {"study.error_estimates": False, "study.output": {"times": ["1 ns", "1 us"]}, "mesh.nodes": 61, "expect": []},
    ),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, case_of: Callable[..., ed.Case]) -> Callable[[str], str]:
    """`address("iv_curve")`: where the page of a case is."""
    folder: Path = tmp_path_factory.mktemp("pages")

    def of(name: str) -> str:
        page = folder / f"{name}.html"
        if not page.exists():
            solve, changes = CASES[name]
            page.write_text(report_page(solve(case_of(name, changes))), encoding="utf-8")
        return page.as_uri()

    return of


@pytest.mark.parametrize("name", CASES)
def test_a_report_opens_without_errors_and_asks_for_nothing(
    browser: webdriver.Chrome, address: Callable, name: str
) -> None:
    page = address(name)
    browser.get(page)
    assert console_errors(browser) == []
    assert requests_made(browser) == [page]
    # It did open, with its figures.
    assert browser.execute_script("return document.querySelectorAll('figure svg').length") >= 3


@pytest.mark.parametrize("width", [1280, 800, 480])
@pytest.mark.parametrize("name", CASES)
def test_nothing_sticks_out_of_a_report(browser: webdriver.Chrome, address: Callable, name: str, width: int) -> None:
    set_width(browser, width)
    browser.get(address(name))
    assert sticking_out(browser) == []


def test_sections_are_reached_from_the_top(browser: webdriver.Chrome, address: Callable) -> None:
    browser.get(address("resting_cell"))
    missing = browser.execute_script(
        "return [...document.querySelectorAll('nav a')].filter(a => !document.querySelector(a.hash)).map(a => a.hash)"
    )
    assert missing == []


# Dark text on a light ground; WCAG asks for 4.5 in small text.
CONTRAST = """
const light = colour => {
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => linear(v / 255));
  return .2126 * r + .7152 * g + .0722 * b;
};
return [...document.querySelectorAll("main *")].filter(e => !e.closest("svg") && e.innerText)
  .map(e => [e.tagName, getComputedStyle(e).color]).filter(([tag, colour]) => 1.05 / (light(colour) + .05) < 4.5);
"""


def test_text_stands_out_from_its_ground(browser: webdriver.Chrome, address: Callable) -> None:
    browser.get(address("resting_cell"))
    assert browser.execute_script(CONTRAST) == []


@pytest.mark.parametrize("name", CASES)
def test_a_report_prints_whole(browser: webdriver.Chrome, address: Callable, name: str) -> None:
    browser.get(address(name))
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    pages = re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed["data"]))
    assert len(pages) >= 4
    # As wide as an A4 page within its margins, each figure has the height that it is printed with: it fits on a page.
    set_width(browser, round(180 / 25.4 * 96))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        tallest = browser.execute_script(
            "return Math.max(...[...document.querySelectorAll('figure')].map(e => e.getBoundingClientRect().height))"
        )
        assert tallest < 265 / 25.4 * 96
        assert sticking_out(browser) == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
