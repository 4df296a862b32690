"""What the parts of a case must satisfy together.  Each check raises one error with key, value and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from electrodiff.errors import CaseError
from electrodiff.fields import nearest, problem
from electrodiff.ions import KNOWN_IONS

if TYPE_CHECKING:
    from electrodiff.model import Case, Layer, Side

# A reservoir's charge counts as zero below this part of its ions' charge: the rounding of decimal input, no more.
NEUTRAL = 1e-9

SIDES: tuple[Side, Side] = ("left", "right")


def check_case(case: Case) -> None:
    """Run every check; the first that fails raises."""
    _check_ions(case)
    _check_temperature(case)
    _check_layer_names(case)
    for index, layer in enumerate(case.layers):
        _check_layer(case, layer, f"layers[{index}]")
    _check_interfaces(case)
    for side in SIDES:
        _check_reservoir(case, side)
    _check_floating(case)
    _check_expectations(case)


def _check_ions(case: Case) -> None:
    for name, ion in case.ions.items():
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
    except CaseError as error:
        raise problem("temperature", f"{case.temperature:g} K", str(error).partition("; ")[2]) from error


def _check_layer_names(case: Case) -> None:
    names = case.layer_names
    for index, name in enumerate(names):
        if name in names[:index]:
            remedy = f"layers[{names.index(name)}] has this name already; give every layer its own"
            raise problem(f"layers[{index}].name", name, remedy)


def _check_known(case: Case, path: str, table: Iterable[str]) -> None:
    for ion in table:
        if ion not in case.ions:
            remedy = f"the case has no ion of this name{nearest(ion, case.ions)}; its ions are {', '.join(case.ions)}"
            raise problem(f"{path}.{ion}", ion, remedy)


def _check_layer(case: Case, layer: Layer, path: str) -> None:
    partition = layer.partition or {}
    _check_known(case, f"{path}.partition", partition)
    _check_known(case, f"{path}.diffusivity", layer.diffusivity)
    _check_known(case, f"{path}.permeability", layer.permeability)
    both = [ion for ion in layer.permeability if ion in partition]
    if both:
        remedy = f"{path}.partition gives {both[0]} too; give one of the two, the other follows from P = beta D / d"
        raise problem(f"{path}.permeability.{both[0]}", layer.permeability[both[0]], remedy)
    if layer.partition is not None or layer.permeability:
        missing = [ion for ion in case.ions if ion not in partition and ion not in layer.permeability]
        if missing:
            table = "partition" if layer.partition is not None else "permeability"
            remedy = f"it names some ions and leaves out {', '.join(missing)}; name every ion (0 keeps one out)"
            raise problem(f"{path}.{table}", sorted({*partition, *layer.permeability}), remedy)


def _check_interfaces(case: Case) -> None:
    names = case.layer_names
    seen: list[set[str]] = []
    for index, interface in enumerate(case.interfaces):
        path = f"interfaces[{index}].between"
        for name in interface.between:
            if name not in names:
                remedy = f"no layer is called '{name}'{nearest(name, names)}; the layers are {', '.join(names)}"
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
    _check_known(case, f"{side}.concentrations", reservoir.concentrations)
    adjusted = reservoir.neutralise
    if adjusted is not None:
        path = f"{side}.neutralise"
        _check_known(case, path, [adjusted])
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
    if abs(charge) > NEUTRAL * sum(abs(case.valence(ion)) * c for ion, c in concentrations.items()):
        ion = next((ion for ion in case.ions if case.valence(ion) * charge < 0), "Cl")
        remedy = (
            f"the reservoir is not electroneutral: sum of z c = {charge:+.6g} mM; change the concentrations, or let "
            f'one ion be adjusted with neutralise = "{ion}"'
        )
        raise problem(f"{side}.concentrations", reservoir.concentrations, remedy)


def _check_floating(case: Case) -> None:
    floating = [side for side in SIDES if getattr(case, side).is_floating]
    if len(floating) == 2:
        raise problem("right.potential", "floating", 'both ends float; give one of them, such as "0 mV"')
    if floating and not any(case.valence(ion) and case.crosses(ion) for ion in case.ions):
        remedy = "no ion crosses every layer, so the net current is zero at any potential; give a potential"
        raise problem(f"{floating[0]}.potential", "floating", remedy)


def _check_expectations(case: Case) -> None:
    names = case.scalar_names()
    for index, expectation in enumerate(case.expect):
        if expectation.quantity not in names:
            remedy = f"this case has no such quantity{nearest(expectation.quantity, names)}; it has {', '.join(names)}"
            raise problem(f"expect[{index}].quantity", expectation.quantity, remedy)
