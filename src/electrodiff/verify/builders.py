"""Cases that several rows share: films, junctions, electrodes, blocking cells and membranes, in SI units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from electrodiff.case import bundled_case, load_case
from electrodiff.model import Case
from electrodiff.verify.physics import LIPID, ROOM, WATER, debye

SODIUM, CHLORIDE, POTASSIUM = 1.334e-9, 2.032e-9, 1.957e-9
# Diffusivities of the CRC Handbook, 87th edition, 25 degC.
FREE = {
    "H": 9.311e-9,
    "Na": SODIUM,
    "K": POTASSIUM,
    "Ca": 0.792e-9,
    "Zn": 0.703e-9,
    "Cl": CHLORIDE,
    "SO4": 1.065e-9,
}
VALENCES = {"H": 1, "Li": 1, "Na": 1, "K": 1, "Cs": 1, "Mg": 2, "Ca": 2, "Zn": 2, "Cl": -1, "SO4": -2}
SALT = {"Na": 150.0, "Cl": 150.0}
METAL = {"kind": "wall", "potential": 0.0}


def bundled(name: str, changes: Mapping[str, Any] | None = None) -> Case:
    """A case that comes with the program, with some keys changed, without its expectations."""
    return load_case(bundled_case(name)).changed({"expect": [], **(changes or {})})


def water(name: str, thickness: float, **more: Any) -> dict[str, Any]:
    """A layer of water of permittivity 80."""
    return {"name": name, "thickness": thickness, "relative_permittivity": WATER, **more}


def bath(concentrations: Mapping[str, float], potential: float | str = 0.0) -> dict[str, Any]:
    """A reservoir."""
    return {"concentrations": dict(concentrations), "potential": potential}


# ---- junctions and films --------------------------------------------------------------------------------------------


def junction(
    left: Mapping[str, float],
    right: Mapping[str, float],
    diffusivities: Mapping[str, float] = FREE,
    temperature: float = ROOM,
    thickness: float = 100e-6,
) -> Case:
    """A wide layer of water between two solutions, without current."""
    ions = [ion for ion in VALENCES if ion in left or ion in right]
    return Case(
        temperature=temperature,
        ions={ion: {"valence": VALENCES[ion], "diffusivity": diffusivities[ion]} for ion in ions},
        layers=[water("junction", thickness)],
        left=bath(left, "floating"),
        right=bath(right),
    )


# Stirring: baths in which diffusion is this much faster than in the film hold their concentrations up to its faces.
STIRRED = 1e5


def film(X: float, thickness: float, left: float, right: float, potential: float | str = 0.0, **changes: Any) -> Case:
    """A film with X mol/m^3 of fixed charge between stirred baths of NaCl."""
    stirred = {"diffusivity": {"Na": STIRRED * SODIUM, "Cl": STIRRED * CHLORIDE}}
    width = 20 * debye(min(left, right))
    case = Case(
        temperature=ROOM,
        ions={"Na": {"diffusivity": SODIUM}, "Cl": {"diffusivity": CHLORIDE}},
        layers=[
            water("left bath", width, **stirred),
            water("film", thickness, fixed_charge=X),
            water("right bath", width, **stirred),
        ],
        left=bath({"Na": left, "Cl": left}, potential),
        right=bath({"Na": right, "Cl": right}),
    )
    return case.changed(changes)


# ---- walls ----------------------------------------------------------------------------------------------------------


def electrode(
    wall: Mapping[str, Any],
    concentrations: Mapping[str, float] = SALT,
    diameters: Mapping[str, float] | None = None,
    **changes: Any,
) -> Case:
    """A wall, 25 Debye lengths of water, and a reservoir at 0 V; ions without a diameter are points."""
    sizes = diameters or {}
    strength = sum(VALENCES[ion] ** 2 * c for ion, c in concentrations.items()) / 2
    keys: dict[str, Any] = {"steric": {"model": "bikerman"}} if sizes else {}
    return Case(
        temperature=ROOM,
        ions={ion: {"diameter": sizes[ion]} if ion in sizes else {} for ion in concentrations},
        layers=[water("water", 25 * debye(strength))],
        left={"kind": "wall", **wall},
        right=bath(concentrations),
        **keys,
    ).changed(changes)


# ---- a salt of one diffusivity --------------------------------------------------------------------------------------

DIFFUSIVITY = 1e-9


def like_salt(names: tuple[str, str] = ("K", "Cl")) -> dict[str, Any]:
    """The ions of a salt whose ions diffuse alike."""
    return {ion: {"diffusivity": DIFFUSIVITY} for ion in names}


def blocking_cell(half_gap: float, concentration: float = 100.0, **more: Any) -> Case:
    """A salt of one diffusivity between two metal walls at 0 V, twice `half_gap` apart."""
    held = {"K": concentration, "Cl": concentration}
    return Case(
        temperature=ROOM,
        ions=like_salt(),
        layers=[water("water", 2 * half_gap, initial=held)],
        left=METAL,
        right=METAL,
        **more,
    )


def insulated(concentration: float = 100.0, width: float = 20e-9, **more: Any) -> Case:
    """Salt water, an ion-free slab of 5 nm and salt water at 0 V."""
    salt = {"K": concentration, "Cl": concentration}
    slab = {
        "name": "slab",
        "thickness": 5e-9,
        "relative_permittivity": LIPID,
        "partition": {"K": 0, "Cl": 0},
    }
    return Case(
        temperature=ROOM,
        ions=like_salt(),
        layers=[water("inside", width), slab, water("outside", width)],
        left=bath(salt),
        right=bath(salt),
        **more,
    )


# ---- membranes ------------------------------------------------------------------------------------------------------


def membrane(
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    partition: Mapping[str, float],
    temperature: float,
    potential: float | str = "floating",
    **changes: Any,
) -> Case:
    """A slab of lipid of 5 nm between baths of 20 nm; A is a large anion that stays inside."""
    ions = {ion: {"valence": -1, "diffusivity": 5e-10} if ion == "A" else {} for ion in inside}
    slab = {
        "name": "membrane",
        "thickness": 5e-9,
        "relative_permittivity": LIPID,
        "partition": dict(partition),
        "diffusivity": {ion: 1e-11 for ion, beta in partition.items() if beta > 0},
    }
    return Case(
        temperature=temperature,
        ions=ions,
        layers=[water("inside", 20e-9), slab, water("outside", 20e-9)],
        left=bath(inside, potential),
        right=bath(outside),
    ).changed(changes)
