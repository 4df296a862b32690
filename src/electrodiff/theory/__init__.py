"""Closed forms and reduced models: pure functions in SI units, independent of the solver.

The public names are imported when they are first used, as those of `electrodiff`: the solver, which needs a few of them,
and `import electrodiff.theory` then load no more than they need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# A name must not be that of a module: importing the module would hide it.
_HOME = {
    "Channel": "circuit",
    "DonnanEquilibrium": "donnan",
    "GhkLeak": "pump_leak",
    "GhkSlab": "ghk_layers",
    "LinearLeak": "pump_leak",
    "PlanckLayer": "planck",
    "PlanckProfiles": "planck",
    "PumpLeakBath": "pump_leak",
    "PumpLeakCell": "pump_leak",
    "PumpLeakFluxes": "pump_leak",
    "PumpLeakState": "pump_leak",
    "PumpLeakTransient": "pump_leak_dynamics",
    "SlabDrops": "capacitor",
    "SodiumPump": "pump_leak",
    "SurfaceExcess": "double_layer_excess",
    "access_resistance": "channels",
    "atp_free_energy": "energetics",
    "atp_rate_from_leak": "energetics",
    "atp_rate_from_pump_current": "energetics",
    "bernoulli": "ghk",
    "bikerman_capacitance": "steric",
    "bikerman_charge": "steric",
    "bikerman_packing": "steric",
    "boltzmann_gate": "circuit",
    "boltzmann_gate_slope": "circuit",
    "born_energy": "born",
    "channel_conductance": "channels",
    "channel_noise": "channels",
    "circuit_current": "circuit",
    "circuit_resting_potential": "circuit",
    "circuit_resting_potential_chord": "circuit",
    "circuit_resting_potentials": "circuit",
    "circuit_slope_conductance": "circuit",
    "cylinder_charge": "charging",
    "cylinder_charging_fraction": "charging",
    "cylinder_charging_ions": "charging",
    "davies_coefficient": "activity",
    "debye_hueckel_charge_density": "double_layer",
    "debye_hueckel_constant": "activity",
    "debye_length": "double_layer",
    "diffuse_layer_capacitance": "double_layer",
    "diffuse_layer_capacitance_mixture": "double_layer_capacitance",
    "dissipation": "energetics",
    "donnan_equilibrium": "donnan",
    "donnan_potential": "donnan",
    "donnan_potential_symmetric": "donnan",
    "driving_force": "nernst",
    "electrochemical_potential_difference": "nernst",
    "gating_shift": "channels",
    "ghk_conductance_chord": "ghk_conductance",
    "ghk_conductance_equilibrium": "ghk_conductance",
    "ghk_conductance_slope": "ghk_conductance",
    "ghk_current": "ghk",
    "ghk_flux": "ghk",
    "ghk_flux_from_faces": "ghk",
    "ghk_permeability_from_chord": "ghk_conductance",
    "ghk_permeability_from_equilibrium": "ghk_conductance",
    "ghk_permeability_from_slope": "ghk_conductance",
    "ghk_pump_ceiling": "ghk",
    "ghk_reversal_potential": "ghk",
    "ghk_slab": "ghk_layers",
    "ghk_slab_reversal_potential": "ghk_layers",
    "ghk_voltage": "ghk",
    "ghk_voltage_pumped": "ghk",
    "gouy_chapman_charge_density": "double_layer",
    "gouy_chapman_length": "double_layer",
    "gouy_chapman_potential": "double_layer",
    "grahame_charge": "double_layer",
    "grahame_charge_symmetric": "double_layer",
    "grahame_potential": "double_layer",
    "grahame_potential_mixture": "double_layer",
    "henderson_potential": "junction",
    "image_energy": "born",
    "ionic_strength": "double_layer",
    "leak_likeness": "circuit",
    "leak_likeness_boltzmann": "circuit",
    "lewis_sargent_potential": "junction",
    "nernst_potential": "nernst",
    "nernst_slope_inside": "nernst",
    "nernst_slope_log": "nernst",
    "nernst_slope_outside": "nernst",
    "open_probability": "channels",
    "planck_layer": "planck",
    "planck_monovalent_flux": "planck",
    "planck_monovalent_potential": "planck",
    "planck_potential": "planck",
    "planck_single_salt_potential": "junction",
    "pore_permeability": "channels",
    "pore_resistance": "channels",
    "pump_efficiency": "energetics",
    "pump_free_energy": "energetics",
    "pump_leak_atp_rate": "pump_leak",
    "pump_leak_donnan": "pump_leak_dynamics",
    "pump_leak_eigenvalues": "pump_leak_dynamics",
    "pump_leak_fluxes": "pump_leak",
    "pump_leak_state": "pump_leak",
    "pump_leak_steady": "pump_leak_dynamics",
    "pump_leak_steady_linear": "pump_leak_dynamics",
    "pump_leak_transient": "pump_leak_dynamics",
    "pump_voltage_contribution": "pump_leak",
    "saturation": "transport",
    "series_capacitance": "capacitor",
    "slab_capacitance": "capacitor",
    "slab_charge": "capacitor",
    "slab_energy": "capacitor",
    "slab_field": "capacitor",
    "slab_partition": "born",
    "slab_with_debye_layers_capacitance": "capacitor",
    "slab_with_double_layers_capacitance": "capacitor",
    "slab_with_double_layers_charge": "capacitor",
    "slab_with_double_layers_drops": "capacitor",
    "sphere_charge": "charging",
    "sphere_charging_fraction": "charging",
    "sphere_charging_ions": "charging",
    "stern_diffuse_capacitance": "double_layer_capacitance",
    "stern_diffuse_potential": "double_layer_capacitance",
    "surface_excess": "double_layer_excess",
    "surface_excess_symmetric": "double_layer_excess",
    "surface_potential_stern": "channels",
    "teorell_meyer_sievers_potential": "donnan",
    "transport_affinity": "transport",
}

if TYPE_CHECKING:
    from electrodiff.theory.activity import davies_coefficient as davies_coefficient
    from electrodiff.theory.activity import debye_hueckel_constant as debye_hueckel_constant
    from electrodiff.theory.born import born_energy as born_energy
    from electrodiff.theory.born import image_energy as image_energy
    from electrodiff.theory.born import slab_partition as slab_partition
    from electrodiff.theory.capacitor import SlabDrops as SlabDrops
    from electrodiff.theory.capacitor import series_capacitance as series_capacitance
    from electrodiff.theory.capacitor import slab_capacitance as slab_capacitance
    from electrodiff.theory.capacitor import slab_charge as slab_charge
    from electrodiff.theory.capacitor import slab_energy as slab_energy
    from electrodiff.theory.capacitor import slab_field as slab_field
    from electrodiff.theory.capacitor import slab_with_debye_layers_capacitance as slab_with_debye_layers_capacitance
    from electrodiff.theory.capacitor import slab_with_double_layers_capacitance as slab_with_double_layers_capacitance
    from electrodiff.theory.capacitor import slab_with_double_layers_charge as slab_with_double_layers_charge
    from electrodiff.theory.capacitor import slab_with_double_layers_drops as slab_with_double_layers_drops
    from electrodiff.theory.channels import access_resistance as access_resistance
    from electrodiff.theory.channels import channel_conductance as channel_conductance
    from electrodiff.theory.channels import channel_noise as channel_noise
    from electrodiff.theory.channels import gating_shift as gating_shift
    from electrodiff.theory.channels import open_probability as open_probability
    from electrodiff.theory.channels import pore_permeability as pore_permeability
    from electrodiff.theory.channels import pore_resistance as pore_resistance
    from electrodiff.theory.channels import surface_potential_stern as surface_potential_stern
    from electrodiff.theory.charging import cylinder_charge as cylinder_charge
    from electrodiff.theory.charging import cylinder_charging_fraction as cylinder_charging_fraction
    from electrodiff.theory.charging import cylinder_charging_ions as cylinder_charging_ions
    from electrodiff.theory.charging import sphere_charge as sphere_charge
    from electrodiff.theory.charging import sphere_charging_fraction as sphere_charging_fraction
    from electrodiff.theory.charging import sphere_charging_ions as sphere_charging_ions
    from electrodiff.theory.circuit import Channel as Channel
    from electrodiff.theory.circuit import boltzmann_gate as boltzmann_gate
    from electrodiff.theory.circuit import boltzmann_gate_slope as boltzmann_gate_slope
    from electrodiff.theory.circuit import circuit_current as circuit_current
    from electrodiff.theory.circuit import circuit_resting_potential as circuit_resting_potential
    from electrodiff.theory.circuit import circuit_resting_potential_chord as circuit_resting_potential_chord
    from electrodiff.theory.circuit import circuit_resting_potentials as circuit_resting_potentials
    from electrodiff.theory.circuit import circuit_slope_conductance as circuit_slope_conductance
    from electrodiff.theory.circuit import leak_likeness as leak_likeness
    from electrodiff.theory.circuit import leak_likeness_boltzmann as leak_likeness_boltzmann
    from electrodiff.theory.donnan import DonnanEquilibrium as DonnanEquilibrium
    from electrodiff.theory.donnan import donnan_equilibrium as donnan_equilibrium
    from electrodiff.theory.donnan import donnan_potential as donnan_potential
    from electrodiff.theory.donnan import donnan_potential_symmetric as donnan_potential_symmetric
    from electrodiff.theory.donnan import teorell_meyer_sievers_potential as teorell_meyer_sievers_potential
    from electrodiff.theory.double_layer import debye_hueckel_charge_density as debye_hueckel_charge_density
    from electrodiff.theory.double_layer import debye_length as debye_length
    from electrodiff.theory.double_layer import diffuse_layer_capacitance as diffuse_layer_capacitance
    from electrodiff.theory.double_layer import gouy_chapman_charge_density as gouy_chapman_charge_density
    from electrodiff.theory.double_layer import gouy_chapman_length as gouy_chapman_length
    from electrodiff.theory.double_layer import gouy_chapman_potential as gouy_chapman_potential
    from electrodiff.theory.double_layer import grahame_charge as grahame_charge
    from electrodiff.theory.double_layer import grahame_charge_symmetric as grahame_charge_symmetric
    from electrodiff.theory.double_layer import grahame_potential as grahame_potential
    from electrodiff.theory.double_layer import grahame_potential_mixture as grahame_potential_mixture
    from electrodiff.theory.double_layer import ionic_strength as ionic_strength
    from electrodiff.theory.double_layer_capacitance import (
        diffuse_layer_capacitance_mixture as diffuse_layer_capacitance_mixture,
    )
    from electrodiff.theory.double_layer_capacitance import stern_diffuse_capacitance as stern_diffuse_capacitance
    from electrodiff.theory.double_layer_capacitance import stern_diffuse_potential as stern_diffuse_potential
    from electrodiff.theory.double_layer_excess import SurfaceExcess as SurfaceExcess
    from electrodiff.theory.double_layer_excess import surface_excess as surface_excess
    from electrodiff.theory.double_layer_excess import surface_excess_symmetric as surface_excess_symmetric
    from electrodiff.theory.energetics import atp_free_energy as atp_free_energy
    from electrodiff.theory.energetics import atp_rate_from_leak as atp_rate_from_leak
    from electrodiff.theory.energetics import atp_rate_from_pump_current as atp_rate_from_pump_current
    from electrodiff.theory.energetics import dissipation as dissipation
    from electrodiff.theory.energetics import pump_efficiency as pump_efficiency
    from electrodiff.theory.energetics import pump_free_energy as pump_free_energy
    from electrodiff.theory.ghk import bernoulli as bernoulli
    from electrodiff.theory.ghk import ghk_current as ghk_current
    from electrodiff.theory.ghk import ghk_flux as ghk_flux
    from electrodiff.theory.ghk import ghk_flux_from_faces as ghk_flux_from_faces
    from electrodiff.theory.ghk import ghk_pump_ceiling as ghk_pump_ceiling
    from electrodiff.theory.ghk import ghk_reversal_potential as ghk_reversal_potential
    from electrodiff.theory.ghk import ghk_voltage as ghk_voltage
    from electrodiff.theory.ghk import ghk_voltage_pumped as ghk_voltage_pumped
    from electrodiff.theory.ghk_conductance import ghk_conductance_chord as ghk_conductance_chord
    from electrodiff.theory.ghk_conductance import ghk_conductance_equilibrium as ghk_conductance_equilibrium
    from electrodiff.theory.ghk_conductance import ghk_conductance_slope as ghk_conductance_slope
    from electrodiff.theory.ghk_conductance import ghk_permeability_from_chord as ghk_permeability_from_chord
    from electrodiff.theory.ghk_conductance import (
        ghk_permeability_from_equilibrium as ghk_permeability_from_equilibrium,
    )
    from electrodiff.theory.ghk_conductance import ghk_permeability_from_slope as ghk_permeability_from_slope
    from electrodiff.theory.ghk_layers import GhkSlab as GhkSlab
    from electrodiff.theory.ghk_layers import ghk_slab as ghk_slab
    from electrodiff.theory.ghk_layers import ghk_slab_reversal_potential as ghk_slab_reversal_potential
    from electrodiff.theory.junction import henderson_potential as henderson_potential
    from electrodiff.theory.junction import lewis_sargent_potential as lewis_sargent_potential
    from electrodiff.theory.junction import planck_single_salt_potential as planck_single_salt_potential
    from electrodiff.theory.nernst import driving_force as driving_force
    from electrodiff.theory.nernst import electrochemical_potential_difference as electrochemical_potential_difference
    from electrodiff.theory.nernst import nernst_potential as nernst_potential
    from electrodiff.theory.nernst import nernst_slope_inside as nernst_slope_inside
    from electrodiff.theory.nernst import nernst_slope_log as nernst_slope_log
    from electrodiff.theory.nernst import nernst_slope_outside as nernst_slope_outside
    from electrodiff.theory.planck import PlanckLayer as PlanckLayer
    from electrodiff.theory.planck import PlanckProfiles as PlanckProfiles
    from electrodiff.theory.planck import planck_layer as planck_layer
    from electrodiff.theory.planck import planck_monovalent_flux as planck_monovalent_flux
    from electrodiff.theory.planck import planck_monovalent_potential as planck_monovalent_potential
    from electrodiff.theory.planck import planck_potential as planck_potential
    from electrodiff.theory.pump_leak import GhkLeak as GhkLeak
    from electrodiff.theory.pump_leak import LinearLeak as LinearLeak
    from electrodiff.theory.pump_leak import PumpLeakBath as PumpLeakBath
    from electrodiff.theory.pump_leak import PumpLeakCell as PumpLeakCell
    from electrodiff.theory.pump_leak import PumpLeakFluxes as PumpLeakFluxes
    from electrodiff.theory.pump_leak import PumpLeakState as PumpLeakState
    from electrodiff.theory.pump_leak import SodiumPump as SodiumPump
    from electrodiff.theory.pump_leak import pump_leak_atp_rate as pump_leak_atp_rate
    from electrodiff.theory.pump_leak import pump_leak_fluxes as pump_leak_fluxes
    from electrodiff.theory.pump_leak import pump_leak_state as pump_leak_state
    from electrodiff.theory.pump_leak import pump_voltage_contribution as pump_voltage_contribution
    from electrodiff.theory.pump_leak_dynamics import PumpLeakTransient as PumpLeakTransient
    from electrodiff.theory.pump_leak_dynamics import pump_leak_donnan as pump_leak_donnan
    from electrodiff.theory.pump_leak_dynamics import pump_leak_eigenvalues as pump_leak_eigenvalues
    from electrodiff.theory.pump_leak_dynamics import pump_leak_steady as pump_leak_steady
    from electrodiff.theory.pump_leak_dynamics import pump_leak_steady_linear as pump_leak_steady_linear
    from electrodiff.theory.pump_leak_dynamics import pump_leak_transient as pump_leak_transient
    from electrodiff.theory.steric import bikerman_capacitance as bikerman_capacitance
    from electrodiff.theory.steric import bikerman_charge as bikerman_charge
    from electrodiff.theory.steric import bikerman_packing as bikerman_packing
    from electrodiff.theory.transport import saturation as saturation
    from electrodiff.theory.transport import transport_affinity as transport_affinity


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(_HOME)
