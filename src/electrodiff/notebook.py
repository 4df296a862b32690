"""What a notebook shows of a case or a result: its layers and a few numbers with their errors, as a small piece of HTML.

Colours are those of the page, with shades of grey that are seen on light and on dark ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from electrodiff.quantities import quantity_of
from electrodiff.tables import SHOWN, number_parts
from electrodiff.units import CAPACITANCE, CONCENTRATION, CONDUCTANCE_PER_AREA, CURRENT_DENSITY, Dimension

if TYPE_CHECKING:
    from electrodiff.current_voltage import CurrentVoltage
    from electrodiff.impedance import Impedance
    from electrodiff.model import Case
    from electrodiff.solution import Solution
    from electrodiff.transient import Transient

MINUS = "\N{MINUS SIGN}"
# The scalars of a steady state that are shown, families whole; those that are not defined are left out.
_TELLING = (
    "membrane_potential",
    "current_density",
    "flux",
    "surface_charge",
    "electrode_charge",
    "capacitance",
    "current",
)
_LENGTHS = (("m", 1.0), ("mm", 1e-3), ("µm", 1e-6), ("nm", 1e-9))
_TIMES = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9), ("ps", 1e-12))
_CELL = "padding:1px 10px 1px 0;text-align:{};border:0;background:none"
_LAYER = (
    "flex:1 1 auto;padding:3px 8px;text-align:center;"
    "background:rgba(128,128,128,{:.2f});border-left:1px solid rgba(128,128,128,.6)"
)
# Relative permittivities of water and of lipid, and the opacities of the grey of layers of these.
_WATER, _LIPID, _LIGHT, _DARK = 80.0, 2.0, 0.06, 0.38


@dataclass(frozen=True)
class Row:
    """One number of a table."""

    name: str
    value: float | None
    error: float | None
    dimension: Dimension

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Name, value, estimated error and unit."""
        unit, size = SHOWN.get(self.dimension.unit, (self.dimension.unit, 1.0))
        error = None if self.error is None or math.isnan(self.error) else self.error
        value = None if self.value is None or math.isnan(self.value) else self.value
        number, plus_minus = number_parts(value, error, size)
        return self.name, _minus(number), plus_minus.replace("+- ", "± "), _pretty(unit)


# ---- one for each kind ----------------------------------------------------------------------------------------------


def case_html(case: Case) -> str:
    """The ions of a case with their concentrations at both ends, its layers, and what it computes."""
    left, right = case.concentrations("left"), case.concentrations("right")
    rows = [
        (
            f"{name} (z = {_minus(f'{case.valence(name):+d}') if case.valence(name) else '0'})",
            f"{case.free_diffusivity(name):.3g}",
            *(_minus(f"{side[name]:.4g}") for side in (left, right)),
        )
        for name in case.ion_names
    ]
    unit = SHOWN[CONCENTRATION.unit][0]
    head = ("ion", "D [m²/s]", f"left [{unit}]", f"right [{unit}]")
    return _page(case, case_facts(case), _table(head, rows))


def case_facts(case: Case) -> list[str]:
    """What kind of case it is, in words."""
    ends = f"{type(case.left).__name__.lower()} to {type(case.right).__name__.lower()}"
    return [f"{case.study.kind} study", ends, f"{case.temperature:g} K"]


def solution_html(solution: Solution) -> str:
    """The potential, currents and charges of a steady state with their estimated errors."""
    names = [name for name in solution.scalars if quantity_of(name).name in _TELLING]
    names.sort(key=lambda name: _TELLING.index(quantity_of(name).name))
    rows = [
        Row(name.replace("_", " ").replace(".", ", "), value, solution.error.get(name), quantity_of(name).dimension)
        for name in names
        if (value := solution.scalars[name]) is not None
    ]
    facts = ["steady state", f"{solution.nodes} nodes", solution.message]
    return _page(solution.case, facts, _numbers(rows), solution.warnings)


def transient_html(transient: Transient) -> str:
    """Potential and current at the start and at the end of a course in time."""
    rows = []
    for label, index in (("at the start", 0), ("at the end", -1)):
        for name in ("membrane_potential", "total_current_density"):
            error = transient.error.get(name)
            dimension = CURRENT_DENSITY if name == "total_current_density" else quantity_of(name).dimension
            value = float(transient.scalar(name)[index])
            words = f"{name.replace('_', ' ')} {label}"
            rows.append(Row(words, value, None if error is None else float(error[index]), dimension))
    span = f"{len(transient.time)} outputs to {_in(float(transient.time[-1]), _TIMES)}"
    return _page(transient.case, ["course in time", span, transient.message], _numbers(rows))


