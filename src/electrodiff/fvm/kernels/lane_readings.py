"""What the states of problems in lanes say: fluxes, charges, potentials, and whether the activities are right."""

from __future__ import annotations

from typing import Any

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.compiler import kernel, kernel_part
from electrodiff.fvm.kernels.lanes import Lanes, Stacks, next_ion
from electrodiff.fvm.kernels.scratch import borrowed
from electrodiff.fvm.kernels.vectors import fill, larger, load, size_of, store, where_less

# An activity counts as no smaller than this many times that below which Newton's changes are not relative to it.
NEGLIGIBLE = 10.0

_INFINITY = float("inf")

# Lines of a table of readings, before the charges of the layers and the potentials of their boundaries.
DEVIATION = 0  # largest relative deviation of an activity from its closed form
IONS = 1  # flux of each ion, then its unidirectional flux


@kernel_part
def largest_deviation(
    lanes: Lanes,
    i: int,
    stride: int,
    state: Floats,
    least: Floats,
    factor: Floats,
    resistance: Floats,
    passed: Floats,
) -> Any:
    """Largest difference of the activity of ion i from its closed form, relative to it or to `least` (LANES,).

    `factor` (N, n, LANES) is e^(z phi), `resistance` (N-1, n, LANES) r, and `passed` (N, n, LANES) the sum of r to the left
    of a node.  Nodes where the ion is absent do not count.
    """
    nodes = state.shape[0]
    first, last = load(state[0, i]) * load(factor[0, i]), load(state[nodes - 1, i]) * load(factor[nodes - 1, i])
    whole = load(passed[nodes - 1, i])
    deviation, total, rest = fill(0.0), fill(0.0), fill(0.0)
    at_right = True
    for k in range(nodes - 2, 0, -1):
        expected = first
        if lanes.crosses[i] > 0.0:
            rest += load(resistance[k, i])
            expected = (first * rest + last * load(passed[k, i])) / whole
        elif lanes.free[k * stride, i] == 0.0:
            at_right = False
            continue
        elif at_right:
            expected = last
        expected = expected / load(factor[k, i])
        part = size_of(load(state[k, i]) - expected) / larger(expected, load(least))
        deviation = larger(deviation, part)
        total += part
    # What is not a number is not larger than anything, but the sum is not less than infinity then.
    return where_less(total, _INFINITY, deviation, _INFINITY)


@kernel_part
def add_resistances(
    valence: tuple[float, ...],
    resistivity: Floats,
    width: Floats,
    step: Floats,
    factor: Floats,
    passed: Floats,
    out_resistance: Floats,
    out_factor: Floats,
    out_passed: Floats,
) -> None:
    """r of every ion (n, LANES) on a face with the potential difference `step`; e^(z phi) and the sum of r at its right."""
    last = 0.0
    gain, back, over, share = fill(1.0), fill(1.0), fill(1.0), fill(0.5)
    for i in range(len(valence)):
        z = valence[i]
        gain, back, over, share = next_ion(z, last, load(step), gain, back, over, share)
        last = z
        # 1 / B(u) = e^u / B(-u)
        after = load(factor[i]) * back
        own = after * over * (load(resistivity[i]) * load(width))
        store(own, out_resistance[i])
        store(load(passed[i]) + own, out_passed[i])
        store(after, out_factor[i])


@kernel
def read_lanes(
    all_lanes: Lanes,
    stacks: Stacks,
    g: int,
    c: int,
    stride: int,
    widths: Floats,
    states: Floats,
    memory: tuple[Floats, Floats, Floats, Floats],
    out_table: Floats,
) -> None:
    """What the state of each lane says, as lines of `out_table` (1 + 2 n + 2 layers + 1, LANES).

    The flux of an ion is (w(first) - w(last)) / R, w = a e^(z phi) and R the sum of r = e^(z phi(left)) / (D beta A/h B(u))
    over the faces, phi counted from the left end; its unidirectional flux is the larger of w(first)/R and w(last)/R.  In
    steady state w falls from node to node by r times the flux, which is the closed form of the activities: both sums of r
    beside a node have positive terms only, so that it is right to round-off whatever a barrier does.  It is looked at on
    the finest mesh.  An ion that some layer keeps out has no flux; its sums are not used.

    `memory`: (N, n, LANES) three times, and (2, LANES).
    """
    lanes, width, state, table = borrowed(all_lanes), borrowed(widths), borrowed(states), borrowed(out_table)
    valence = lanes.valence
    n = len(valence)
    nodes = state.shape[0]
    factor, passed, resistance, vectors = borrowed(memory)
    step, least = vectors[0], vectors[1]
    resistivity = borrowed(stacks.resistivity[g, c])
    store(NEGLIGIBLE * load(stacks.floor[g, c]), least)
    factor[0] = 1.0
    passed[0] = 0.0
    for k in range(nodes - 1):
        layer = lanes.layer[k * stride]
        store(load(state[k + 1, n]) - load(state[k, n]), step)
        add_resistances(
            valence,
            resistivity[layer],
            width[k],
            step,
            factor[k],
            passed[k],
            resistance[k],
            factor[k + 1],
            passed[k + 1],
        )
    deviation = fill(0.0)
    for i in range(n):
        if stride == 1:
            own = largest_deviation(lanes, i, stride, state, least, factor, resistance, passed)
            deviation = larger(deviation, own)
        first, last = load(state[0, i]), load(state[nodes - 1, i]) * load(factor[nodes - 1, i])
        crosses, whole = lanes.crosses[i], load(passed[nodes - 1, i])
        store(crosses * (first - last) / whole, table[IONS + i])
        store(crosses * larger(first, last) / whole, table[IONS + n + i])
    store(deviation, table[DEVIATION])
    read_layers(lanes, stacks, g, c, stride, width, state, table[IONS + 2 * n :])


@kernel
def read_layers(
    all_lanes: Lanes, stacks: Stacks, g: int, c: int, stride: int, widths: Floats, states: Floats, out_table: Floats
) -> None:
    """The charge of every layer and the potential of every boundary, as lines of `out_table` (2 layers + 1, LANES)."""
    lanes, width, state, table = borrowed(all_lanes), borrowed(widths), borrowed(states), borrowed(out_table)
    partition, fixed_charge = borrowed(stacks.partition[g, c]), borrowed(stacks.fixed_charge[g, c])
    valence = lanes.valence
    n = len(valence)
    layers = stacks.permittivity.shape[2]
    for line in range(layers):
        store(fill(0.0), table[line])
    store(load(state[0, n]), table[layers])
    for k in range(state.shape[0] - 1):
        layer = lanes.layer[k * stride]
        half_width = 0.5 * load(width[k])
        charge = 2.0 * load(fixed_charge[layer])
        for i in range(n):
            both = load(state[k, i]) + load(state[k + 1, i])
            charge += valence[i] * load(partition[layer, i]) * both
        store(load(table[layer]) + half_width * charge, table[layer])
        store(load(state[k + 1, n]), table[layers + 1 + layer])
