"""The account of a cell in the terminal: what the resting potential is, who pays for it, and how much."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from electrodiff.account import CellAccount, ExcessIons
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.model import Case
from electrodiff.quantities import rounded_up
from electrodiff.tables import SHOWN, add_cells, short, shown_in, titled_table
from electrodiff.units import AVOGADRO, CURRENT_DENSITY, POTENTIAL, POWER_PER_AREA

# A part below this is left out where parts are listed.
SMALLEST_PART = 1e-3
# What ions gain or lose beyond this part of what goes through them is a change, and not the end of a solve.
STEADY = 1e-6

# What is smaller is the round-off of an equilibrium, by its SI unit: this flux is an ion through a um^2 in two days.
LEAST = {"V": 1e-12, "mol/m^2/s": 1e-17, "A/m^2": 1e-12, "W/m^2": 1e-14}

_PLACES = dict(zip(SIDES, ("inside", "outside"), strict=True))


def cell_parts(account: CellAccount, case: Case, potential: str) -> list[RenderableType]:
    """The account of a cell whose potential is written so, its error included: sentences, tables of ions and transporters.

    Everything fits on one screen, so that nothing else of a cell is shown beside it.
    """
    sentences = [_rest(account, case, potential), *_price(account)]
    lines = [Text(line) for line in (*_open(account), *_excess(account))]
    return [Text(" ".join(sentences)), _ions(account), _transporters(account), *lines]


# ---- sentences ------------------------------------------------------------------------------------------------------


def _rest(account: CellAccount, case: Case, potential: str) -> str:
    verb = "is held" if _is_clamped(case) else "rests" if _is_steady(account) else "is"
    start = f"The membrane {verb} at {potential}, inside less outside."
    pumps = [one.name for one in account.transporters if one.current]
    if not pumps:
        return f"{start} No transporter carries a net current."
    size = shown_in(CURRENT_DENSITY, float(f"{abs(account.pump_current):.4g}"))
    way = "outward" if account.pump_current > 0 else "inward"
    current = f"The net current of the transporters ({size} {way}: {', '.join(pumps)})"
    if account.pump_potential is None:
        return f"{start} {current} is the only one that sets it."
    shift = shown_in(POTENTIAL, float(f"{account.pump_potential:.3g}"))
    if _is_clamped(case):
        return f"{start} {current} would shift it by {shift} directly if nothing held it."
    # Between reservoirs the concentrations are given.
    is_closed = not all(isinstance(end, Reservoir) for end in (case.left, case.right))
    beyond = ", and beyond that by way of the concentrations" if is_closed else ""
    return f"{start} {current} shifts it by {shift} directly{beyond}."


def _is_clamped(case: Case) -> bool:
    return all(isinstance(end, Reservoir) and not end.is_floating for end in (case.left, case.right))


def _is_steady(account: CellAccount) -> bool:
    through = max(account.dissipation, abs(account.work), abs(account.supplied))
    return _is_at_equilibrium(account) or not _moves(account) or abs(account.stored) <= STEADY * through


def _price(account: CellAccount) -> Iterator[str]:
    """Who pays, how much, and where it goes."""
    if account.atp_rate:
        per_area = f"{_molecules(account.atp_rate)} ATP/(um^2 s)"
        of_cell = account.atp_rate_of_cell
        whole = "" if of_cell is None else f", {_scientific(of_cell)} ATP/s for the whole cell"
        yield (
            f"It costs {per_area}{whole}: {_power(account.fuel)} of free energy, of which the ions get "
            f"{100 * account.work / account.fuel:.3g} %."
        )
        beyond = [one.name for one in account.transporters if (one.efficiency or 0.0) > 1]
        if beyond:
            yield f"No ATP pays for more than 100 %: by its law {', '.join(beyond)} goes on where a real pump would stop."
    else:
        yield "No ATP is used."
    yield from _losses(account)


def _losses(account: CellAccount) -> Iterator[str]:
    losses = {f"{ion.name} leak": ion.dissipation for ion in account.ions if ion.is_flowing}
    losses |= {one.name: -one.work for one in account.transporters if one.work < 0}
    total = sum(losses.values())
    if _is_at_equilibrium(account):
        yield "Every ion that can cross is at equilibrium."
        return
    if not _moves(account):
        yield "Nothing flows."
        return
    if not math.isfinite(total):
        yield "What the ions lose has no bound, since one of them flows to where there is none of it."
        return
    largest = sorted(losses.items(), key=lambda item: -item[1])
    parts = [f"{name} {100 * lost / total:.3g} %" for name, lost in largest if lost > SMALLEST_PART * total]
    is_supplied = abs(account.supplied) > SMALLEST_PART * total
    what = "it again" if _is_steady(account) and not is_supplied else _power(total)
    yield f"The ions lose {what}: {', '.join(parts)}."
    if is_supplied:
        yield f"The solutions at the ends, which stay as they are, give {_power(account.supplied)} of it."
    if not _is_steady(account):
        verb = "build up" if account.stored > 0 else "run down"
        yield f"On balance the gradients {verb} by {_power(abs(account.stored))}."


def _is_at_equilibrium(account: CellAccount) -> bool:
    return all(ion.standing in ("passive", "impermeant") for ion in account.ions)


def _moves(account: CellAccount) -> bool:
    """Whether anything leaks or is carried, other than by round-off."""
    is_carried = any(abs(one.rate) >= LEAST["mol/m^2/s"] for one in account.transporters)
    return is_carried or any(ion.is_flowing for ion in account.ions)


def _power(value: float) -> str:
    return shown_in(POWER_PER_AREA, _rounded(value))


def _rounded(value: float) -> float:
    """To three digits: what anyone takes in from a sentence."""
    return float(f"{value:.3g}")


def _open(account: CellAccount) -> Iterator[str]:
    """One line for all gates."""
    if account.open_fraction:
        yield f"Gates open: {', '.join(f'{gate} {100 * part:.3g} %' for gate, part in account.open_fraction.items())}"


def _excess(account: CellAccount) -> Iterator[str]:
    """One line for each Debye layer."""
    for side, place in _PLACES.items():
        held = [one for one in account.excess if one.side == side and one.amount]
        if held:
            unit = "pmol/cm^2" if held[0].count is None else "ions"
            fractions = [abs(one.fraction) for one in held if one.fraction is not None]
            most = f", at most {rounded_up(max(fractions))} of what the cell holds" if fractions else ""
            yield f"Debye layer {place}, beyond the bulk: {', '.join(map(_held, held))} {unit}{most}"


def _held(one: ExcessIons) -> str:
    # An amount in pmol/cm^2, or a number of ions.
    number = f"{one.amount / SHOWN['mol/m^2/s'][1]:+.3g}" if one.count is None else _scientific(one.count, "+")
    return f"{one.ion} {number}"


def _scientific(number: float, sign: str = "-") -> str:
    """Three digits and a power of ten: 8.06e5; with the sign "+", of positive numbers too."""
    mantissa, exponent = f"{number:.2e}".split("e")
    return f"{float(mantissa):{sign}g}e{int(exponent)}"


# ---- tables ---------------------------------------------------------------------------------------------------------


def _ions(account: CellAccount) -> Table:
    units = (
        "inside\n[mM]",
        "outside\n[mM]",
        "E\n[mV]",
        "V - E\n[mV]",
        "leak\nflux",
        "carried\nflux",
        "share of\nleaks",
    )
    table = titled_table(f"Ions, with fluxes outward [{SHOWN['mol/m^2/s'][0]}]", "ion", *units, "")
    for ion in account.ions:
        leak = ion.passive_flux if ion.is_flowing else 0.0
        add_cells(
            table,
            ion.name,
            *(f"{c:.4g}" for c in (ion.inside, ion.outside)),
            *(_in("V", value) for value in (ion.nernst_potential, ion.driving_force)),
            *(_in("mol/m^2/s", flux) for flux in (leak, sum(ion.transported_flux.values()))),
            "-" if ion.share is None else f"{100 * ion.share:.3g} %",
            ion.standing,
        )
    return table


def _transporters(account: CellAccount) -> Table:
    columns = (
        "cycles\n[pmol/cm^2/s]",
        "current\n[uA/cm^2]",
        "ATP\n[/(um^2 s)]",
        "work on ions\n[nW/cm^2]",
        "of its\nATP",
    )
    table = titled_table("Transporters", "", *columns)
    for one in account.transporters:
        add_cells(
            table,
            one.name,
            _in("mol/m^2/s", one.rate),
            _in("A/m^2", one.current),
            _molecules(one.atp_rate),
            _in("W/m^2", one.work),
            "-" if one.efficiency is None else f"{100 * one.efficiency:.3g} %",
        )
    return table


def _in(unit: str, value: float | None) -> str:
    """A number in what is shown for an SI unit; a dash for none."""
    if value is None:
        return "-"
    return "0" if abs(value) < LEAST[unit] else f"{value / SHOWN[unit][1]:.4g}"


def _molecules(rate: float) -> str:
    """A rate [mol/(m^2 s)] as molecules per um^2 and second."""
    return short(float(f"{rate * AVOGADRO * 1e-12:.4g}"))