def impedance_html(impedance: Impedance) -> str:
    """Size, phase and capacitance at the lowest and the highest frequency."""
    rows = [
        (
            f"{_minus(f'{impedance.frequency[index]:.4g}'.replace('e+', 'e'))} Hz",
            f"{impedance.magnitude[index]:.5g} ± {impedance.error[index]:.1g}",
            _minus(f"{np.degrees(impedance.phase[index]):.3f}"),
            _minus(f"{impedance.capacitance[index] / SHOWN[CAPACITANCE.unit][1]:.5g}"),
        )
        for index in (0, -1)
    ]
    head = ("frequency", "|Z| [Ω·m²]", "phase [°]", f"capacitance [{_pretty(SHOWN[CAPACITANCE.unit][0])}]")
    about = f"about {_minus(f'{impedance.steady.membrane_potential * 1e3:.4g}')} mV"
    return _page(impedance.case, ["impedance", about, impedance.message], _table(head, rows))


def curve_html(curve: CurrentVoltage) -> str:
    """Reversal potential of a current-voltage curve, and its currents and conductances at both ends."""
    potential = quantity_of("membrane_potential").dimension
    rows = [Row("reversal potential", curve.reversal_potential, curve.reversal_potential_error, potential)]
    errors = curve.error("current_density")
    for index in (0, -1):
        at = f"at {_minus(f'{curve.voltage[index] * 1e3:.4g}')} mV"
        current, conductance = float(curve.current_density[index]), float(curve.slope_conductance[index])
        rows += [
            Row(f"net current density {at}", current, float(errors[index]), CURRENT_DENSITY),
            Row(
                f"slope conductance {at}",
                conductance,
                float(curve.slope_conductance_error[index]),
                CONDUCTANCE_PER_AREA,
            ),
        ]
    return _page(curve.case, ["current-voltage curve", curve.message], _numbers(rows))


# ---- the parts ------------------------------------------------------------------------------------------------------


def _page(case: Case, facts: Iterable[str], table: str, warnings: Sequence[str] = ()) -> str:
    lines = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    title = escape(case.title or "case without a title")
    return (
        '<div class="electrodiff" style="max-width:46em;overflow-x:auto">'
        f"<div><strong>{title}</strong></div><div>{escape('; '.join(facts))}</div>"
        f"{_stack(case)}{table}{f'<ul>{lines}</ul>' if lines else ''}</div>"
    )


def _stack(case: Case) -> str:
    """The layers from left to right, the darker the lower their permittivity; not to scale."""
    parts = []
    for layer in case.layers:
        share = math.log(_WATER / case.relative_permittivity(layer)) / math.log(_WATER / _LIPID)
        opacity = _LIGHT + (_DARK - _LIGHT) * min(max(share, 0.0), 1.0)
        text = f"{escape(layer.name)}<br>{_in(layer.thickness, _LENGTHS)}"
        parts.append(f'<div style="{_LAYER.format(opacity)}">{text}</div>')
    return f'<div style="display:flex;margin:4px 0" title="layers, not to scale">{"".join(parts)}</div>'


def _numbers(rows: Iterable[Row]) -> str:
    return _table(("", "value", "estimated error", "unit"), [row.cells for row in rows])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def cells(kind: str, texts: Sequence[str]) -> str:
        sides = ["left", *["right"] * (len(texts) - 1)]
        sides[-1] = "left" if head[-1] == "unit" else "right"
        return "".join(
            f'<{kind} style="{_CELL.format(side)}">{escape(text)}</{kind}>'
            for side, text in zip(sides, texts, strict=True)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<table style="border-collapse:collapse"><thead><tr>{cells("th", head)}</tr></thead><tbody>{body}</tbody></table>'


def _in(value: float, units: Sequence[tuple[str, float]]) -> str:
    """A length or a time in the largest unit in which it is not below 1: `5 nm`."""
    name, size = next((unit for unit in units if value >= 0.9995 * unit[1]), units[-1])
    return f"{value / size:.4g} {name}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def _pretty(unit: str) -> str:
    """`µA/cm²` for `uA/cm^2`."""
    return re.sub(r"\bu(?=[A-Z])", "µ", unit).replace("^2", "²")
