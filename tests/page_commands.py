"""Follows a page of the docs word for word: its commands, its files, what it shows as printed, its pictures.

On such a page a box of `sh` holds commands, one of `python` code; the box of `text` after it is what they print, with `...`
for lines left out; a box after the words "Save this as `NAME`:" is that file; a picture is the file named last before it.
Python goes on where the box before it ended. A command that is meant to end with another code than 0 says so: `# exit 4`.

    python tests/page_commands.py docs/tutorial.md docs/course/*.md

runs the pages and stores their pictures anew.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from electrodiff.cli import app

PIECE = re.compile(
    r"Save this as `(?P<name>[^`]+)`:\s+```\w+\n(?P<content>.*?)^```$"
    r"|^```(?P<language>\w+)\n(?P<code>.*?)^```$"
    r"|!\[[^\]]*\]\((?P<picture>[^)]+)\)"
    r"|`(?P<drawn>[\w/.]+\.png)`",
    re.MULTILINE | re.DOTALL,
)
COLOURS = 255
"""Of a stored picture, whose lines and letters look the same with so many, at half the size of the file."""


class Picture(NamedTuple):
    """A picture of a page, and the file that the commands of the page have made of it."""

    shown: Path
    drawn: Path


ESTIMATE = re.compile(r"\+- ?\d\S*")
"""An estimated error, which is rounding on some machines."""
ROUNDING = re.compile(r"(?<![\w.])-?\d(\.\d+)?e-(1[2-9]|[2-9]\d)")
"""A number below 1e-11, which in the units of the terminal is nothing but rounding."""


def plain(line: str) -> str:
    """A line without the widths of its columns, estimated errors and numbers that are rounding."""
    return " ".join(ROUNDING.sub("0", ESTIMATE.sub("+- e", line)).split())


def shows(box: str, output: str) -> bool:
    """Whether a box is what was printed: all lines, in order, but for those that `...` stands for."""
    parts = [
        [plain(line) for line in part.splitlines() if line.strip()] for part in re.split(r"^\.\.\.$", box, flags=re.M)
    ]
    lines = [plain(line) for line in output.splitlines() if line.strip()]
    last = parts.pop() if len(parts) > 1 else None
    at = 0
    for number, part in enumerate(parts):
        starts = [0] if number == 0 else range(at, len(lines) - len(part) + 1)
        found = next((start for start in starts if lines[start : start + len(part)] == part), None)
        if found is None:
            return False
        at = found + len(part)
    if last is None:
        return at == len(lines)
    return len(lines) - at >= len(last) and (not last or lines[-len(last) :] == last)


def run_line(line: str) -> str:
    """What a command prints; it must succeed, or end as its comment says."""
    program, *arguments = shlex.split(line, comments=True)
    code = re.search(r"# exit (\d+)$", line)
    if program == "python":
        return printed_by(Path(arguments[0]).read_text(encoding="utf-8"))
    assert program == "electrodiff", line
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == (int(code[1]) if code else 0), f"{line}\n{result.output}"
    return result.stdout


def printed_by(code: str, names: dict[str, Any] | None = None) -> str:
    """What Python code prints; the names that it makes are kept in `names`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "page", "exec"), {} if names is None else names)
    return printed.getvalue()


def installs(code: str) -> bool:
    """Whether commands set up the program itself, which is there when this runs."""
    return "pip install" in code


def follow(page: Path, text: str | None = None) -> Iterator[Picture]:
    """Do in the working directory what a page says, and check what it shows as printed; its pictures, as they come."""
    output, drawn = "", ""
    names: dict[str, Any] = {}
    for piece in PIECE.finditer(page.read_text(encoding="utf-8") if text is None else text):
        if piece["name"]:
            Path(piece["name"]).write_text(piece["content"], encoding="utf-8")
        elif piece["language"] == "sh" and not installs(piece["code"]):
            output = "".join(run_line(line) for line in piece["code"].replace("\\\n", " ").splitlines())
        elif piece["language"] == "python":
            output = printed_by(piece["code"], names)
        elif piece["language"] == "text":
            assert shows(piece["code"], output), f"{page.name} shows\n{piece['code']}\nbut printed is\n{output}"
        elif piece["picture"]:
            yield Picture(page.parent / piece["picture"], Path(drawn))
        drawn = piece["drawn"] or drawn


def pixels(picture: Path) -> np.ndarray:
    return np.asarray(Image.open(picture).convert("RGB"), dtype=float)


def store(picture: Picture) -> None:
    """Keep what was drawn as the picture of the page."""
    picture.shown.parent.mkdir(exist_ok=True)
    small = (
        Image.open(picture.drawn)
        .convert("RGB")
        .quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    )
    small.save(picture.shown, optimize=True)


def main(pages: Sequence[str]) -> None:
    """Draw the pictures of these pages anew."""
    for page in [Path(name).resolve() for name in pages]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            for picture in follow(page):
                store(picture)
                sys.stdout.write(f"{picture.shown.name}: {picture.shown.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
