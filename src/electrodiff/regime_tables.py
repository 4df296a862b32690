"""The regime report as a person reads it in the terminal: lengths, times, numbers, and one line a limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from electrodiff.membrane import Membrane
from electrodiff.regime import Face, LayerScales, Living, Neutrality, Regime
from electrodiff.regime.sides import terms_of
from electrodiff.regime.words import (
    concentration,
    conductance,
    current_density,
    length,
    listed,
    millivolts,
    number,
    percent,
    surface_charge,
    time,
)
from electrodiff.terminal import add_cells, titled_table
from electrodiff.units import thermal_voltage

_COLOURS = {"holds": "green", "nearly": "yellow", "fails": "red"}
_TWO_LENGTHS = "; two Debye lengths: with the ions of the left and of the right solution"
_TIMES = {
    "debye": "Debye time of the baths, lambda^2 / D",
    "charging_baths": "charging of the double layers, lambda L / D",
    "diffusion_baths": "diffusion through a bath, L^2 / D",
    "diffusion_membrane": "diffusion through the membrane, d^2 / D",
    "charging_membrane": "charging of the membrane, R C",
    "run_down": "run-down of a compartment, or smaller bath, volume / (area P)",
}


_OF_MEMBRANE = ("diffusion_membrane", "charging_membrane", "run_down")
_OF_BATHS = ("debye", "charging_baths", "diffusion_baths", "charging_membrane", "run_down")


def regime_tables(regime: Regime) -> Group:
    """The report: membrane, layers, faces, times and numbers, reservoirs, and then each limit with its reason.

    Fits 80 columns; what is not defined is "-".
    """
    parts: list[RenderableType] = [Text(regime.case.title, style="bold"), _membrane(regime), Text()]
    parts += [_layers(regime.layers), Text()]
    if regime.faces:
        parts += [_faces(regime.faces), Text()]
    if regime.living is not None and regime.living.unsteady is None:
        parts += [
            _leaks(regime.living),
            Text(),
            _pairs("Expected of leaks and transporters", _life(regime.living)),
            Text(),
        ]
    parts += [_pairs("Times", _times(regime)), Text(), _pairs("Numbers", _numbers(regime)), Text()]
    parts += [_reservoir(each) for each in regime.neutrality]
    return Group(*parts, Text(), Text("Limits, as expected before any solve", style="italic"), _limits(regime))


def _membrane(regime: Regime) -> Group:
    m, volt = regime.membrane, f"RT/F {millivolts(thermal_voltage(regime.case.temperature))}"
    if m is None:
        return Group(Text(f"no membrane to cross; {volt}"))
    passes = f"passes {listed(list(m.permeant))}" if m.permeant else "passes no ion"
    kind = "liquid junction" if m.is_junction else "membrane"
    facts = f"{length(m.thickness)} of permittivity {number(m.relative_permittivity)}, {passes}"
    name = kind if m.name in kind else f"{kind} {m.name}"
    flows = m.joins_reservoirs or (regime.living is not None and regime.living.unsteady is None)
    source = "as given" if m.voltage is not None else _by_ghk(regime, m) if flows else "at equilibrium"
    known = regime.voltage is not None and (m.permeant or m.voltage is not None)
    potential = f"potential {millivolts(regime.voltage or 0.0)} {source}; " if known else ""
    return Group(Text(f"{name}: {facts}"), Text(potential + volt))


# Where one of these fails, GHK says no more than about what the potential is.
_OF_GHK = ("constant_field", "even_resistance", "bulk_faces", "resistive_membrane")


def _by_ghk(regime: Regime, membrane: Membrane) -> str:
    """Where a potential without current comes from, and whether the report trusts it."""
    found = [regime.limit(name) for name in _OF_GHK]
    is_estimate = any(limit is not None and limit.outlook == "fails" for limit in found)
    steps = " between Donnan potentials at its faces" if regime.has_donnan_steps else ""
    pumps = " with its transporters" if regime.living is not None else ""
    return f"{terms_of(membrane).at_rest}, {'estimated ' if is_estimate else ''}by GHK{pumps}{steps}"


def _leaks(living: Living) -> Table:
    """What each ion does between stirred solutions, by GHK and the rate laws."""
    title = "Ions between stirred solutions (pump-leak); currents outward"
    table = titled_table(title, "ion", "inside", "outside", "leak", "transporters")
    for ion, inside in living.inside.items():
        currents = (living.leak_current[ion], living.pumped_current[ion])
        # Less than round-off of the largest current is none.
        shown = [f"{number(100 * each) if abs(each) > 1e-9 * _largest(living) else '0'} uA/cm^2" for each in currents]
        add_cells(table, ion, concentration(inside), concentration(living.outside[ion]), *shown)
    return table


def _largest(living: Living) -> float:
    return max(map(abs, (*living.leak_current.values(), *living.pumped_current.values())))


def _life(living: Living) -> list[tuple[str, str]]:
    """Potentials with and without the pump, its current, and how long the ions last."""
    rows = [
        ("net current of transporters", current_density(living.pump_current)),
        ("potential with that current, GHK", _or_none(living.resting_potential, millivolts)),
        ("the same without it", _or_none(living.without_pump, millivolts)),
        ("the same by Mullins and Noda", _or_none(living.mullins_noda, millivolts)),
    ]
    if living.run_down is not None:
        rows.append((f"run-down without pumps, {living.run_down_ion} inside over its leak", time(living.run_down)))
    return rows


def _layers(layers: Iterable[LayerScales]) -> Table:
    columns = ("layer", "thickness L", "Debye length", "L / Debye", "slowest", "L^2 / D", "lambda^2 / D")
    layers = list(layers)
    two = any(None not in layer.debye_lengths for layer in layers)
    table = titled_table(f"Layers{_TWO_LENGTHS if two else ''}", *columns)
    for layer in layers:
        ratio = number(layer.thickness_over_debye_length) if layer.thickness_over_debye_length else "-"
        times = (_or_none(layer.diffusion_time, time), _or_none(layer.debye_time, time))
        add_cells(table, layer.name, length(layer.thickness), _both(layer), ratio, layer.slowest or "-", *times)
    return table


def _both(layer: LayerScales) -> str:
    """The Debye lengths of a layer: "18.4 | 25.3 nm"; two that read alike are one."""
    given = dict.fromkeys(_or_none(each, length) for each in layer.debye_lengths if each is not None)
    texts = list(given) or ["-"]
    if len(texts) > 1 and texts[0].split()[-1] == texts[1].split()[-1]:
        texts[0] = texts[0].split()[0]
    return " | ".join(texts)


def _faces(faces: Iterable[Face]) -> Table:
    columns = ("face", "own charge", "faced charge", "Gouy-Chapman length", "potential")
    table = titled_table(
        "Faces and walls; the Debye layer balances the faced charge; potential against the bulk", *columns
    )
    for face in faces:
        charges = (_or_none(each, surface_charge) for each in (face.surface_charge, face.facing_charge))
        lengths = _or_none(face.gouy_chapman_length, length)
        add_cells(table, face.name, *charges, lengths, _or_none(face.potential, millivolts))
    return table


def _or_none(value: float | None, text: Callable[[float], str]) -> str:
    return "-" if value is None or not math.isfinite(value) else text(value)


def _pairs(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values."""
    table = titled_table(title, "", "")
    table.show_header = False
    for row in rows:
        add_cells(table, *row)
    return table


