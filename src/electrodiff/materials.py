"""What the layers of a case are made of, along x: partition coefficients, diffusivities, fixed charge, resistances.

Positions are measured from the left face of the layer [m].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from electrodiff.derived import once_per_case
from electrodiff.fields import Profile, in_rt
from electrodiff.ions import water_relative_permittivity
from electrodiff.layers import Gate, Layer
from electrodiff.model import Case
from electrodiff.pathways import pathway_permeabilities, with_permeabilities
from electrodiff.theory.activity import davies_coefficient
from electrodiff.theory.born import born_energy
from electrodiff.theory.circuit import boltzmann_gate
from electrodiff.units import GAS_CONSTANT

Floats = NDArray[np.float64]
FloatLike = float | Floats

# Points of the quadrature of a profile over a whole layer: between the points of a piecewise-linear profile, 32 Gauss
# points integrate an exponential of 30 kT to round-off (16 would leave 1e-6 of it).
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


@dataclass(frozen=True)
class Materials:
    """The numbers of all layers of a case with n ions."""

    valence: Floats
    """(n,) z"""
    thickness: Floats
    """(layers,) [m]"""
    relative_permittivity: Floats
    """(layers,)"""
    partition: Floats
    """(layers, n) beta, the largest of one that varies along its layer"""
    log_resistance: Floats
    """(layers, n) ln of the integral of dx / (D beta) [ln(s/m)]"""
    varying: tuple[tuple[int, int], ...]
    """Layer and row of every ion whose partition or diffusivity varies along the layer."""


@once_per_case
def materials_of(case: Case) -> Materials:
    """What all layers of a case are made of."""
    layers, ions = case.layers, case.ion_names
    return Materials(
        valence=np.array(case.valences, dtype=float),
        thickness=np.array([layer.thickness for layer in layers]),
        relative_permittivity=np.array([case.relative_permittivity(layer) for layer in layers]),
        partition=np.array([[largest_partition(case, layer, ion) for ion in ions] for layer in layers]),
        log_resistance=np.array([[log_resistance(case, layer, ion) for ion in ions] for layer in layers]),
        varying=tuple(
            (index, row) for index, layer in enumerate(layers) for row, ion in enumerate(ions) if varies(layer, ion)
        ),
    )


@once_per_case
def log_permeabilities(case: Case) -> dict[str, float | None]:
    """log10 of P = 1 / integral of dx / (D beta) in m/s, by "layer.ion"; None for an absent ion."""
    names = [f"{layer}.{ion}" for layer in case.layer_names for ion in case.ions]
    values = zip(names, materials_of(case).log_resistance.ravel().tolist(), strict=True)
    return {name: None if math.isinf(value) else -value / math.log(10) for name, value in values}


def diffusivity(case: Case, layer: Layer, ion: str, x: Floats) -> Floats:
    """D of an ion [m^2/s] at positions in a layer."""
    return _at(_given_diffusivity(case, layer, ion), x)


def partition(case: Case, layer: Layer, ion: str, x: Floats) -> Floats:
    """beta of an ion at positions in a layer: activity coefficients of water included, exp(-W/RT) of an energy W."""
    uniform = uniform_energy(case, layer, ion)
    return np.exp(-energy(case, layer, ion, x)) if uniform is None else np.full(x.shape, math.exp(-uniform))


def energy(case: Case, layer: Layer, ion: str, x: Floats) -> Floats:
    """-ln beta of an ion at positions in a layer: its standard free energy relative to water [RT]; infinite if absent."""
    uniform = uniform_energy(case, layer, ion)
    if uniform is not None:
        return np.full(x.shape, uniform)
    if ion in layer.barrier:
        given = layer.barrier[ion]
        return _barrier_profile(case, given).at(x)
    return -np.log(_at((layer.partition or {})[ion], x))


def uniform_energy(case: Case, layer: Layer, ion: str) -> float | None:
    """-ln beta of an ion in a layer [RT], infinite if it is absent; None if it is a profile.

    With pathways beside the lipid, that of a uniform layer of the same permeability: beta = beta_lipid + sum P d / D.
    """
    own = _own_energy(case, layer, ion)
    beside = math.fsum(beside_lipid(case, layer, ion).values())
    return own if own is None or beside == 0 else _minus_log(math.exp(-own) + beside * _resistance(case, layer, ion))


def beside_lipid(case: Case, layer: Layer, ion: str) -> dict[str, float]:
    """P [m/s] of each pathway of a layer that lets an ion pass, by the name of the pathway."""
    if not case.pathways:
        return {}
    return pathway_permeabilities(case, layer, ion, lambda *of: lipid_permeance(case, *of))


class Gated(NamedTuple):
    """A part of the permeability of a layer to an ion that a gate opens and closes."""

    gate: Gate
    share: float
    """Of the whole permeability with all gates open."""
    rest: float
    """The share that no gate opens and closes; exactly 0 without one."""


def gates(case: Case, layer: Layer, ion: str) -> dict[str, Gated]:
    """The gates on a layer's permeability to an ion, by their names (see `Case.gate_names`)."""
    by_pathway = {pathway.name: pathway for pathway in case.pathways}
    if ion not in layer.gating and not by_pathway:
        return {}
    parts = {layer.name: lipid_permeance(case, layer, ion), **beside_lipid(case, layer, ion)}
    gate = {name: by_pathway[name].gating for name in parts if name in by_pathway} | {layer.name: layer.gating.get(ion)}
    whole = math.fsum(parts.values())
    # What is blocked altogether has its gates still; they share nothing.
    shares = {name: part / whole if whole > 0 else 1.0 for name, part in parts.items()}
    rest = math.fsum(share for name, share in shares.items() if gate[name] is None) if whole > 0 else 0.0
    return {f"{name}.{ion}": Gated(each, shares[name], rest) for name, each in gate.items() if each is not None}


