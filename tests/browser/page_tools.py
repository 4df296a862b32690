"""What the tests ask of a page in Chromium: its errors, its requests, and what sticks out of it.

A log is emptied by reading it: each function tells what happened since it was last asked.
"""

from __future__ import annotations

import json
from typing import Any

from selenium import webdriver

# What a browser needs no network for.
_OWN = ("data:", "blob:", "about:", "chrome:")

# Elements that are wider than the page they stand in, and are neither in a box that scrolls by itself nor in a drawing
# (whose parts do not widen the page).
_STICKING_OUT = """
const width = document.documentElement.clientWidth;
const scrolls = element => {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
    if (["auto", "scroll", "hidden"].includes(getComputedStyle(box).overflowX)) return true;
  return false;
};
return [...document.querySelectorAll("body *")]
  .filter(element => !element.parentElement.closest("svg") && !scrolls(element))
  .map(element => [element, element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && box.height > 0 && (box.right > width + 1 || box.left < -1))
  .map(([element, box]) => `<${element.tagName.toLowerCase()} id="${element.id}" class="${element.getAttribute('class')}">`
    + ` from ${box.left.toFixed(0)} to ${box.right.toFixed(0)} px: ${element.textContent.trim().slice(0, 40)}`);
"""


def forget_logs(browser: webdriver.Chrome) -> None:
    """Empty the logs of console and network."""
    browser.get_log("browser")
    browser.get_log("performance")


def console_errors(browser: webdriver.Chrome) -> list[str]:
    """What the console says of errors and warnings: scripts that failed, files that were not found."""
    entries: list[dict[str, Any]] = browser.get_log("browser")
    return [str(entry["message"]) for entry in entries if entry["level"] in ("SEVERE", "WARNING")]


def requests_made(browser: webdriver.Chrome) -> list[str]:
    """Address of everything that the page asked for, itself included, served or not."""
    entries: list[dict[str, Any]] = browser.get_log("performance")
    messages = (json.loads(entry["message"])["message"] for entry in entries)
    sent = (message["params"] for message in messages if message["method"] in _REQUESTS)
    addresses = (str(params["request"]["url"] if "request" in params else params["url"]) for params in sent)
    return [address for address in addresses if not address.startswith(_OWN)]


_REQUESTS = ("Network.requestWillBeSent", "Network.webSocketCreated")


def set_width(browser: webdriver.Chrome, width: int, height: int = 900) -> None:
    """Make the page itself so wide [px], without the window's frame; below 500 a window cannot go, a page can."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def sticking_out(browser: webdriver.Chrome) -> list[str]:
    """Elements that reach beyond the left or right edge of the page, and the page itself if it scrolls sideways."""
    found: list[str] = browser.execute_script(_STICKING_OUT)
    scrolled, shown = browser.execute_script(
        "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
    )
    return found + ([f"the page is {scrolled} px wide in a window of {shown} px"] if scrolled > shown else [])
