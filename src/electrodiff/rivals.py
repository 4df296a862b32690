"""Textbook models at the points of a sweep: what GHK and Planck say of the membrane of a case, from its bulk concentrations.

Signs: V_m = phi(left) - phi(right).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from electrodiff.errors import CaseError
from electrodiff.membrane import Membrane, find_membrane
from electrodiff.model import Case
from electrodiff.theory.ghk import ghk_reversal_potential, ghk_voltage
from electrodiff.theory.planck import planck_potential

# Partition coefficients that differ by less are the same but for rounding.
_SAME = 1e-9


def closed_forms(case: Case, names: Iterable[str], potential: float) -> dict[str, float]:
    """The closed forms of these names [SI units]; NaN where a model does not apply.

    potential: the membrane potential of the solution [V], from which differences are taken.
    """
    membrane = find_membrane(case)
    if membrane is None:
        return dict.fromkeys(names, math.nan)
    found: dict[str, float] = {}
    for name in names:
        model = name.partition("_")[0]
        if name == "debye_ratio":
            found[name] = membrane.thickness / membrane.debye_length
            continue
        value = _POTENTIALS[model](membrane)
        found[name] = potential - value if name.endswith("_difference") else value
    return found


def _ghk(membrane: Membrane) -> float:
    """The potential at which GHK has no net current [V]."""
    ions = membrane.permeant
    monovalent = all(abs(membrane.valences[ion]) == 1 for ion in ions)
    law = ghk_voltage if monovalent else ghk_reversal_potential
    permeability, valences, inside, outside = _tables(membrane)
    try:
        return float(law(permeability, valences, inside, outside, membrane.case.temperature))
    except CaseError:  # ions of one sign on one side: no potential at all
        return math.nan


def _planck(membrane: Membrane) -> float:
    """The potential without net current of an electroneutral layer with one partition coefficient [V]."""
    betas = [membrane.partition[ion] for ion in membrane.permeant]
    if membrane.fixed_charge or not betas or max(betas) - min(betas) > _SAME * max(betas):
        return math.nan
    mobility, valences, inside, outside = _tables(membrane)
    try:
        return float(planck_potential(valences, mobility, inside, outside, membrane.case.temperature))
    except CaseError:  # solutions that are not neutral without the ions that do not pass
        return math.nan


def _tables(membrane: Membrane) -> Iterator[dict[str, float]]:
    """Permeability, valence and concentrations on both sides of the ions that pass."""
    for table in (membrane.permeability, membrane.valences, membrane.inside, membrane.outside):
        yield {ion: float(table[ion]) for ion in membrane.permeant}


_POTENTIALS = {"ghk": _ghk, "planck": _planck}
