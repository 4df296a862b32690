"""The process of a command: `electrodiff`, and `python -m electrodiff`."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from electrodiff import interrupts


def main() -> None:
    """Run the command that the arguments of this process name, and end it with its exit code."""
    interrupts.watch()
    code: object = 0
    try:
        _prepare()
        # From here on, as it takes a tenth of a second, which may be interrupted.
        from electrodiff.cli import main as command

        command()
    except SystemExit as end:
        code = end.code
    interrupts.over()
    if code == interrupts.INTERRUPTED:
        # Nobody waits for threads and libraries to come to their end.
        os._exit(interrupts.INTERRUPTED)
    sys.exit(code)  # type: ignore[arg-type]


def _prepare() -> None:
    """What is printed never fails for a letter that the terminal does not have, and warnings are one line."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if category.__module__.startswith("electrodiff."):
            sys.stderr.write(f"warning: {message}\n")
        else:
            shown(message, category, *place)

    warnings.showwarning = show  # type: ignore[assignment]


if __name__ == "__main__":
    main()
