"""A first guess that needs no solve."""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.problem import Problem
from electrodiff.grid.scales import layer_debye_length
from electrodiff.model import Case


def first_guess(problem: Problem) -> Floats:
    """State (N, m) that falls from one reservoir to the other within each layer as resistances in series would.

    The voltage is shared by the layers like one over a row of capacitors, each min(thickness, Debye length) thick; the
    activity of an ion like a diffusing one's, each layer with thickness / (D beta), infinite where it is absent.
    """
    case, mesh, chain = problem.case, problem.mesh, problem.chain
    n = len(case.ions)
    left, right = chain.target[0].copy(), chain.target[-1].copy()
    if case.left.is_floating:
        left[n] += floating_guess(case)
    if case.right.is_floating:
        right[n] += left[n] - floating_guess(case)
    state = np.empty((mesh.nodes, n + 1))
    dielectric = [
        min(layer.thickness, layer_debye_length(case, layer)) / case.relative_permittivity(layer)
        for layer in case.layers
    ]
    state[:, n] = _between(left[n], right[n], _progress(problem, np.array(dielectric)))
    for i, ion in enumerate(case.ions):
        resistance = np.array([_resistance(case, layer, ion) for layer in range(len(case.layers))])
        reservoirs = [case.concentrations(side)[ion] / problem.scales.concentration for side in ("left", "right")]
        state[:, i] = _between(*reservoirs, _progress(problem, resistance))
    pinned = chain.free == 0
    state[pinned] = chain.target[pinned]
    state[0, n], state[-1, n] = left[n], right[n]
    return state


def floating_guess(case: Case) -> float:
    """Membrane potential [RT/F] by one Newton step from 0 V on the total GHK current.

    V = - sum z P (c_left - c_right) / sum z^2 P (c_left + c_right)/2,    1/P = sum over layers of d / (D beta)
    """
    current = slope = 0.0
    left, right = case.concentrations("left"), case.concentrations("right")
    for ion in case.ions:
        if case.crosses(ion):
            z = case.valence(ion)
            permeability = 1 / sum(_resistance(case, layer, ion) for layer in range(len(case.layers)))
            current += z * permeability * (left[ion] - right[ion])
            slope += z**2 * permeability * (left[ion] + right[ion]) / 2
    return -current / slope if slope > 0 else 0.0


def _resistance(case: Case, index: int, ion: str) -> float:
    """d / (D beta) [s/m] of a layer for an ion."""
    layer = case.layers[index]
    conductance = case.diffusivity(layer, ion) * case.partition(layer, ion)
    return layer.thickness / conductance if conductance > 0 else np.inf


def _between(left: float, right: float, progress: Floats) -> Floats:
    """From left to right, exact at both ends: an ion absent on one side starts from 0 there, not from round-off."""
    return (1 - progress) * left + progress * right


def _progress(problem: Problem, share: Floats) -> Floats:
    """(N,) fraction of the way from left to right at each node when each layer takes `share` of it, evenly inside.

    A layer with an infinite share takes all of it.
    """
    mesh = problem.mesh
    if np.isinf(share).any():
        share = np.isinf(share).astype(float)
    thickness = np.array([layer.thickness for layer in problem.case.layers])
    step = (share / share.sum() / thickness)[mesh.layer] * np.diff(mesh.x)
    return np.minimum(np.concatenate([[0.0], np.cumsum(step)]), 1.0)
