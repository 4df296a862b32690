"""The examples of docs/fit.md run, and print what the page says; the shipped data give what made them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import electrodiff as ed
from electrodiff.fit_summary import summary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fit.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def fitted() -> ed.Fit:
    path = ed.bundled_case("fit_permeabilities")
    return ed.fit(ed.load_case(path), path.with_suffix(".csv"))


def test_the_fit_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[0], "docs/fit.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert [line for line in lines if f"{line}\n" not in PAGE] == []
    for line, truth in zip(lines, (2e-7, 9e-8), strict=False):
        low, high = (float(number) for number in re.findall(r"from (\S+) to (\S+)", line)[0])
        assert low < truth < high


def test_what_is_held_at_a_wrong_value_moves_the_rest_as_the_page_says() -> None:
    path = ed.bundled_case("fit_permeabilities")
    found = ed.fit(
        ed.load_case(path), path.with_suffix(".csv"), [f"layers.membrane.permeability.{i}" for i in ("K", "Cl")]
    )
    (value, *_), ((low, high), *_) = found.value, found.interval
    assert f"{value:.3e} m/s for K, from {low:.3e} to {high:.3e}" in PAGE
    assert not low < 2e-7 < high
    assert "the residuals are larger than sigma says" in found.warnings[0]


def test_the_sensitivities_of_the_page_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(EXAMPLES[1], "docs/fit.md", "exec"), {})
    # The error estimates are near rounding, which another machine may do otherwise.
    estimate = re.compile(r" \+- \S+")
    lines = [estimate.sub("", line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 3
    page = estimate.sub("", PAGE)
    assert [line for line in lines if line not in page] == []


def test_the_table_of_the_page_is_what_fit_prints(fitted: ed.Fit) -> None:
    from rich.console import Console

    from electrodiff.fit_tables import summary_tables

    console = Console(width=80, highlight=False, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(summary_tables(fitted))
    rows = [line.rstrip() for line in capture.get().splitlines() if line.startswith("layers.membrane.permeability")]
    assert len(rows) == 3
    assert [row for row in rows if row not in PAGE] == []


def test_one_bath_says_that_it_does_not_tell_as_the_page_says(tmp_path: Path) -> None:
    path = ed.bundled_case("fit_permeabilities")
    lines = path.with_suffix(".csv").read_text(encoding="utf-8").splitlines()
    own = [line for line in lines if line.startswith("potential") or ",4,145," in line]
    (tmp_path / "one.csv").write_text("\n".join(own))
    found = ed.fit(ed.load_case(path), tmp_path / "one.csv")
    assert found.converged
    assert round(found.correlation[0, 2], 4) == -1.0
    assert sum("is not known to a factor of 10" in text for text in found.warnings) == 3


def test_every_key_of_the_summary_is_in_the_docs(fitted: ed.Fit) -> None:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    found = summary(fitted, 0.0)
    for key in (*found, *found["data"], *found["parameters"][0]):
        assert f"`{key}`" in page, key


def test_the_numbers_of_the_gallery_are_those_of_the_fit(fitted: ed.Fit) -> None:
    assert fitted.value == pytest.approx([2.003e-7, 8.1e-9, 8.99e-8], rel=3e-3)
    assert fitted.standard_error == pytest.approx([0.006e-7, 0.5e-9, 0.07e-8], rel=0.2)
