"""Is a converged steady state the solution?  Answered without the solver, from the closed form of `robustness_closed`.

A state that is smooth and wrong passes a look at its updates; it does not pass these, since each compares with a number
that the state itself had no part in, or with what round-off of the state allows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import solveh_banded

from electrodiff import Reservoir, Solution
from electrodiff.fvm.borders import PINNED_KINDS
from electrodiff.fvm.kernels.arrays import AMOUNT, CURRENT, GATING
from robustness_closed import (
    ClosedForm,
    Discrete,
    Reals,
    Stretch,
    closed_form,
    extended,
    logarithm,
    poisson,
)

# Round-off of a double.
EPSILON = float(np.finfo(float).eps)

# Largest relative difference of an activity from its closed form, and of the charge of a pocket from what the
# displacement around it says.
ACTIVITY = 1e-6

# Activities [100 mM] below this are compared with nothing but zero.  A double keeps all its digits down to 2e-308; the
# 18 orders between are for what an activity is multiplied by in a flux.  One ion in all the oceans is 1e-45.
TINY = 1e-290

# Largest residual of Poisson's equation at a node, of the sum of the sizes of its terms, and of what a pocket holds and a
# floating end carries.  Newton's last update of 1e-9, which is applied, leaves far less; double precision leaves 1e-15.
BALANCE = 1e-9

# Largest error of a potential [RT/F], where that is the better measure: Newton's tolerance, 26 pV.  Double precision leaves
# 1e-14 in a well-conditioned case.
POTENTIAL = 1e-9

# A sum of a few terms of which each was rounded a few times, such as a flux or a displacement, is off by so many EPSILON
# of the largest of them.  Of 400 cases those that were right stayed below a third of it, most below a hundredth.
ROUNDINGS = 64
PER_FACE = 2


def check_solution(solution: Solution) -> list[str]:
    """What is wrong with a converged solution, one sentence each; empty if nothing is."""
    if not solution.converged:
        return [f"not converged: {solution.message}"]
    if not np.isfinite(solution.state).all():
        return ["the state is not finite"]
    if (solution.state[:, :-1] < 0).any():
        return ["an activity is negative"]
    checks = (_pinned, _activities, _poisson, _pockets, _amounts, _face_fluxes, _fluxes, _currents, _gates)
    # What overflows even 80 bits is not finite, and fails each comparison below.
    with np.errstate(all="ignore"):
        discrete = extended(solution)
        form = closed_form(solution, discrete)
        return [text for check in checks for text in check(solution, discrete, form)]


def _where(solution: Solution, node: int, row: int | None = None) -> str:
    """A place in words: "i1 at node 17 of 300 (x = 3 nm, layer 'film')"."""
    mesh, case = solution.problem.mesh, solution.case
    name = "" if row is None else f"{[*case.ion_names, 'the potential'][row]} "
    layer = case.layers[mesh.layer[min(node, mesh.layer.size - 1)]].name
    return f"{name}at node {node} of {mesh.nodes} (x = {mesh.x[node] * 1e9:.6g} nm, '{layer}')"


def _rounding(discrete: Discrete, ion: int) -> float:
    """Relative round-off of e^(z phi) with phi a double, and of a few roundings beside it."""
    steepest = float(np.abs(discrete.valence[ion]) * np.abs(discrete.phi).max())
    return ROUNDINGS * EPSILON * (1 + steepest)


# ---- what is given ------------------------------------------------------------------------------------------------


def _pinned(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:  # noqa: ARG001
    """Pinned unknowns have their values, absent ions are absent, and the ends have the potentials of the case."""
    chain, border = solution.problem.chain, solution.problem.border
    pinned = chain.free == 0
    local = np.isin(border.kind, PINNED_KINDS)
    pinned[border.node[local], border.row[local]] = False
    off = pinned & (np.abs(solution.state - chain.target) > 4 * EPSILON * np.abs(chain.target))
    for node, row in np.argwhere(off)[:1]:
        yield f"pinned {_where(solution, node, row)} is {solution.state[node, row]:.9g}, not {chain.target[node, row]:.9g}"
    for node, end in ((0, solution.case.left), (-1, solution.case.right)):
        given = getattr(end, "potential", None)
        found = float(discrete.phi[node]) * solution.problem.scales.potential
        if isinstance(given, float) and abs(found - given) > 4 * EPSILON * abs(given):
            yield f"the {'left' if node == 0 else 'right'} end is at {found!r} V, not {given!r} V"


# ---- ions ---------------------------------------------------------------------------------------------------------


def _activities(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:
    """Every activity is that of the closed form."""
    for part in form.stretches:
        found = logarithm(discrete.activity[part.first : part.last + 1, part.ion])
        expected = part.log_activity
        compared = expected > np.log(TINY)
        # Where there is next to nothing, next to nothing must have been found.
        found = np.where(compared, found, np.maximum(found, np.log(TINY)))
        expected = np.where(compared, expected, np.log(TINY))
        off = np.abs(np.expm1(np.clip(found - expected, -1e3, 1e3)))
        worst = int(np.argmax(off))
        if not off[worst] <= ACTIVITY:
            kind = "trapped" if part.is_trapped else "free"
            yield (
                f"activity of {kind} {_where(solution, part.first + worst, part.ion)} is "
                f"exp({float(found[worst]):.9g}), not exp({float(expected[worst]):.9g}) [100 mM]"
            )


def _amounts(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:  # noqa: ARG001
    """What a compartment holds of an ion is what it was given."""
    border = solution.problem.border
    held = discrete.concentration * discrete.volume[..., None]
    for b in np.flatnonzero(border.kind == AMOUNT):
        amount = held[border.first[b] : border.last[b], :, border.row[b]].sum()
        off = float(amount / np.longdouble(border.value[b]) - 1)
        if not abs(off) <= BALANCE:
            ion = solution.case.ion_names[border.row[b]]
            yield f"the amount of {ion} between nodes {border.first[b]} and {border.last[b]} is off by {off:.2e} of itself"


def _face_fluxes(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:
    """The flux through each face is that of the closed form, up to the round-off of its two parts."""
    flux, gross = discrete.face_fluxes
    for part in form.stretches:
        faces = slice(part.first, part.last)
        off = np.abs(flux[faces, part.ion] - part.flux)
        allowed = ACTIVITY * np.abs(part.flux) + _flux_rounding(discrete, part) * gross[faces, part.ion] + TINY
        worst = int(np.argmax(off / allowed))
        if not off[worst] <= allowed[worst]:
            size = float(off[worst] / gross[faces, part.ion][worst])
            yield (
                f"flux of {_where(solution, part.first + worst, part.ion)} is off by {float(off[worst]):.2e} from "
                f"{float(part.flux):.9g}, which is {size:.1e} of its parts"
            )


def _flux_rounding(discrete: Discrete, part: Stretch) -> float:
    """Round-off of a face's flux, of its two parts; elimination passes on that of the faces before it.

    The activities of the solution are exponentials of sums over the faces of the stretch, PER_FACE roundings each.
    """
    faces = part.last - part.first
    return _rounding(discrete, part.ion) * max(float(np.sqrt(faces)), faces * PER_FACE / ROUNDINGS)


def _fluxes(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:
    """The flux that is read from the state is that of the closed form."""
    names, scale = solution.case.ion_names, solution.problem.scales.flux
    # What a solution reports may be extrapolated from several meshes; the readings are those of its state.
    flux = getattr(solution, "readings", solution).flux
    crossing = {part.ion: part for part in form.stretches if part.gross_flux > 0 and _crosses(solution, part)}
    for ion, name in enumerate(names):
        expected = gross = 0.0
        if ion in crossing:
            part = crossing[ion]
            expected, gross = float(part.flux), _gross_of_nodes(discrete, part)
        found = flux[name] / scale
        # Where next to nothing flows, next to nothing must have been read.
        allowed = max(ACTIVITY * abs(expected) + _rounding(discrete, ion) * gross, TINY)
        if not abs(found - expected) <= allowed:
            yield f"read flux of {name} is {found:.9g}, not {expected:.9g} (round-off {allowed:.1e})"


def _crosses(solution: Solution, part: Stretch) -> bool:
    ends = all(isinstance(end, Reservoir) for end in (solution.case.left, solution.case.right))
    return ends and part.first == 0 and part.last == solution.problem.mesh.nodes - 1


def _gross_of_nodes(discrete: Discrete, part: Stretch) -> float:
    """Sum of a~ over the nodes, over R: what a mean of face fluxes is rounded by."""
    level = part.log_activity + discrete.valence[part.ion] * discrete.phi - part.log_scale
    return float(part.gross_flux * np.exp(level).sum())


# ---- potential ----------------------------------------------------------------------------------------------------


def _poisson(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:
    """Poisson's equation holds at each node, with the activities of the closed form and with those of the state."""
    # A potential is stored to EPSILON of itself or of RT/F, and its face makes a displacement of that.
    level = EPSILON * np.maximum(np.abs(discrete.phi), 1)
    stored = np.zeros(discrete.phi.size, dtype=np.longdouble)
    step = discrete.permittivity * (level[:-1] + level[1:])
    stored[:-1] += step
    stored[1:] += step
    for kind, concentration in (("closed-form", form.concentration), ("its own", discrete.concentration)):
        residual, gross = poisson(discrete, concentration)
        off = np.where(discrete.solves_poisson, np.abs(residual), 0)
        allowed = BALANCE * gross + ROUNDINGS * stored + TINY
        worst = int(np.argmax(off / allowed))
        change = 0.0 if off[worst] <= allowed[worst] else _change(discrete, form, residual)
        if not change <= POTENTIAL:
            yield (
                f"Poisson's equation with {kind} activities {_where(solution, worst)} is off by "
                f"{float(off[worst] / gross[worst]):.2e} of its terms, and asks for a change of {change:.2e} RT/F"
            )


