"""What the tests share: the bundled cases, and solutions of them that several tests read."""

from __future__ import annotations

import signal
from collections.abc import Callable

import hypothesis
import pytest

import electrodiff as ed

# Examples are late where the machine has other work, which says nothing about them.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

# A shell's job in the background ignores interrupts, and its children would, which some tests interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def case_of() -> Callable[..., ed.Case]:
    """`case_of("clamped_membrane", {"mesh.nodes": 401})`: a bundled case with some keys changed."""

    def load(name: str, changes: dict[str, object] | None = None) -> ed.Case:
        return ed.load_case(ed.bundled_case(name)).changed(changes or {})

    return load


@pytest.fixture(scope="session")
def clamped(case_of: Callable[..., ed.Case]) -> ed.Solution:
    """The clamped membrane on a fine mesh."""
    return ed.solve(case_of("clamped_membrane", {"mesh.nodes": 1001}))
