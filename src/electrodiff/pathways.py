"""Permeabilities of the pathways beside the lipid; those given as conductances have the slope dI/dV asked for at rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from electrodiff.errors import CaseError
from electrodiff.fields import in_rt, mean
from electrodiff.layers import Layer
from electrodiff.model import Case, Side
from electrodiff.theory.ghk import ghk_current
from electrodiff.theory.ghk_conductance import ghk_conductance_slope, ghk_permeability_from_slope
from electrodiff.theory.transport import saturation, transport_affinity
from electrodiff.transporters import Pathway, Transporter
from electrodiff.units import FARADAY

Lipid = Callable[[Layer, str], float]
"""P [m/s] of a layer itself to an ion."""

# Between these a resting potential is looked for [V].
RESTING_POTENTIALS = (-0.5, 0.5)


def pathway_permeabilities(case: Case, layer: Layer, ion: str, lipid: Lipid) -> dict[str, float]:
    """P [m/s] of each pathway of a layer to an ion, by the name of the pathway; `lipid` is what a layer has itself."""
    table = _all(case, lipid)
    return {
        pathway.name: pathway.scale * table[pathway.name][ion]
        for pathway in case.pathways
        if pathway.layer == layer.name and ion in pathway.ions
    }


def with_permeabilities(case: Case, lipid: Lipid) -> Case:
    """The case with the permeabilities of its pathways instead of their conductances: changes leave them as they are."""
    if not any(pathway.conductances or pathway.barrier for pathway in case.pathways):
        return case
    table = _all(case, lipid)
    return case.replace(
        "pathways",
        [
            {
                **pathway.model_dump(
                    exclude={"conductance", "channels", "at", "barrier", "diffusivity", "area_fraction"},
                    exclude_unset=True,
                ),
                "permeability": table[pathway.name],
            }
            for pathway in case.pathways
        ],
    )


def bulk_concentrations(case: Case, side: Side) -> dict[str, float]:
    """c of every ion [mol/m^3] at one end: of its reservoir, or at the start of its layer where it has none."""
    end = getattr(case, side)
    if end.kind == "reservoir":
        return case.concentrations(side)
    layer = case.layers[0 if side == "left" else -1]
    return {ion: mean(layer.initial.get(ion, 0.0)) for ion in case.ions}


def working_transporters(case: Case) -> tuple[Transporter, ...]:
    """The transporters that are not blocked."""
    return tuple(each for each in case.transporters if each.largest_rate > 0)


def charge_per_cycle(case: Case, transporter: Transporter) -> float:
    """Elementary charges that a cycle moves outward."""
    return math.fsum(case.valence(ion) * number for ion, number in transporter.stoichiometry.items())


def electrogenic_transporters(case: Case) -> tuple[Transporter, ...]:
    """The working transporters that carry a net charge."""
    return tuple(each for each in working_transporters(case) if charge_per_cycle(case, each))


def pump_current(case: Case, rates: Mapping[str, float]) -> float:
    """Net current of the transporters at these rates of the electrogenic ones [mol/(m^2 s)], by their names [A/m^2]."""
    return FARADAY * math.fsum(
        charge_per_cycle(case, each) * rates[each.name] for each in electrogenic_transporters(case)
    )


def transporter_rate(case: Case, transporter: Transporter, voltage: float) -> float:
    """Rate of a transporter between the bulk concentrations of both ends at a voltage [mol/(m^2 s)]."""
    inside, outside = (bulk_concentrations(case, side) for side in ("left", "right"))
    return transporter_rate_between(case, transporter, inside, outside, voltage)


def transporter_rate_between(
    case: Case, transporter: Transporter, inside: Mapping[str, float], outside: Mapping[str, float], voltage: float
) -> float:
    """Rate of a transporter between two solutions, c of the ions that it senses [mol/m^3], at a voltage [mol/(m^2 s)]."""
    largest, ions = transporter.largest_rate, transporter.stoichiometry
    if transporter.law == "affinity":
        valences = {ion: case.valence(ion) for ion in ions}
        return largest * float(transport_affinity(ions, valences, inside, outside, voltage, case.temperature))
    if transporter.law == "cubic_sodium":
        largest *= (inside["Na"] / outside["Na"]) ** 3
    for side, concentrations in (("left", inside), ("right", outside)):
        for ion, half in transporter.half_saturation.get(side, {}).items():  # type: ignore[call-overload]
            hill = transporter.hill.get(side, {}).get(ion, 1.0)  # type: ignore[call-overload]
            largest *= float(saturation(concentrations[ion], half, hill))
    dependence = transporter.voltage_dependence
    if dependence is None:
        return largest
    u = voltage / dependence.scale
    return largest * (math.exp(u) if dependence.kind == "exponential" else max(1 + u, 0.0))


def _all(case: Case, lipid: Lipid) -> dict[str, dict[str, float]]:
    """P of every pathway to each of its ions, without its scale.  Found once, since all material numbers ask for it."""
    if "pathways" not in case.derived:
        rest = _rest(case, lipid) if any(_at_rest(pathway) for pathway in case.pathways) else 0.0
        case.derived["pathways"] = {pathway.name: _permeabilities(case, pathway, rest) for pathway in case.pathways}
    table: dict[str, dict[str, float]] = case.derived["pathways"]
    return table


def _at_rest(pathway: Pathway) -> bool:
    return bool(pathway.conductances) and pathway.at is None


def _permeabilities(case: Case, pathway: Pathway, rest: float) -> dict[str, float]:
    at = rest if pathway.at is None else pathway.at
    inside, outside = (bulk_concentrations(case, side) for side in ("left", "right"))
    slopes = {
        ion: float(ghk_permeability_from_slope(g, case.valence(ion), inside[ion], outside[ion], at, case.temperature))
        for ion, g in pathway.conductances.items()
    }
    return {**_given(case, pathway), **slopes}


def _given(case: Case, pathway: Pathway) -> dict[str, float]:
    """P [m/s] of the ions whose permeability is given, or follows from a barrier in pores."""
    thickness = case.layers[case.layer_names.index(pathway.layer)].thickness
    through = {
        ion: (pathway.area_fraction or 0.0)
        * pathway.diffusivity.get(ion, case.free_diffusivity(ion))
        * math.exp(-in_rt(energy, case.temperature))
        / thickness
        for ion, energy in pathway.barrier.items()
    }
    return {**pathway.permeability, **through}


def _rest(case: Case, lipid: Lipid) -> float:
    """The potential [V] at which lipid, pathways and transporters together carry no current, by GHK."""
    # Here, as it takes as long to import as a solve.
    from scipy.optimize import brentq

    low, high = RESTING_POTENTIALS
    if not _current(case, lipid, low) < 0 < _current(case, lipid, high):
        raise CaseError(
            f"pathways: no resting potential between {low:g} and {high:g} V at which the conductances could hold; say "
            'where they do, such as at = "-70 mV"'
        )
    return float(brentq(lambda voltage: _current(case, lipid, voltage), low, high, xtol=1e-15, rtol=1e-14))


def _current(case: Case, lipid: Lipid, voltage: float) -> float:
    """Total current of all layers with pathways at a voltage [A/m^2]."""
    rates = {each.name: transporter_rate(case, each, voltage) for each in electrogenic_transporters(case)}
    return math.fsum([*_passive(case, lipid, voltage), pump_current(case, rates)])


def _passive(case: Case, lipid: Lipid, voltage: float) -> Iterator[float]:
    inside, outside = (bulk_concentrations(case, side) for side in ("left", "right"))

    def unit(ion: str) -> float:
        return float(ghk_current(1.0, case.valence(ion), inside[ion], outside[ion], voltage, case.temperature))

    def slope(ion: str, at: float) -> float:
        z = case.valence(ion)
        return float(ghk_conductance_slope(1.0, z, inside[ion], outside[ion], at, case.temperature))

    for layer in (layer for layer in case.layers if any(pathway.layer == layer.name for pathway in case.pathways)):
        for ion in case.ions:
            permeability = lipid(layer, ion)
            if permeability > 0:
                yield permeability * unit(ion)
    for pathway in case.pathways:
        for ion, permeability in _given(case, pathway).items():
            yield pathway.scale * permeability * unit(ion)
        for ion, conductance in pathway.conductances.items():
            if conductance > 0:
                at = voltage if pathway.at is None else pathway.at
                yield pathway.scale * conductance / slope(ion, at) * unit(ion)
