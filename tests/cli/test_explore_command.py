"""`electrodiff explore`: what it refuses before there is a page.  The page itself is tested in tests/browser."""

from __future__ import annotations

import socket
import sys

import pytest
from typer.testing import CliRunner

from electrodiff.cli import app

runner = CliRunner()


def test_a_case_that_is_not_there_is_an_error() -> None:
    result = runner.invoke(app, ["explore", "no_such_case", "--no-browser"])
    assert result.exit_code == 2
    assert "no_such_case" in result.stderr


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_a_port_that_cannot_be_is_an_error(port: str) -> None:
    result = runner.invoke(app, ["explore", "debye_layer", "--no-browser", "--port", port])
    assert result.exit_code == 2
    assert "a port is a number from 1 to 65535" in result.stderr


def test_a_port_that_is_taken_is_an_error() -> None:
    pytest.importorskip("bokeh")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = runner.invoke(app, ["explore", "debye_layer", "--no-browser", "--port", str(port)])
    assert result.exit_code == 2
    assert f"--port {port}: it cannot be had" in result.stderr


def test_without_bokeh_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    result = runner.invoke(app, ["explore", "debye_layer", "--no-browser"])
    assert result.exit_code == 2
    assert "pip install 'electrodiff[explore]'" in result.stderr
