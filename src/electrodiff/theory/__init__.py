"""Closed forms and reduced models: pure functions in SI units, independent of the solver."""

from electrodiff.theory.activity import davies_coefficient, debye_hueckel_constant
from electrodiff.theory.born import born_energy
from electrodiff.theory.capacitor import (
    series_capacitance,
    slab_capacitance,
    slab_field,
    slab_with_debye_layers_capacitance,
    slab_with_double_layers_charge,
)
from electrodiff.theory.donnan import (
    donnan_potential,
    donnan_potential_symmetric,
    teorell_meyer_sievers_potential,
)
from electrodiff.theory.double_layer import (
    debye_hueckel_charge_density,
    debye_length,
    diffuse_layer_capacitance,
    gouy_chapman_charge_density,
    gouy_chapman_length,
    gouy_chapman_potential,
    grahame_charge,
    grahame_charge_symmetric,
    grahame_potential,
    ionic_strength,
)
from electrodiff.theory.ghk import (
    bernoulli,
    ghk_current,
    ghk_flux,
    ghk_flux_from_faces,
    ghk_reversal_potential,
    ghk_voltage,
)
from electrodiff.theory.junction import henderson_potential, planck_single_salt_potential
from electrodiff.theory.nernst import driving_force, electrochemical_potential_difference, nernst_potential
from electrodiff.theory.steric import bikerman_capacitance, bikerman_charge, bikerman_packing

__all__ = [
    "bernoulli",
    "bikerman_capacitance",
    "bikerman_charge",
    "bikerman_packing",
    "born_energy",
    "davies_coefficient",
    "debye_hueckel_charge_density",
    "debye_hueckel_constant",
    "debye_length",
    "diffuse_layer_capacitance",
    "donnan_potential",
    "donnan_potential_symmetric",
    "driving_force",
    "electrochemical_potential_difference",
    "ghk_current",
    "ghk_flux",
    "ghk_flux_from_faces",
    "ghk_reversal_potential",
    "ghk_voltage",
    "gouy_chapman_charge_density",
    "gouy_chapman_length",
    "gouy_chapman_potential",
    "grahame_charge",
    "grahame_charge_symmetric",
    "grahame_potential",
    "henderson_potential",
    "ionic_strength",
    "nernst_potential",
    "planck_single_salt_potential",
    "series_capacitance",
    "slab_capacitance",
    "slab_field",
    "slab_with_debye_layers_capacitance",
    "slab_with_double_layers_charge",
    "teorell_meyer_sievers_potential",
]
