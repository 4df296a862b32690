"""The regime report of a case, as a record and as the object that `check --json` prints."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import electrodiff
from electrodiff.membrane import Membrane
from electrodiff.model import Case
from electrodiff.regime import conductances, living, matter_limits, membrane_limits, scales, solution_limits
from electrodiff.regime.records import Face, LayerScales, Limit, Living, Regime
from electrodiff.regime.scene import Scene
from electrodiff.units import thermal_voltage

# In the order of the report: models of the membrane, of the solutions, and what all of them take for granted.
_LIMITS = (
    membrane_limits.one_permeant_ion,
    membrane_limits.constant_field,
    membrane_limits.even_resistance,
    membrane_limits.electroneutral_membrane,
    membrane_limits.henderson,
    living.no_pump_current,
    living.refilled_leak,
    living.balance,
    membrane_limits.resistive_membrane,
    solution_limits.bulk_faces,
    conductances.linear_conductances,
    membrane_limits.capacitor,
    solution_limits.gouy_chapman,
    solution_limits.debye_hueckel,
    solution_limits.donnan,
    solution_limits.electroneutral_bulk,
    matter_limits.point_ions,
    matter_limits.ideal_solution,
    matter_limits.continuum,
)


def case_regime(case: Case) -> Regime:
    """Lengths, times, dimensionless groups and limits of a case, from closed forms; nothing is solved."""
    scene = Scene(case)
    interior = scene.interior
    is_slab = interior is not None and not interior.membrane.is_junction
    return Regime(
        case=case,
        membrane=scene.membrane,
        limits=tuple(_named(limit, scene) for limit in (find(scene) for find in _LIMITS) if limit is not None),
        layers=scales.layer_scales(scene),
        faces=scene.faces,
        times=scales.times(scene),
        voltage=None if interior is None else interior.voltage,
        has_donnan_steps=interior is not None and any(interior.shifts),
        main_ion=None if scene.junction is None else conductances.main_ion(scene.junction),
        membrane_conductance=scales.membrane_conductance(scene),
        bath_conductances=scales.bath_conductances(scene),
        capacitance=interior.capacitance if interior is not None and is_slab else None,
        groups=scales.groups(scene),
        neutrality=scales.neutrality(scene),
        living=living.expected_life(scene),
    )


def _named(limit: Limit, scene: Scene) -> Limit:
    """The limit with a junction called so, where its reason has the word for all that ions cross."""
    if scene.membrane is None or not scene.membrane.is_junction:
        return limit
    texts = (limit.title, limit.because, limit.short)
    title, because, short = (text.replace("membrane", "junction") for text in texts)
    return replace(limit, title=title, because=because, short=short)


def regime_summary(regime: Regime) -> dict[str, Any]:
    """The object that `check --json` prints: all of the report, in SI units; null for what is not defined."""
    left, right = regime.bath_conductances
    return {
        "title": regime.case.title,
        "temperature_K": regime.case.temperature,
        "thermal_voltage_V": thermal_voltage(regime.case.temperature),
        "membrane": _membrane(regime.membrane),
        "membrane_potential_V": regime.voltage,
        "layers": [_layer(layer) for layer in regime.layers],
        "faces": [_face(face) for face in regime.faces],
        "times_s": vars(regime.times) if regime.times is not None else None,
        "conductance_S_m2": {"membrane": regime.membrane_conductance, "left_bath": left, "right_bath": right},
        "capacitance_F_m2": regime.capacitance,
        "groups": {group.name: _finite(group.value) for group in regime.groups},
        "neutrality": {
            each.side: {"net_charge": each.net, "balanced_by": each.balancing} for each in regime.neutrality
        },
        "living": None if regime.living is None else _living(regime.living),
        "limits": [_limit(limit) for limit in regime.limits],
        "version": electrodiff.__version__,
    }


def _membrane(membrane: Membrane | None) -> dict[str, Any] | None:
    if membrane is None:
        return None
    return {
        "layers": [layer.name for layer in membrane.layers],
        "thickness_m": membrane.thickness,
        "relative_permittivity": membrane.relative_permittivity,
        "permeability_m_s": membrane.permeability,
        "fixed_charge_mol_m3": membrane.fixed_charge,
    }


def _layer(layer: LayerScales) -> dict[str, Any]:
    left, right = map(_finite, layer.debye_lengths)
    return {
        "name": layer.name,
        "thickness_m": layer.thickness,
        "relative_permittivity": layer.relative_permittivity,
        "debye_length_left_m": left,
        "debye_length_right_m": right,
        "thickness_over_debye_length": layer.thickness_over_debye_length,
        "slowest_ion": layer.slowest,
        "diffusion_time_s": layer.diffusion_time,
        "debye_time_s": layer.debye_time,
    }


def _face(face: Face) -> dict[str, Any]:
    return {
        "name": face.name,
        "layer": face.layer,
        "surface_charge_C_m2": face.surface_charge,
        "facing_charge_C_m2": face.facing_charge,
        "gouy_chapman_length_m": _finite(face.gouy_chapman_length),
        "potential_V": face.potential,
    }


def _living(found: Living) -> dict[str, Any]:
    return {
        "inside_mol_m3": found.inside,
        "outside_mol_m3": found.outside,
        "membrane_potential_V": found.voltage,
        "resting_potential_V": found.resting_potential,
        "without_pump_current_V": found.without_pump,
        "mullins_noda_V": found.mullins_noda,
        "rate_mol_m2_s": found.rates,
        "pump_current_A_m2": found.pump_current,
        "leak_current_A_m2": found.leak_current,
        "pumped_current_A_m2": found.pumped_current,
        "run_down_s": found.run_down,
        "run_down_ion": found.run_down_ion,
        "no_steady_state": found.unsteady,
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return {"name": limit.name, "title": limit.title, "outlook": limit.outlook, "because": limit.because}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: what is not defined is null."""
    return None if value is None or not math.isfinite(value) else value
