"""`plot` of several results, and the styles of `plot` and `run`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from electrodiff.plot.style import STYLES


@pytest.fixture
def stored(electrodiff: Callable, folder: Path, case_text: str) -> Path:
    """A folder with the results of two steady states, `a` and `b`, and of a current-voltage curve, `c`."""
    (folder / "my.toml").write_text(case_text)
    curve = "study={ kind = 'iv', potentials = { from = '-20 mV', to = '20 mV', points = 3 } }"
    for name, options in {"a": [], "b": ["left.potential=-40 mV"], "c": [curve]}.items():
        more = [part for option in options for part in ("--set", option)]
        assert electrodiff("run", "my.toml", "--no-plots", "--quiet", "--out", name, *more).exit_code == 0
    return folder


def test_several_results_are_overlaid_beside_the_first(electrodiff: Callable, stored: Path) -> None:
    done = electrodiff("plot", "a", "b/solution.nc")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [Path(line) for line in done.stdout.splitlines()] == [Path("a/overlay.png")]
    assert {path.name for path in (stored / "b").iterdir()} == {"solution.nc", "summary.json"}


def test_the_overlay_goes_where_out_says_in_the_formats_that_are_asked_for(electrodiff: Callable, stored: Path) -> None:
    done = electrodiff("plot", "a", "b", "a", "--out", "new", "--format", "svg", "--format", "pdf", "--style", "dark")
    assert (done.exit_code, done.stderr) == (0, "")
    assert {path.name for path in (stored / "new").iterdir()} == {"overlay.svg", "overlay.pdf"}


def test_results_are_called_by_their_folders(electrodiff: Callable, stored: Path) -> None:
    assert electrodiff("plot", "a", "b", "--format", "svg", "--out", "new").exit_code == 0
    text = (stored / "new" / "overlay.svg").read_text()
    assert "difference from a" in text


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("a", "c"), ("a is a steady state and c is a current-voltage curve", "one kind")),
        (("a", "nowhere.nc"), ("nowhere.nc", "no such file")),
        (("a", "b", "--animate", "film.gif"), ("--animate film.gif", "one result")),
        (("c", "--animate", "film.gif", "--style", "dark"), ("--animate film.gif", "does not change in time")),
        (("c", "--animate", "film.gif", "--style", "poster"), ("--style poster", "paper, slides, dark")),
        (("c", "--animate", "film.gif", "--format", "svg"), ("--animate film.gif", "--format")),
        (("a", "b", "--out", "my.toml"), ("--out my.toml", "is a file")),
    ],
)
def test_what_cannot_be_overlaid_is_refused(
    electrodiff: Callable, stored: Path, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    before = set(stored.rglob("*"))
    done = electrodiff("plot", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert all(part in line for part in parts)
    assert set(stored.rglob("*")) == before


@pytest.mark.parametrize("style", STYLES)
def test_figures_are_drawn_in_a_style(electrodiff: Callable, stored: Path, style: str) -> None:
    assert electrodiff("plot", "c", "--style", style).exit_code == 0
    ground = STYLES[style].ground or "#ffffff"
    with Image.open(stored / "c" / "iv.png") as picture:
        found = "#{:02x}{:02x}{:02x}".format(*picture.convert("RGB").getpixel((1, 1)))
    assert found == ground


def test_run_draws_in_a_style_and_refuses_another_before_it_solves(electrodiff: Callable, stored: Path) -> None:
    done = electrodiff("run", "my.toml", "--quiet", "--out", "d", "--style", "slides", "--format", "png")
    assert (done.exit_code, done.stderr) == (0, "")
    # 180 mm at 200 dots an inch.
    with Image.open(stored / "d" / "profiles.png") as picture:
        assert picture.width == pytest.approx(180 / 25.4 * 200, abs=1)
    refused = electrodiff("run", "my.toml", "--out", "e", "--style", "poster")
    assert refused.exit_code == 2
    assert "--style poster: expected one of paper, slides, dark" in refused.stderr
    assert not (stored / "e").exists()