def _change(discrete: Discrete, form: ClosedForm, residual: Reals) -> float:
    """Largest change of the potential [RT/F] that a residual asks for, each ion answering to that at its own place.

    Where hardly a charge is, such as in an ion-free layer without a field, noise of 1e-14 RT/F is as large as the terms of
    the equation.
    """
    free, permittivity = discrete.solves_poisson, discrete.permittivity
    matrix = np.zeros((2, free.size), dtype=np.longdouble)
    matrix[0, 1:] = np.where(free[1:] & free[:-1], -permittivity, 0)
    matrix[1] = np.where(free, _screening(discrete, form), 1)
    matrix[1, :-1] += np.where(free[:-1], permittivity, 0)
    matrix[1, 1:] += np.where(free[1:], permittivity, 0)
    # To unit diagonal, since the sizes may differ by more than a double holds.
    scale = np.sqrt(matrix[1])
    right = (np.where(free, residual, 0) / scale).astype(float)
    band = np.stack([matrix[0] / scale / np.concatenate([scale[:1], scale[:-1]]), np.ones(free.size)]).astype(float)
    try:
        return float(np.abs(solveh_banded(band, right) / scale).max())
    except (np.linalg.LinAlgError, ValueError):  # of a state that is far off
        return float("inf")


def _pockets(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:
    """Gauss's law around each pocket of trapped ions, whose potential hangs on its net charge alone.

    The sum of Poisson's equation over its nodes, in which the round-off of large and cancelling charges would hide a
    wrong potential of all of the pocket.  With the amounts of the closed form it is exact.
    """
    residual, _ = poisson(discrete, form.concentration)
    displacement = discrete.permittivity * np.abs(np.diff(discrete.phi))
    stored = ROUNDINGS * EPSILON * discrete.permittivity * max(float(np.abs(discrete.phi).max()), 1.0)
    screening = _screening(discrete, form)
    for first, last in _trapped(discrete, form):
        nodes = np.arange(first, last + 1)[discrete.solves_poisson[first : last + 1]]
        around = [face for face in (nodes[0] - 1, nodes[-1]) if 0 <= face < displacement.size]
        trapped, others = _gross_charges(discrete, form, slice(first, last))
        # What one RT/F more in the pocket would bring in: across its two faces, and by ions that are free.
        capacitance = _capacitance(discrete, screening, first, -1) + _capacitance(discrete, screening, last, 1) + others
        scale = capacitance + sum(displacement[face] for face in around)
        rounding = max(_rounding(discrete, ion) for ion in range(len(discrete.valence)))
        allowed = ACTIVITY * scale + sum(stored[face] for face in around) + rounding * trapped + TINY
        off = abs(residual[nodes].sum())
        if not off <= allowed:
            yield (
                f"net charge of the pocket from {_where(solution, first)} to {_where(solution, last)} is off by "
                f"{float(off / scale):.2e} of what is around it"
            )


def _screening(discrete: Discrete, form: ClosedForm) -> Reals:
    """(N,) charge that the ions at each node would gain per RT/F: sum of z^2 c times volume."""
    charge = (discrete.valence**2 * form.concentration).sum(axis=-1) * discrete.volume
    screening = np.zeros(discrete.phi.size, dtype=np.longdouble)
    screening[:-1] += charge[:, 0]
    screening[1:] += charge[:, 1]
    return screening


def _capacitance(discrete: Discrete, screening: Reals, edge: int, step: int) -> float:
    """Charge per RT/F that a pocket gains by one of its sides, at least (to a factor of two).

    The potential falls over so many faces from the edge that the displacement in them and the charge of the ions between
    make least: outward, or, from an edge at a given potential, inward, which is the capacitance of its Debye layer.
    """
    is_given = not discrete.solves_poisson[edge]
    nodes = np.arange(edge, discrete.phi.size if (step > 0) != is_given else -1, -step if is_given else step)
    faces = np.minimum(nodes[1:], nodes[:-1])
    given = np.flatnonzero(~discrete.solves_poisson[nodes[1:]])
    reach = int(given[0]) + 1 if given.size else faces.size
    gained = np.concatenate([np.zeros(1, dtype=np.longdouble), np.cumsum(screening[nodes[1:]])])
    costs = 1 / np.cumsum(1 / discrete.permittivity[faces[:reach]]) + gained[:reach]
    # With no potential given on this side, all of it may go along.
    every = gained[faces.size :] if not given.size else gained[:0]
    return float(np.concatenate([costs, every]).min())


def _trapped(discrete: Discrete, form: ClosedForm) -> list[tuple[int, int]]:
    """First and last node of the unions of overlapping stretches of trapped charged ions."""
    held = (part for part in form.stretches if part.is_trapped and discrete.valence[part.ion] != 0)
    ranges = sorted((part.first, part.last) for part in held if np.isfinite(part.log_activity[0]))
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if found and first < found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _gross_charges(discrete: Discrete, form: ClosedForm, faces: slice) -> tuple[Reals, Reals]:
    """Sum of the sizes of the ions' charges on some faces: of those trapped there, and of the others."""
    size = np.abs(discrete.valence) * form.concentration * discrete.volume[..., None]
    trapped = np.zeros(discrete.conductance.shape, dtype=bool)
    for part in form.stretches:
        trapped[part.first : part.last, part.ion] |= part.is_trapped
    charges = size[faces].sum(axis=1)
    return charges[trapped[faces]].sum(), charges[~trapped[faces]].sum()


# ---- borders ------------------------------------------------------------------------------------------------------


def _currents(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:
    """A floating end carries the current that it was given."""
    border = solution.problem.border
    _, gross = discrete.face_fluxes
    for b in np.flatnonzero(border.kind == CURRENT):
        crossing = [part for part in form.stretches if _crosses(solution, part)]
        current = sum((discrete.valence[part.ion] * part.flux for part in crossing), np.longdouble(0))
        sizes = sum(abs(float(discrete.valence[part.ion] * part.flux)) for part in crossing)
        rounding = sum(
            abs(float(discrete.valence[part.ion]))
            * _rounding(discrete, part.ion)
            * (float(gross[border.first[b], part.ion]) + float(part.gross_flux))
            for part in crossing
        )
        # What an allowed change of the floating potential makes; all that there is to go by where one ion alone passes.
        rounding += POTENTIAL * sum(
            float(discrete.valence[part.ion] ** 2) * float(part.gross_flux) for part in crossing
        )
        off = abs(float(current - np.longdouble(border.value[b])))
        if not off <= BALANCE * (sizes + abs(border.value[b])) + rounding:
            yield (
                f"net current is {float(current):.9g}, not {border.value[b]:.9g}: off by {off / (sizes + TINY):.1e} of its "
                f"ions' currents, allowed were {rounding / (sizes + TINY):.1e}"
            )


def _gates(solution: Solution, discrete: Discrete, form: ClosedForm) -> Iterator[str]:  # noqa: ARG001
    """A gate is open as far as its potential says."""
    border = solution.problem.border
    for b in np.flatnonzero(border.kind == GATING):
        voltage = discrete.phi[border.first[b]] - discrete.phi[border.last[b]]
        fraction = 1 / (1 + np.exp(-(voltage - border.value[b]) / border.slope[b]))
        if not abs(float(solution.gate[b] / fraction - 1)) <= BALANCE:
            yield f"gate {b} is {solution.gate[b]:.9g}, not {float(fraction):.9g}"
