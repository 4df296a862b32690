"""What `explore` does: a live page of a case in the browser, until it is interrupted."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

from electrodiff.cli_checks import note
from electrodiff.cli_run import note_compilation
from electrodiff.errors import CaseError
from electrodiff.interrupts import telling

if TYPE_CHECKING:
    from electrodiff.model import Case

# Highest number of a port.
_LAST_PORT = 65535


def explore_case(case: Case, name: str, port: int, opens_browser: bool) -> None:
    """Serve the page of a case on this machine and open it; until it is interrupted.

    Raises CaseError without Bokeh, and if the port is taken.
    """
    if not 0 <= port <= _LAST_PORT:
        raise CaseError(f"--port {port}: a port is a number from 1 to {_LAST_PORT}; leave it out for any that is free")
    try:
        import bokeh  # noqa: F401
    except ImportError:
        raise CaseError(
            "explore needs the library Bokeh, which is not installed; install it with: pip install 'electrodiff[explore]'"
        ) from None
    from electrodiff.explore.model import steady_case
    from electrodiff.explore.server import address, serve
    from electrodiff.solvers.steady import solve_steady

    note_compilation(case)
    # Before the page is there, so that its first picture does not wait for the compiler.
    solve_steady(steady_case(case, is_fine=False), throw=False)
    server = serve(case, name, port)
    print(address(server), flush=True)
    note("the page is for this machine only; stop with Ctrl-C")
    if opens_browser:
        server.io_loop.add_callback(webbrowser.open, address(server))
    try:
        with telling(lambda: "stopped"):
            server.io_loop.start()
    finally:
        server.stop()