def open_part(case: Case, layer: Layer, ion: str, voltage: FloatLike) -> FloatLike:
    """The part of a layer's permeability to an ion that its gates leave at a voltage across it [V]."""
    found = list(gates(case, layer, ion).values())
    if not found:
        return 1.0
    opened = [each.share * boltzmann_gate(voltage, each.gate.half_potential, each.gate.slope) for each in found]
    return found[0].rest + sum(opened)


def resolved(case: Case) -> Case:
    """The case with the permeabilities of its pathways instead of their conductances."""
    return with_permeabilities(case, lambda *of: lipid_permeance(case, *of))


def lipid_permeance(case: Case, layer: Layer, ion: str) -> float:
    """P [m/s] of a layer without its pathways; 0 if the ion cannot enter the lipid."""
    own = _own_energy(case, layer, ion)
    return permeance(case, layer, ion) if own is None else math.exp(-own) / _resistance(case, layer, ion)


def _resistance(case: Case, layer: Layer, ion: str) -> float:
    """Integral of dx / D over a layer [s/m]."""
    given = _given_diffusivity(case, layer, ion)
    return (
        _integral(lambda at: 1 / _at(given, at), layer, (given,))
        if isinstance(given, Profile)
        else layer.thickness / given
    )


def _own_energy(case: Case, layer: Layer, ion: str) -> float | None:
    """-ln beta of an ion in the lipid of a layer [RT]; see `uniform_energy`."""
    if ion in layer.barrier:
        barrier = layer.barrier[ion]
        return None if isinstance(barrier, Profile) else in_rt(barrier, case.temperature)
    if ion in layer.born_radius:
        water = water_relative_permittivity(case.temperature)
        permittivity = case.relative_permittivity(layer)
        born = born_energy(case.valence(ion), layer.born_radius[ion], permittivity, water)
        return float(born) / (GAS_CONSTANT * case.temperature)
    if ion in layer.permeability:
        # P = 1 / integral of dx / (D beta), so that beta = P times the integral of dx / D
        return _minus_log(layer.permeability[ion] * _resistance(case, layer, ion))
    if layer.partition is not None:
        beta = layer.partition[ion]
        return None if isinstance(beta, Profile) else _minus_log(beta)
    return math.log(activity_coefficient(case, layer, ion))


def largest_partition(case: Case, layer: Layer, ion: str) -> float:
    """The largest beta of an ion in a layer; 0 if it is absent."""
    uniform = uniform_energy(case, layer, ion)
    if uniform is not None:
        return math.exp(-uniform)
    return float(partition(case, layer, ion, _knots(layer, _profiles(layer, ion))).max())


def varies(layer: Layer, ion: str) -> bool:
    """Whether the partition or the diffusivity of an ion varies along a layer."""
    return any(isinstance(given, Profile) for given in (*_profiles(layer, ion), layer.diffusivity.get(ion)))


def fixed_charge(layer: Layer, x: Floats) -> Floats:
    """X [mol/m^3 of elementary charges] at positions in a layer, unless the layer has a `total_fixed_charge`."""
    return _at(layer.fixed_charge, x)


def initial(layer: Layer, ion: str, x: Floats) -> Floats:
    """Concentration of an ion at the start [mol/m^3] at positions in a layer."""
    return _at(layer.initial.get(ion, 0.0), x)


