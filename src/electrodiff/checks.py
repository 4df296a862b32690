"""What the parts of a case must satisfy together.  Each check raises one error with key, value and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from electrodiff.changes import within
from electrodiff.ends import Closed, Reservoir
from electrodiff.errors import CaseError, shown_name, shown_names
from electrodiff.fields import Profile, check_known, checked_name, largest, nearest, problem
from electrodiff.ions import KNOWN_IONS, water_relative_permittivity
from electrodiff.layers import Layer
from electrodiff.membrane_checks import check_atp, check_pathways, check_transporters
from electrodiff.units import AVOGADRO

if TYPE_CHECKING:
    from electrodiff.model import Case, Side

# A reservoir's charge counts as zero below this part of its ions' charge: the rounding of decimal input, no more.
NEUTRAL = 1e-9

# Concentrations below this have lost digits to the least number there is [mol/m^3].
NOTHING = 1e-300

# Positions that differ by less than this part of a length are the same place, but for the rounding of decimal input.
SAME_PLACE = 1e-6

# Fewer cells than this in a layer leave its profile undrawn.
FEWEST_CELLS = 4

SIDES: tuple[Side, Side] = ("left", "right")


def check_case(case: Case) -> None:
    """Run every check; the first that fails raises."""
    _check_ions(case)
    _check_temperature(case)
    _check_layer_names(case)
    for index, layer in enumerate(case.layers):
        _check_layer(case, layer, f"layers[{index}]")
    _check_interfaces(case)
    check_pathways(case)
    check_transporters(case)
    check_atp(case)
    for side in SIDES:
        _check_reservoir(case, side)
    _check_potentials(case)
    _check_compartments(case)
    _check_geometry(case)
    _check_nodes(case)
    _check_steric(case)
    _check_expectations(case)


def _check_ions(case: Case) -> None:
    for name, ion in case.ions.items():
        within(f"ions.{name}", name, partial(checked_name, name))
        if name in KNOWN_IONS:
            continue
        for key in ("valence", "diffusivity"):
            if getattr(ion, key) is None:
                example = "-1" if key == "valence" else '"0.5e-9 m^2/s"'
                remedy = f"the ion is not in the table of known ions{nearest(name, KNOWN_IONS)}; give {key} = {example}"
                raise problem(f"ions.{name}.{key}", None, remedy)


def _check_temperature(case: Case) -> None:
    """The properties of water that the case draws on hold in a range of temperatures only."""
    try:
        for ion in case.ions:
            case.free_diffusivity(ion)
        for layer in case.layers:
            case.relative_permittivity(layer)
        if case.activity is not None or any(layer.born_radius for layer in case.layers):
            water_relative_permittivity(case.temperature)
    except CaseError as error:
        raise problem("temperature", f"{case.temperature:g} K", str(error).partition("; ")[2]) from error


def _check_layer_names(case: Case) -> None:
    names = case.layer_names
    for index, name in enumerate(names):
        if name in names[:index]:
            remedy = f"layers[{names.index(name)}] has this name already; give every layer its own"
            raise problem(f"layers[{index}].name", name, remedy)


def _check_layer(case: Case, layer: Layer, path: str) -> None:
    tables = layer.partition_tables
    named: dict[str, Iterable[str]] = {
        **tables,
        "diffusivity": layer.diffusivity,
        "initial": layer.initial,
        "gating": layer.gating,
    }
    for key, table in named.items():
        check_known(case.ions, f"{path}.{key}", table)
    _check_partition_tables(case, tables, path)
    for ion, value in (layer.partition or {}).items():
        if isinstance(value, Profile) and min(value.value) == 0:
            remedy = (
                "a profile of the partition must be greater than zero; where the ion is absent, make a layer of its own"
            )
            raise problem(f"{path}.partition.{ion}", list(value.value), remedy)
    _check_profiles(layer, path)
    for ion in layer.gating:
        if is_absent(case, layer, ion):
            remedy = "the ion is absent from this layer, so that there is nothing to gate; drop the gate"
            raise problem(f"{path}.gating.{ion}", ion, remedy)
    if layer.total_fixed_charge is not None:
        _check_total_charge(case, layer, path)


def _check_profiles(layer: Layer, path: str) -> None:
    """A profile runs along the whole layer and not beyond."""
    names = ("barrier", "diffusivity", "initial")
    tables = {"partition": layer.partition or {}, **{name: getattr(layer, name) for name in names}}
    profiles = {f"{path}.{key}.{ion}": value for key, table in tables.items() for ion, value in table.items()}
    for where, profile in {**profiles, f"{path}.fixed_charge": layer.fixed_charge}.items():
        _check_extent(where, profile, layer.thickness, f"the layer '{layer.name}'")


def _check_extent(where: str, profile: object, length: float, what: str) -> None:
    if isinstance(profile, Profile):
        first, last = profile.x[0], profile.x[-1]
        if abs(first) > SAME_PLACE * length or abs(last - length) > SAME_PLACE * length:
            found = f"a profile from {first * 1e9:g} nm to {last * 1e9:g} nm"
            raise problem(where, found, f"{what} runs from 0 nm to {length * 1e9:g} nm; so must its profile")


def _check_partition_tables(case: Case, tables: Mapping[str, Mapping[str, object]], path: str) -> None:
    """Each ion has its partition coefficient from one table, and if there is any table, every ion has one."""
    seen: dict[str, str] = {}
    for key, table in tables.items():
        for ion in table:
            if ion in seen:
                remedy = f"{path}.{seen[ion]} gives {ion} too; give one of the two, each says what its partition is"
                raise problem(f"{path}.{key}.{ion}", ion, remedy)
            seen[ion] = key
    missing = [ion for ion in case.ions if ion not in seen]
    if tables and missing:
        remedy = f"it names some ions and leaves out {', '.join(missing)}; name every ion (0 keeps one out)"
        raise problem(f"{path}.{next(iter(tables))}", sorted(seen), remedy)


def _check_total_charge(case: Case, layer: Layer, path: str) -> None:
    mesh = case.mesh
    if mesh.geometry != "spherical" and mesh.area is None and mesh.radius is None:
        remedy = "a total charge needs an area: give mesh.area or mesh.radius, or a fixed_charge instead"
        raise problem(f"{path}.total_fixed_charge", layer.total_fixed_charge, remedy)
    if layer.fixed_charge != 0:
        raise problem(
            f"{path}.total_fixed_charge", layer.total_fixed_charge, "fixed_charge is given too; drop one of them"
        )


def is_absent(case: Case, layer: Layer, ion: str) -> bool:
    """Whether an ion cannot be in a layer: its lipid keeps it out, and no pathway lets it pass."""
    lipid = (layer.partition or {}).get(ion) == 0 or layer.permeability.get(ion) == 0
    return lipid and not any(pathway.layer == layer.name and ion in pathway.ions for pathway in case.pathways)


def crosses(case: Case, ion: str) -> bool:
    """Whether an ion can go from one reservoir to the other."""
    ends = all(isinstance(end, Reservoir) for end in (case.left, case.right))
    return ends and not any(is_absent(case, layer, ion) for layer in case.layers)


def _check_interfaces(case: Case) -> None:
    names = case.layer_names
    seen: list[set[str]] = []
    for index, interface in enumerate(case.interfaces):
        path = f"interfaces[{index}].between"
        for name in interface.between:
            if name not in names:
                remedy = f"no layer is called '{shown_name(name)}'{nearest(name, names)}; the layers are {shown_names(names)}"
                raise problem(path, list(interface.between), remedy)
        first, second = (names.index(name) for name in interface.between)
        if abs(first - second) != 1:
            remedy = f"these layers are not neighbours; the order is {', '.join(names)}"
            raise problem(path, list(interface.between), remedy)
        if set(interface.between) in seen:
            raise problem(path, list(interface.between), "this interface is described twice; keep one entry")
        seen.append(set(interface.between))


def _check_reservoir(case: Case, side: Side) -> None:
    reservoir = getattr(case, side)
    if not isinstance(reservoir, Reservoir):
        return
    check_known(case.ions, f"{side}.concentrations", reservoir.concentrations)
    adjusted = reservoir.neutralise
    if adjusted is not None:
        path = f"{side}.neutralise"
        if adjusted not in case.ions:
            remedy = (
                f"the case has no ion of this name{nearest(adjusted, case.ions)}; its ions are {', '.join(case.ions)}"
            )
            raise problem(path, adjusted, remedy)
        if case.valence(adjusted) == 0:
            raise problem(path, adjusted, "this ion carries no charge; name one that does")
    concentrations = case.concentrations(side)
    if adjusted is not None and concentrations[adjusted] < 0:
        remedy = (
            f"neutrality would need {concentrations[adjusted]:.6g} mM of {adjusted}; neutralise with an ion of "
            "the other sign, or change the concentrations"
        )
        raise problem(f"{side}.neutralise", adjusted, remedy)
    charge = sum(case.valence(ion) * c for ion, c in concentrations.items())
    gross = sum(abs(case.valence(ion)) * c for ion, c in concentrations.items())
    if abs(charge) > NEUTRAL * gross + NOTHING:
        ion = next((ion for ion in case.ions if case.valence(ion) * charge < 0), "Cl")
        remedy = (
            f"the reservoir is not electroneutral: sum of z c = {charge:+.6g} mM; change the concentrations, or let "
            f'one ion be adjusted with neutralise = "{ion}"'
        )
        raise problem(f"{side}.concentrations", reservoir.concentrations, remedy)


def _check_potentials(case: Case) -> None:
    """One end floats at most, against one that does not, and somewhere the potential is given."""
    ends = {side: getattr(case, side) for side in SIDES}
    floating = [side for side, end in ends.items() if isinstance(end, Reservoir) and end.is_floating]
    if len(floating) == 2:
        raise problem("right.potential", "floating", 'both ends float; give one of them, such as "0 mV"')
    if floating and not any(case.valence(ion) and crosses(case, ion) for ion in case.ions):
        remedy = (
            "no ion goes from one reservoir to another, so the net current is zero at any potential; give a potential"
        )
        raise problem(f"{floating[0]}.potential", "floating", remedy)
    if all(getattr(end, "potential", None) is None for end in ends.values()):
        remedy = (
            "neither end gives a potential, so that it is known up to a constant only; let one be a wall or a reservoir "
            'with potential = "0 mV"'
        )
        raise problem("right", ends["right"].kind, remedy)


def _check_compartments(case: Case) -> None:
    """An ion that cannot leave its compartment has its amount from the `initial` concentrations of a layer in it."""
    for ion in case.ions:
        inside = [not is_absent(case, layer, ion) for layer in case.layers]
        for present, run in groupby(range(len(inside)), key=inside.__getitem__):
            indices = list(run)
            at_left = indices[0] == 0 and isinstance(case.left, Reservoir)
            at_right = indices[-1] == len(inside) - 1 and isinstance(case.right, Reservoir)
            if not present or at_left or at_right or any(case.layers[index].initial for index in indices):
                continue
            remedy = (
                f"{ion} cannot leave {' and '.join(case.layers[index].name for index in indices)}, and nothing says how "
                f'much of it is there; give initial = {{ {ion} = "140 mM" }}, or keep it out with a partition of 0'
            )
            raise problem(f"layers[{indices[0]}].initial", None, remedy)


def _check_geometry(case: Case) -> None:
    mesh = case.mesh
    profiles = [key for key in ("area", "radius") if getattr(mesh, key) is not None]
    if len(profiles) == 2:
        raise problem("mesh.radius", "a profile", "mesh.area is given too, and each follows from the other; drop one")
    if profiles and mesh.geometry != "planar":
        raise problem(f"mesh.{profiles[0]}", mesh.geometry, "the geometry gives an area already; drop one of them")
    stack = sum(layer.thickness for layer in case.layers)
    for key in profiles:
        _check_extent(f"mesh.{key}", getattr(mesh, key), stack, "the stack")
    if mesh.geometry == "planar" and mesh.inner_radius is not None:
        remedy = "a planar stack has no radius; set mesh.geometry to cylindrical or spherical, or drop it"
        raise problem("mesh.inner_radius", mesh.inner_radius, remedy)
    if mesh.geometry != "planar" and not mesh.inner_radius and not isinstance(case.left, Closed):
        remedy = 'the left end is the axis or the centre; set left.kind = "closed", or give mesh.inner_radius'
        raise problem("left.kind", case.left.kind, remedy)


def _check_nodes(case: Case) -> None:
    fewest = FEWEST_CELLS * len(case.layers) + 1
    if case.mesh.nodes is not None and case.mesh.nodes < fewest:
        raise problem("mesh.nodes", case.mesh.nodes, f"{len(case.layers)} layers need at least {fewest} nodes")


def _check_steric(case: Case) -> None:
    """Sized ions leave room: sum of v c below 1 in the reservoirs and at the start."""
    if case.steric is None:
        return
    if all(ion.diameter is None for ion in case.ions.values()):
        raise problem("steric.model", case.steric.model, 'no ion has a size; give one, such as diameter = "0.66 nm"')
    places: dict[str, dict[str, float | Profile]] = {
        f"{side}.concentrations": {**case.concentrations(side)} for side in SIDES
    }
    places |= {f"layers[{index}].initial": layer.initial for index, layer in enumerate(case.layers)}
    for path, concentrations in places.items():
        filled = sum(
            AVOGADRO * (case.ions[ion].diameter or 0.0) ** 3 * largest(concentration)
            for ion, concentration in concentrations.items()
        )
        if not filled < 1:
            remedy = f"ions of these diameters would fill {100 * filled:.0f} % of the space; make them smaller or fewer"
            raise problem(path, dict(concentrations), remedy)


def _check_expectations(case: Case) -> None:
    if case.study.kind == "sweep":
        return  # they are checked with its points
    names = case.expectable_names()
    for index, expectation in enumerate(case.expect):
        if expectation.at:
            remedy = "it says at which point of a sweep the value is expected, and this study is none; drop it"
            raise problem(f"expect[{index}].at", dict(expectation.at), remedy)
        if expectation.quantity not in names:
            remedy = f"this case has no such quantity{nearest(expectation.quantity, names)}; it has {', '.join(names)}"
            if case.study.kind == "iv":
                remedy = f"a curve has this at every potential, or not at all; what can be expected of it is {names[0]}"
            raise problem(f"expect[{index}].quantity", expectation.quantity, remedy)
