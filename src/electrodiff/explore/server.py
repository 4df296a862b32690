"""Serves the page to this machine alone.

It listens on the loopback address only; it answers only requests that name this machine as their host, and none that
another site's page has made; what a page sends are numbers of a case and the name of a bundled one, never a path.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from bokeh.document import Document
from bokeh.server.auth_provider import AuthProvider
from bokeh.server.server import Server
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from electrodiff.case import bundled_cases, load_case
from electrodiff.errors import CaseError
from electrodiff.explore.page import Page, build
from electrodiff.model import Case

LOOPBACK = "127.0.0.1"
PATH = "/explore"
# What the page may load and do: everything from here, nothing from anywhere else.  Bokeh makes its callbacks from text,
# hence 'unsafe-eval', and its pages carry their script and style, hence 'unsafe-inline'.
_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws://{host}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class OwnPagesOnly(AuthProvider):
    """Lets in what comes from a page of this server, or from its address bar, and nothing else."""

    def __init__(self, port: int) -> None:
        self._hosts = own_hosts(port)
        super().__init__()

    @property
    def get_user(self) -> Any:
        """Called by Bokeh before it answers any request for a page or a connection."""
        return self._checked

    @property
    def get_login_url(self) -> Any:
        """Nobody logs in; Bokeh wants to know where."""
        return lambda _: PATH

    def _checked(self, handler: RequestHandler) -> str:
        request = handler.request
        origin = request.headers.get("Origin")
        is_foreign = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
        is_visit = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if request.host.lower() not in self._hosts or (is_foreign and not is_visit):
            raise HTTPError(403, reason="this page is for this machine only")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self._hosts}:
            raise HTTPError(403, reason="another site's page asks")
        if not isinstance(handler, WebSocketHandler):
            handler.set_header("Content-Security-Policy", _POLICY.format(host=request.host))
            handler.set_header("Cache-Control", "no-store")
        return "this machine"


def own_hosts(port: int) -> tuple[str, str]:
    """What this server may be called in a browser."""
    return f"localhost:{port}", f"{LOOPBACK}:{port}"


@dataclass(frozen=True)
class Site:
    """The case that was asked for on the command line, and those that come with the program."""

    case: Case
    name: str

    def page(self, document: Document) -> None:
        """Fill a new document, for each browser tab that opens the page."""
        request: Any = getattr(document.session_context, "request", None)
        arguments: Mapping[str, list[bytes]] = request.arguments if request else {}
        preset = arguments.get("preset", [b""])[0].decode("utf-8", "replace")
        case, notice = self.chosen(preset)
        bundled = bundled_cases()
        page: Page = build(
            document,
            case,
            {"presets": list(bundled), "preset": preset, "own": self.name, "notice": notice, "path": PATH},
        )
        document.on_session_destroyed(lambda _: page.worker.stop())

    def chosen(self, preset: str) -> tuple[Case, str]:
        """The case for a preset by name, and what there is to say: names are looked up, never opened as paths."""
        if not preset:
            return self.case, ""
        path = bundled_cases().get(preset)
        if path is None:
            return self.case, f"no bundled case is called '{preset[:60]}'; this is {self.name}"
        try:
            return load_case(path), ""
        except CaseError as error:
            return self.case, str(error)


def serve(case: Case, name: str, port: int = 0) -> Server:
    """A server of the page, started but not yet running its loop; port 0 is any that is free.

    Raises CaseError if the port is taken.
    """
    port = _bound(port)
    application = Application(FunctionHandler(Site(case, name).page))
    server = Server(
        {PATH: application},
        port=port,
        address=LOOPBACK,
        allow_websocket_origin=list(own_hosts(port)),
        auth_provider=OwnPagesOnly(port),
        use_index=False,
    )
    server.start()
    return server


def _bound(port: int) -> int:
    """The port, or for 0 any that is free.  Raises CaseError if another program has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            raise CaseError(
                f"--port {port}: it cannot be had, another program may listen there; choose another, or leave it out"
            ) from None
        found: int = probe.getsockname()[1]
        return found


def address(server: Server) -> str:
    """Where the page is."""
    return f"http://{LOOPBACK}:{server.port}{PATH}"
