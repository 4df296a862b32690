"""The ladder in the terminal: every number in the unit of the field, nothing cut off, the reasons under their rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hand_built_ladder import ABSENT, CHARGES, CURRENTS, FULL, RESTING, SHORT, ladder_of, rung, solved
from rich.console import Console

from electrodiff.ladder.rung import Ladder, Rung
from electrodiff.ladder_tables import blocks, by_quantity, difference, ladder_tables, legend
from electrodiff.terminal import closing_line, shown, shown_in
from electrodiff.units import CAPACITANCE, NUMBER, PERMEABILITY, POTENTIAL


@pytest.fixture(scope="module")
def ladder() -> Ladder:
    return ladder_of(solved(), RESTING + CURRENTS + CHARGES, ABSENT)


def text(ladder: Ladder, width: int = 100, colours: bool = False) -> str:
    """The ladder as it stands in a terminal of this width."""
    console = Console(
        width=width, highlight=False, color_system="standard" if colours else None, force_terminal=colours
    )
    with console.capture() as capture:
        console.print(ladder_tables(ladder))
    return capture.get()


def lines(ladder: Ladder, width: int = 100) -> list[str]:
    """Its lines, without the spaces at their ends."""
    return [line.rstrip() for line in text(ladder, width).splitlines()]


# ---- what it says --------------------------------------------------------------------------------------------------


def test_rows_stand_under_their_quantity_in_the_order_of_the_ladder(ladder: Ladder) -> None:
    shown_lines = lines(ladder)
    titles = [row.title for row in ladder.rungs]
    found = [line.split("  ")[1].strip() for line in shown_lines if line.endswith(("agrees", "near", "differs"))]
    # One title is wider than its column and goes on below it.
    assert found == ["circuit with fixed" if title.endswith("conductances") else title for title in titles]
    headings = [line.split(":")[0] for line in shown_lines if ": PNP " in line]
    assert headings == ["Resting potential", "Current density", "Current of K", "Charge of the left Debye layer"]


def test_the_heading_has_the_value_of_pnp_with_its_error_in_the_unit_of_the_field(ladder: Ladder) -> None:
    shown_lines = lines(ladder)
    assert "Resting potential: PNP -71.46 mV +- 2e-7" in shown_lines
    assert "Current density: PNP 1 uA/cm^2 +- 1e-7" in shown_lines
    assert "Charge of the left Debye layer: PNP -0.02297 uC/cm^2 +- 3e-9" in shown_lines


def test_zero_to_its_error_is_shown_as_zero() -> None:
    assert "Resting potential: PNP 0 mV +- 2e-13" in lines(
        ladder_of(solved(), [rung("m", 0.0, 1.5e-16, error=1.9e-16)])
    )


@pytest.mark.parametrize(
    "row",
    [
        "Nernst, K                         -94.98   -23.52 mV  fails   differs",
        "GHK voltage equation              -71.48    -0.02 mV  holds   agrees",
        "GHK with face values              -71.46   < 0.01 mV  holds   agrees",
        "chord circuit                     -69.51    +1.95 mV  nearly  near",
        "GHK current equation               1.030     +3.00 %  holds   near",
        "capacitor                       -0.02300     +0.11 %  holds   agrees",
    ],
)
def test_a_row_has_prediction_difference_outlook_and_verdict(ladder: Ladder, row: str) -> None:
    assert f"  {row}" in lines(ladder)


def test_the_reason_stands_under_its_row(ladder: Ladder) -> None:
    shown_lines = lines(ladder, 300)
    (row,) = [index for index, line in enumerate(shown_lines) if line.strip().startswith("GHK voltage equation")]
    assert shown_lines[row + 1] == f"      {FULL}"


def test_models_that_do_not_apply_come_last_with_their_reasons(ladder: Ladder) -> None:
    shown_lines = lines(ladder, 200)
    start = shown_lines.index("Models that do not apply")
    for entry, line in zip(ABSENT, shown_lines[start + 1 :], strict=False):
        assert line.split("  ", 2)[1:] == [entry.title, line.split("  ", 2)[2]]
        assert line.endswith(entry.reason)


def test_a_ladder_without_absent_models_has_no_list_of_them() -> None:
    assert "do not apply" not in text(ladder_of(solved(), RESTING))


def test_the_last_lines_say_what_the_words_mean_and_how_pnp_was_solved(ladder: Ladder) -> None:
    shown_lines = lines(ladder, 300)
    # 0.01 and 0.1 of RT/F, which is 26.71 mV at 310 K.
    assert "agrees within 0.27 mV or 1 % of PNP, near within 2.7 mV or 10 % of PNP" in shown_lines[-2]
    assert shown_lines[-1] == closing_line(ladder.solution)


def test_the_bounds_in_the_legend_follow_the_temperature() -> None:
    assert "agrees within 0.25 mV" in legend(290.0)


def test_warnings_of_the_solution_are_shown() -> None:
    solution = solved("capacitor", **{"mesh.nodes": 51, "layers.inside.thickness": "3 nm"})
    assert f"warning: {solution.warnings[0]}" in text(ladder_of(solution, CHARGES), 300)


# ---- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predicted", "pnp", "quantity", "expected"),
    [
        (-0.0950, -0.0714, "resting_potential", "-23.60 mV"),
        (-0.071404, -0.0714, "resting_potential", "< 0.01 mV"),
        (0.001, 0.0, "resting_potential", "+1.00 mV"),
        (1.021, 1.0, "current_density", "+2.10 %"),
        (0.5, 1.0, "current_density", "-50.0 %"),
        (1.00001, 1.0, "current_density", "< 0.01 %"),
        # Less than PNP is minus, also where both are negative.
        (-1.0, -2.0, "current_density", "-50.0 %"),
        (563.0, 1.0, "current_density", "x 563"),
        (-12.0, 1.0, "current_density", "x -12"),
        (2e9, 1.0, "current_density", "x 2e9"),
        # PNP has no current, so that there is nothing to be relative to.
        (2e-5, 0.0, "current_density", "+0.002 uA/cm^2"),
    ],
)
def test_a_difference_is_in_mV_or_in_percent_of_pnp_or_absolute(
    predicted: float, pnp: float, quantity: str, expected: str
) -> None:
    assert difference(rung("m", predicted, pnp, quantity)) == expected


def test_the_difference_of_logarithms_is_in_decades() -> None:
    """A factor of 100 is two decades, and no 40 per cent of a logarithm of -5."""
    row = rung("m", -3.0, -5.0, dimension=NUMBER, scale=1 / math.log(10))
    assert (difference(row), row.relative_difference, row.verdict) == ("+2", None, "differs")


def test_a_difference_within_the_error_of_a_zero_is_not_relative() -> None:
    assert difference(rung("m", 1e-9, 1e-12, "current_density", error=1e-11)) == "+9.99e-8 uA/cm^2"


def test_predictions_have_as_many_decimals_as_pnp_has_digits() -> None:
    rows = lines(
        ladder_of(
            solved(), [rung("a", 1.0, 12.345e-2, "current_density"), rung("b", 0.1234567, 0.12345, "current_density")]
        )
    )
    assert [line.split()[1] for line in rows if line.split()[:1] in (["a"], ["b"])] == ["100.00", "12.35"]


@pytest.mark.parametrize(("value", "expected"), [(1.2345e-12, "1.234e-10"), (3.0e9, "3e11"), (0.0, "0")])
def test_a_number_that_is_far_too_small_or_large_is_a_power_of_ten(value: float, expected: str) -> None:
    far = rung("far", value, 1e-12 if value < 1 else 1.0, "current_density")
    (row,) = [line for line in lines(ladder_of(solved(), [far])) if line.split()[:1] == ["far"]]
    assert row.split()[1] == expected


def test_a_value_of_any_dimension_can_be_shown() -> None:
    assert shown_in(POTENTIAL, -0.065) == shown("membrane_potential", -0.065) == "-65 mV"
    assert shown_in(CAPACITANCE, 0.0035, 1e-9) == "0.35 uF/cm^2 +- 1e-7"
    assert shown_in(PERMEABILITY, 1e-7) == "1e-07 m/s"


def test_groups_keep_the_order_in_which_the_quantities_are_met() -> None:
    mixed = [CURRENTS[0], RESTING[0], CURRENTS[1], RESTING[1]]
    assert by_quantity(mixed) == [[CURRENTS[0], CURRENTS[1]], [RESTING[0], RESTING[1]]]


# ---- blocks ----------------------------------------------------------------------------------------------------------


def face(place: str, reason: str, quantity: str = "surface_charge", **more: Any) -> Rung:
    row = rung("Grahame", 0.02, 0.01, "surface_charge", reason)
    return replace(row, quantity=f"{quantity}.{place}", label=f"charge of the face, {place}", **more)


def test_single_rows_of_one_kind_share_a_block_with_the_model_above_their_places() -> None:
    shown_lines = lines(ladder_of(solved(), [*RESTING, face("left", SHORT), face("far right", SHORT)]), 200)
    start = shown_lines.index("Charge of the face, left: PNP 1 uC/cm^2 +- 1e-7")
    block = [line.split("  ")[:2] for line in shown_lines[start + 1 : start + 6]]
    assert block[0][0].startswith("Charge of the face, far right: PNP 1 uC/cm^2")
    assert [cells[1] for cells in block[1:4]] == ["Grahame", "left", "far right"]
    # What both say is said once.
    assert [line.strip() for line in shown_lines].count(SHORT) == len(RESTING) - 3 + 1


def test_a_shared_block_keeps_titles_and_reasons_that_differ() -> None:
    rows = [face("left", SHORT), face("right", FULL, title="Gauss")]
    (block,) = blocks(rows)
    assert [cells[0] for cells in (block.header, *block.rows)] == ["model", "Grahame", "Gauss"]
    assert block.reasons == [SHORT, FULL]


def test_quantities_with_several_models_or_of_another_kind_have_blocks_of_their_own() -> None:
    rows = [*CHARGES, face("right", SHORT), face("left", SHORT, "ion_current")]
    assert [len(block.rungs) for block in blocks(rows)] == [2, 1, 1]


# ---- how it reads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100, 120])
def test_nothing_is_cut_off_at_any_usual_width(ladder: Ladder, width: int) -> None:
    shown_text = text(ladder, width)
    assert max(map(len, shown_text.splitlines())) <= width
    # Every word and number of a wide terminal survives the wrapping.
    assert sorted(shown_text.split()) == sorted(text(ladder, 400).split())


def test_a_row_of_the_longest_numbers_fits_into_80_columns() -> None:
    rows = [
        rung("a title that is far longer than its column", -1.2345e-300, -1.2345e-12, "current_density", scale=1.0),
        rung("another", 2e-5, 0.0, "current_density", outlook="nearly"),
    ]
    assert max(map(len, lines(ladder_of(solved(), rows), 80))) <= 80


def test_a_wrapped_reason_stays_indented(ladder: Ladder) -> None:
    shown_lines = lines(ladder, 80)
    (row,) = [index for index, line in enumerate(shown_lines) if line.strip().startswith("GHK voltage equation")]
    wrapped = shown_lines[row + 1 : row + 4]
    assert " ".join(line.strip() for line in wrapped) == FULL
    assert all(line.startswith(" " * 6) and not line.startswith(" " * 7) for line in wrapped)


def test_only_the_verdict_is_coloured_and_its_word_says_the_same(ladder: Ladder) -> None:
    coloured = text(ladder, colours=True)
    for word, code in (("agrees", 32), ("near", 33), ("differs", 31)):
        assert f"\x1b[{code}m{word}" in coloured
    assert sum(coloured.count(f"\x1b[{code}m") for code in (31, 32, 33)) == len(ladder.rungs)


def test_brackets_are_not_taken_for_markup() -> None:
    odd = rung("Nernst, X[a]", -0.07, -0.07, reason="Only X[a] passes [/x].", label="potential [bold]")
    shown_text = text(ladder_of(solved(), [odd]))
    for part in ("Nernst, X[a]", "Only X[a] passes [/x].", "Potential [bold]"):
        assert part in shown_text
