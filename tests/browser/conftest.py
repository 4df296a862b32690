"""A headless Chromium that is alone with the page under test; see page_tools.py for what can be asked of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from page_tools import forget_logs
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

# Names of the program and of its driver on the systems that have them; Debian's packages `chromium` and `chromium-driver`.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DRIVERS = ("chromedriver", "chromium.chromedriver")

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # CI is root in a container, where the sandbox cannot start
    "--disable-dev-shm-usage",  # whose /dev/shm may be too small for a page
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # A page may ask this machine only: any other name is unknown, so that the tests need no network and reach none.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)

# A page that does not load within this time never will [s].
_PATIENCE = 60.0


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser a test process, with a fresh profile; `browser` gives it to a test without the logs of the last one."""
    program, driver = (next(filter(None, map(shutil.which, names)), None) for names in (_BROWSERS, _DRIVERS))
    if program is None or driver is None:
        missing = " and ".join(
            name for name, found in (("chromium", program), ("chromedriver", driver)) if found is None
        )
        pytest.skip(
            f"there is no {missing} on this machine, which the tests in a browser need: "
            "install Debian's packages chromium and chromium-driver"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # With both programs given, selenium looks for none and asks no server for one.
    running = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    running.set_page_load_timeout(_PATIENCE)
    try:
        yield running
    finally:
        running.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> webdriver.Chrome:
    """Chromium on an empty page of 1280 x 900 pixels, with nothing in its logs."""
    chromium.get("about:blank")
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.set_window_size(1280, 900)
    forget_logs(chromium)
    return chromium
