"""What transporters, pathways and the ATP that they use must satisfy in a case; see `checks`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from electrodiff.ends import Reservoir
from electrodiff.errors import shown_name, shown_names
from electrodiff.fields import InKT, Profile, check_known, check_known_at, nearest, problem
from electrodiff.layers import Layer
from electrodiff.transporters import Pathway

if TYPE_CHECKING:
    from electrodiff.model import Case, Side

BOTH: tuple[Side, Side] = ("left", "right")


def check_pathways(case: Case) -> None:
    """Pathways cross layers that are there, and let ions pass that are there and uniform."""
    for index, pathway in enumerate(case.pathways):
        path = f"pathways[{index}]"
        layer = _crossed(case, path, pathway.layer, [other.name for other in case.pathways[:index]], pathway.name)
        for ion in pathway.ions:
            where = _place_of(pathway, path, ion)
            check_known_at(case.ions, where, ion)
            given = (layer.partition or {}).get(ion), layer.barrier.get(ion), layer.diffusivity.get(ion)
            if any(isinstance(value, Profile) for value in given):
                remedy = f"the lipid of '{layer.name}' has a profile for {ion}; beside a pathway it must be uniform"
                raise problem(where, ion, remedy)
            if ion in pathway.conductances and case.valence(ion) == 0:
                raise problem(where, ion, f"{ion} carries no charge; give its permeability instead")


def _place_of(pathway: Pathway, path: str, ion: str) -> str:
    """The key path at which a pathway names an ion."""
    for key in ("permeability", "conductance", "barrier"):
        if ion in getattr(pathway, key):
            return f"{path}.{key}.{ion}"
    index = next(index for index, channels in enumerate(pathway.channels) if channels.ion == ion)
    return f"{path}.channels[{index}].ion"


def check_transporters(case: Case) -> None:
    """Transporters cross layers that are there, and have what their laws need."""
    for index, transporter in enumerate(case.transporters):
        path = f"transporters[{index}]"
        _crossed(case, path, transporter.layer, case.transporter_names[:index], transporter.name)
        check_known(case.ions, f"{path}.stoichiometry", transporter.stoichiometry)
        for side, table in transporter.half_saturation.items():
            check_known(case.ions, f"{path}.half_saturation.{side}", table)
        if transporter.law == "cubic_sodium" and "Na" not in case.ions:
            raise problem(f"{path}.law", transporter.law, "the case has no ion 'Na'; take another law, or name it so")
        needed = {"affinity": [*transporter.stoichiometry], "cubic_sodium": ["Na"]}.get(transporter.law, [])
        for side, ion in ((side, ion) for side in BOTH for ion in needed):
            if isinstance(getattr(case, side), Reservoir) and not case.concentrations(side)[ion] > 0:
                remedy = f"the law of '{transporter.name}' needs some {ion} on either side; give it a concentration"
                given = getattr(case, side).concentrations.get(ion)
                raise problem(f"{side}.concentrations.{ion}", given, remedy)


def check_atp(case: Case) -> None:
    """The free energy of ATP is one per mole, and negative."""
    if isinstance(case.atp_free_energy, InKT) or not case.atp_free_energy < 0:
        remedy = "ATP gives free energy away: give it per mole and below zero, such as '-55 kJ/mol'"
        raise problem("atp_free_energy", float(case.atp_free_energy), remedy)


def _crossed(case: Case, path: str, name: str, others: Sequence[str], own: str) -> Layer:
    """The layer that a transporter or a pathway crosses, with a name of its own."""
    if own in others:
        raise problem(f"{path}.name", own, "another one has this name already; give each its own")
    if own in case.layer_names:
        raise problem(f"{path}.name", own, "a layer has this name; give it another")
    names = case.layer_names
    if name not in names:
        remedy = f"no layer is called '{shown_name(name)}'{nearest(name, names)}; the layers are {shown_names(names)}"
        raise problem(f"{path}.layer", name, remedy)
    return case.layers[case.layer_names.index(name)]