def _times(regime: Regime) -> list[tuple[str, str]]:
    """What a stack without a membrane, or one that is nothing but a junction, has not is left out."""
    m = regime.membrane
    left_out = _OF_MEMBRANE if m is None else _OF_BATHS if m.is_junction else ()
    names = [name for name in _TIMES if name not in left_out]
    return [(_named(_TIMES[name], m), _or_none(getattr(regime.times, name), time)) for name in names]


def _named(title: str, membrane: Membrane | None) -> str:
    """A title with a junction called so, where it has the word for all that ions cross."""
    return title.replace("membrane", "junction") if membrane is not None and membrane.is_junction else title


def _numbers(regime: Regime) -> list[tuple[str, str]]:
    """Conductances, capacitance, and the dimensionless groups."""
    values = (regime.membrane_conductance, *regime.bath_conductances)
    names = (_named("membrane", regime.membrane), "left bath", "right bath")
    rows = [
        (f"conductance of {name}", conductance(each))
        for name, each in zip(names, values, strict=True)
        if each is not None
    ]
    if regime.capacitance is not None:
        rows.append(("capacitance with Debye layers", f"{number(regime.capacitance * 100)} uF/cm^2"))
    return rows + [(_named(group.title, regime.membrane), _or_none(group.value, number)) for group in regime.groups]


def _reservoir(reservoir: Neutrality) -> Text:
    balanced = f", balanced by {reservoir.balancing}" if reservoir.balancing else ""
    # Below a part in 1e12 it is the rounding of the sum.
    net = "neutral" if abs(reservoir.net) < 1e-12 else f"net charge {percent(reservoir.net)} of that of its ions"
    return Text(f"{reservoir.side} reservoir: {net}{balanced}")


def _limits(regime: Regime) -> Table:
    """One limit a row; its reason wraps under itself."""
    table = Table.grid(padding=(0, 1))
    for limit in regime.limits:
        table.add_row(Text(limit.outlook, style=_COLOURS[limit.outlook]), Text(f"{limit.title}: {limit.because}"))
    return table