def log_resistance(case: Case, layer: Layer, ion: str) -> float:
    """ln of the integral of dx / (D beta) over a layer [ln(s/m)]; infinite if the ion is absent.

    As a logarithm, since a barrier may make beta smaller than any number.
    """
    uniform, given = uniform_energy(case, layer, ion), _given_diffusivity(case, layer, ion)
    if uniform is not None and not isinstance(given, Profile):
        return uniform + math.log(layer.thickness / given)
    if uniform == math.inf:
        return math.inf
    profiles = (*_profiles(layer, ion), given)

    def logarithm(at: Floats) -> Floats:
        return energy(case, layer, ion, at) - np.log(_at(given, at))

    peak = float(logarithm(_knots(layer, profiles)).max())
    return peak + math.log(_integral(lambda at: np.exp(logarithm(at) - peak), layer, profiles))


def permeance(case: Case, layer: Layer, ion: str) -> float:
    """P = 1 / integral of dx / (D beta) [m/s] of a layer for an ion; 0 if it is absent."""
    return math.exp(-log_resistance(case, layer, ion))


def most_resistive_layer(case: Case, mean_areas: Sequence[float]) -> int:
    """Index of the layer with the smallest ohmic conductance sum z^2 P c A, c the sum of the reservoirs' concentrations.

    mean_areas: for each layer, its thickness over the integral of dx/A.
    """
    own = materials_of(case)
    baths = [list(case.concentrations("left").values()), list(case.concentrations("right").values())]
    conductance = np.exp(-own.log_resistance) @ (own.valence**2 * np.sum(baths, axis=0)) * np.array(mean_areas)
    return int(np.argmin(conductance))


def activity_coefficient(case: Case, layer: Layer, ion: str) -> float:
    """gamma of an ion in a layer of water, at the ionic strength of the nearer reservoir; 1 unless the case says more."""
    if case.activity is None:
        return 1.0
    side = nearer_reservoir(case, case.layers.index(layer))
    return reservoir_activity_coefficient(case, side, ion) if side else 1.0


def reservoir_activity_coefficient(case: Case, side: str, ion: str) -> float:
    """gamma of an ion in a reservoir; 1 unless the case has an `activity` model."""
    if case.activity is None:
        return 1.0
    concentrations = case.concentrations("left" if side == "left" else "right")
    strength = sum(case.valence(other) ** 2 * c for other, c in concentrations.items()) / 2
    water = water_relative_permittivity(case.temperature)
    return float(davies_coefficient(case.valence(ion), strength, water, case.temperature))


def nearer_reservoir(case: Case, index: int) -> str:
    """The end whose reservoir a layer of water belongs to; empty if there is none."""
    sides = [side for side in ("left", "right") if getattr(case, side).kind == "reservoir"]
    if len(sides) < 2:
        return sides[0] if sides else ""
    # Water on either side of the first layer that is not water belongs to that side.
    others = [number for number, layer in enumerate(case.layers) if layer.partition_tables]
    border = others[0] if others else len(case.layers) / 2
    return "left" if index < border else "right"


def _barrier_profile(case: Case, given: float | Profile) -> Profile:
    """W/RT along a layer."""
    if not isinstance(given, Profile):
        return Profile((0.0,), (in_rt(given, case.temperature),))
    return Profile(given.x, tuple(in_rt(value, case.temperature) for value in given.value))


def _minus_log(beta: float) -> float:
    return -math.log(beta) if beta > 0 else math.inf


def _given_diffusivity(case: Case, layer: Layer, ion: str) -> float | Profile:
    given = layer.diffusivity.get(ion)
    return case.free_diffusivity(ion) if given is None else given


def _at(given: float | Profile, x: Floats) -> Floats:
    return given.at(x) if isinstance(given, Profile) else np.full(x.shape, given)


def _profiles(layer: Layer, ion: str) -> tuple[float | Profile | None, ...]:
    """What beta of an ion may follow along a layer."""
    return layer.barrier.get(ion), (layer.partition or {}).get(ion)


def _knots(layer: Layer, profiles: tuple[float | Profile | None, ...]) -> Floats:
    """The faces of a layer and the points of its profiles, in order: where a monotone function of them is largest."""
    inner = [x for profile in profiles if isinstance(profile, Profile) for x in profile.x if 0 < x < layer.thickness]
    return np.unique([0.0, *inner, layer.thickness])


def _integral(
    function: Callable[[Floats], Floats], layer: Layer, profiles: tuple[float | Profile | None, ...]
) -> float:
    """Integral over a layer of a function that is smooth between the points of the profiles."""
    knots = _knots(layer, profiles)
    half = np.diff(knots)[:, None] / 2
    x = knots[:-1, None] + half * (1 + _NODES)
    values = function(x.ravel()).reshape(x.shape)
    return float((half * _WEIGHTS * values).sum())
