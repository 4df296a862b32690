"""Impedance: closed forms of blocking cells and slabs, slope conductances and capacitances, causality, high frequencies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import constants
from test_symmetries import mirrored

import electrodiff as ed
from electrodiff import theory
from electrodiff.grid.line import layered_line
from electrodiff.solvers.impedance import solve_impedance
from electrodiff.solvers.steady import solve_steady

FARADAY = constants.N_A * constants.e
TEMPERATURE = 298.15
THERMAL_VOLTAGE = constants.R * TEMPERATURE / FARADAY
WATER, LIPID = 80.0, 2.0
DIFFUSIVITY = 1e-9
WIDE = {"from": 1.0, "to": 1e7, "per_decade": 3}
METAL = {"kind": "wall", "potential": 0.0}


def permittivity(relative: float) -> float:
    return relative * constants.epsilon_0


def salt(valence: int) -> dict[str, dict[str, float]]:
    return {
        "P": {"valence": valence, "diffusivity": DIFFUSIVITY},
        "M": {"valence": -valence, "diffusivity": DIFFUSIVITY},
    }


def water(name: str, thickness: float, **more: object) -> dict[str, object]:
    return {"name": name, "thickness": thickness, "relative_permittivity": WATER, **more}


def impedance_study(case: ed.Case, frequencies: object, **changes: object) -> ed.Case:
    return case.changed({"study": {"kind": "impedance", "frequencies": frequencies}, **changes})


def blocking_cell(gap: float, concentration: float, valence: int = 1, **more: object) -> ed.Case:
    """A symmetric salt of equal diffusivities between two metal walls at 0 V."""
    held = {"P": concentration, "M": concentration}
    return ed.Case(
        temperature=TEMPERATURE,
        ions=salt(valence),
        layers=(water("water", gap, initial=held),),
        left=METAL,
        right=METAL,
        study={"kind": "impedance", "frequencies": WIDE},
        **more,
    )


def blocking_impedance(frequency: np.ndarray, half: float, concentration: float, valence: int = 1) -> np.ndarray:
    """Z = 2/(s eps k^2) [tanh(k L)/(k lambda^2) + s L/D],   k^2 = 1/lambda^2 + s/D,   s = 2 pi i f,   L the half gap."""
    s, eps = 2j * math.pi * frequency, permittivity(WATER)
    debye = math.sqrt(eps * THERMAL_VOLTAGE / (2 * valence**2 * FARADAY * concentration))
    k = np.sqrt(1 / debye**2 + s / DIFFUSIVITY)
    return 2 / (s * eps * k**2) * (np.tanh(k * half) / (k * debye**2) + s * half / DIFFUSIVITY)


def slab_stack(left: object, right: object, **more: object) -> ed.Case:
    """Salt water of 30 nm, an ion-free slab of 5 nm, and salt water."""
    slab = {"name": "slab", "thickness": 5e-9, "relative_permittivity": LIPID, "partition": {"P": 0, "M": 0}}
    return ed.Case(
        temperature=TEMPERATURE,
        ions=salt(1),
        layers=(water("inside", 30e-9, **more), slab, water("outside", 30e-9, **more)),
        left=left,
        right=right,
        study={"kind": "impedance", "frequencies": WIDE},
    )


def check(result: object, exact: np.ndarray) -> None:
    """Within 1e-6 of the closed form, and no worse than the estimate, which is no more than a hundred times too large."""
    off = np.abs(result.impedance - exact)  # type: ignore[attr-defined]
    estimate = result.error  # type: ignore[attr-defined]
    assert (off < 1e-6 * np.abs(exact)).all()
    # 1e-12: below that it is rounding, of the nodes as well, of which an estimate cannot be sharp.
    assert (off <= estimate + 1e-12 * np.abs(exact)).all()
    assert (estimate <= 100 * off + 1e-12 * np.abs(exact)).all()


# ---- closed forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("valence", [1, 2])
@pytest.mark.parametrize(("gap", "concentration"), [(20e-9, 100.0), (1e-6, 10.0), (1e-2, 100.0), (5e-9, 0.1)])
def test_impedance_of_a_blocking_cell_is_the_closed_form(gap, concentration, valence):
    result = solve_impedance(blocking_cell(gap, concentration, valence))
    assert result.reached
    assert result.frequency[[0, -1]].tolist() == [1.0, 1e7]
    check(result, blocking_impedance(result.frequency, gap / 2, concentration, valence))


def test_impedance_of_a_slab_between_reservoirs_is_that_of_its_debye_layers_in_series_with_it():
    """At zero bias the charge rho = sum z F c of a bath of thickness L obeys rho'' = k^2 rho, rho = 0 at the reservoir.

    With x from there, rho = A sinh(k x), and the current I = -D rho' + eps (D/lambda^2 + s) E is the same everywhere, so
    E = (I + D rho') / (eps D k^2).  At the slab no ion passes: I = s eps E, hence rho' = I / (s lambda^2) and the voltage

        integral of E / I = [L/D + tanh(k L) / (s k lambda^2)] / (eps k^2),

    half the impedance of a blocking cell of the half gap L: there, too, rho = 0 in the middle.  The slab adds d/(s eps_m).
    """
    bath = {"concentrations": {"P": 100.0, "M": 100.0}, "potential": 0.0}
    result = solve_impedance(slab_stack(bath, bath))
    slab = 5e-9 / (2j * math.pi * result.frequency * permittivity(LIPID))
    check(result, blocking_impedance(result.frequency, 30e-9, 100.0) + slab)


def test_impedance_of_a_slab_between_blocking_cells_is_their_sum():
    """Each bath is a blocking cell of its own: no ion passes its two ends."""
    result = solve_impedance(slab_stack(METAL, METAL, initial={"P": 100.0, "M": 100.0}))
    slab = 5e-9 / (2j * math.pi * result.frequency * permittivity(LIPID))
    check(result, 2 * blocking_impedance(result.frequency, 15e-9, 100.0) + slab)


def test_error_is_of_second_order_on_one_mesh():
    case = blocking_cell(100e-9, 10.0)
    line = layered_line(case.changed({"mesh.accuracy": 1e-6}))
    meshes = [line.refined(times).mesh() for times in (1, 2, 4, 8)]
    results = [solve_impedance(case, mesh=mesh) for mesh in meshes]
    exact = blocking_impedance(results[0].frequency, 50e-9, 10.0)
    off = np.array([np.abs(result.impedance / exact - 1) for result in results])
    cells = np.log([mesh.nodes - 1 for mesh in meshes])
    orders = -np.polyfit(cells, np.log(off), 1)[0]
    assert orders == pytest.approx(2, abs=0.1)


def test_a_closer_wish_is_met():
    case = blocking_cell(1e-6, 10.0)
    off = []
    for accuracy in (1e-4, 1e-6, 1e-8):
        result = solve_impedance(case.changed({"mesh.accuracy": accuracy}))
        exact = blocking_impedance(result.frequency, 0.5e-6, 10.0)
        off.append(float(np.abs(result.impedance / exact - 1).max()))
        assert result.reached
        assert off[-1] < accuracy
    assert off[2] < off[0] / 100


# ---- low frequencies: slopes of steady states ---------------------------------------------------------------------


def slope(case: ed.Case, bias: float, step: float, read: object) -> np.ndarray:
    """d/dV of what `read` says of steady states, by central differences of fourth order."""
    biases = [bias + times * step for times in (-2, -1, 1, 2)]
    values = [np.array(read(solve_steady(case.replace("left.potential", one)))) for one in biases]  # type: ignore[operator]
    return np.asarray((values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step))


@pytest.mark.parametrize(
    "name", ["clamped_membrane", "resting_potential", "inward_rectifier", "charged_membrane", "kcsa_channel"]
)
def test_impedance_at_low_frequency_is_the_inverse_slope_conductance(case_of, name):
    """Of a membrane with gates they open at once; a floating one is clamped at its own potential."""
    # 0.1 mV: the fifth derivative adds (0.1 mV / 10 mV)^4 / 30 = 3e-10 with the gates' slope.  1e-7: currents to 1e-9 of
    # RT/F times the conductance, over twelve steps.
    case = impedance_study(case_of(name), [1e-7], **{"mesh.accuracy": 1e-9})
    result = solve_impedance(case)
    bias = result.steady.membrane_potential
    currents = slope(case, bias, 1e-4, lambda solution: [*solution.ion_current.values()])
    assert 1 / result.impedance[0].real == pytest.approx(currents.sum(), rel=1e-7)
    assert abs(result.impedance[0].imag) < 1e-6 * result.impedance[0].real
    np.testing.assert_allclose(result.ion_admittance[0].real, currents, atol=1e-7 * abs(currents.sum()))
    assert abs(result.displacement_admittance[0]) < 1e-6 * currents.sum()


@pytest.mark.parametrize("psi", [0.0, 2.0, -5.0])
def test_capacitance_of_a_wall_against_bias_is_that_of_gouy_and_chapman(psi):
    """C = (eps / lambda) cosh(psi / 2), also where the wall's charge is given and not its potential."""
    debye = math.sqrt(permittivity(WATER) * THERMAL_VOLTAGE / (2 * FARADAY * 100.0))
    case = ed.Case(
        temperature=TEMPERATURE,
        ions=salt(1),
        layers=(water("water", 25 * debye),),
        left={"kind": "wall", "potential": psi * THERMAL_VOLTAGE},
        right={"concentrations": {"P": 100.0, "M": 100.0}, "potential": 0.0},
        study={"kind": "impedance", "frequencies": [0.01, 1.0, 100.0]},
    )
    charge = theory.grahame_charge_symmetric(psi * THERMAL_VOLTAGE, 100.0, WATER, TEMPERATURE, 1)
    charged = case.changed({"left": {"kind": "wall", "surface_charge": float(charge)}})
    expected = permittivity(WATER) / debye * math.cosh(psi / 2)
    for either in (case, charged):
        result = solve_impedance(either)
        # 3e-6: the accuracy, also of the potential at which the wall is held; at 100 Hz (omega R C)^2 = 1e-10.
        assert result.capacitance == pytest.approx(expected, rel=3e-6)


@pytest.mark.parametrize("name", ["steric_electrode", "stern_electrode"])
def test_capacitance_of_an_electrode_is_the_slope_of_its_charge(case_of, name):
    """Also with ions of finite size, and with a Stern layer."""
    case = impedance_study(case_of(name), [1.0])
    charge = slope(case, case.left.potential, 1e-3, lambda solution: solution.electrode_charge["left"])
    # 1e-5: charges to 1e-6 over differences of 4 mV out of 300 or more.
    assert solve_impedance(case).capacitance[0] == pytest.approx(float(charge), rel=1e-5)


def test_small_profiles_at_low_frequency_are_the_slopes_of_steady_ones(case_of):
    """Fixed charge in the slab and ions of finite size: everything that profiles depend on."""
    diameters = {f"ions.{ion}.diameter": "0.5 nm" for ion in ("K", "Na", "Cl", "A")}
    changes = {"layers.membrane.fixed_charge": 2.0, "steric": {"model": "bikerman"}, **diameters}
    case = impedance_study(case_of("clamped_membrane", changes), [1e-6])
    mesh = layered_line(case).refined(2).mesh()
    result = solve_impedance(case, mesh=mesh)
    step = 1e-4
    ends = [
        solve_steady(case.changed({"left.potential": case.left.potential + sign * step}), mesh=mesh) for sign in (-1, 1)
    ]
    for name, found in (("potential", result.potential[0]), ("concentration", result.concentration[0])):
        expected = (getattr(ends[1], name) - getattr(ends[0], name)) / (2 * step)
        scale = np.abs(expected).max(axis=-1, keepdims=True)
        # 1e-5: (0.1 mV / (RT/F))^2 / 6 of differences, and 1e-9 of Newton over them.
        np.testing.assert_allclose(found.real, expected, rtol=0, atol=1e-5 * float(scale.max()))
    density = (ends[1].charge_density - ends[0].charge_density) / (2 * step)
    np.testing.assert_allclose(result.charge_density[0].real, density, rtol=0, atol=1e-5 * np.abs(density).max())


# ---- all frequencies ----------------------------------------------------------------------------------------------


def test_stack_at_high_frequency_is_its_dielectrics_in_series(case_of):
    # No ion moves within a period: what conducts is 1e-4 of the displacement in water, in quadrature to it.
    result = solve_impedance(impedance_study(case_of("clamped_membrane"), [1e13]))
    series = 20e-9 / permittivity(80) * 2 + 5e-9 / permittivity(2)
    assert result.capacitance[0] == pytest.approx(1 / series, rel=1e-6)


def test_spherical_stack_at_high_frequency_is_concentric_capacitors():
    layers = (water("inside", 20e-9), {**water("shell", 5e-9), "relative_permittivity": LIPID}, water("outside", 30e-9))
    bath = {"concentrations": {"P": 100.0, "M": 100.0}, "potential": 0.0}
    case = ed.Case(
        temperature=TEMPERATURE,
        ions=salt(1),
        layers=layers,
        left=bath,
        right=bath,
        mesh={"geometry": "spherical", "inner_radius": 10e-9},
        study={"kind": "impedance", "frequencies": [1e14]},
    )
    result = solve_impedance(case)
    radii = np.array([10e-9, 30e-9, 35e-9, 65e-9])
    series = ((1 / radii[:-1] - 1 / radii[1:]) / permittivity(1) / np.array([WATER, LIPID, WATER])).sum()
    # The reference area is that of the left face of the most resistive layer, which is one of these.
    area = result.steady.problem.mesh.reference_area / (4 * math.pi)
    assert area in (radii[:-1] ** 2).tolist()
    assert result.capacitance[0] == pytest.approx(1 / series / area, rel=1e-6)


def test_admittance_is_causal(case_of):
    """Kramers and Kronig: Im Y(w) - w C_inf = (2 w / pi) P integral of Re Y(x) / (x^2 - w^2) dx over x > 0."""
    frequency = {"from": 1e-3, "to": 1e14, "per_decade": 30}
    result = solve_impedance(impedance_study(case_of("clamped_membrane"), frequency))
    omega, admittance = 2 * math.pi * result.frequency, result.admittance
    high = 1 / (20e-9 / permittivity(80) * 2 + 5e-9 / permittivity(2))
    for at in range(200, 360, 20):
        w = omega[at]
        # P integral of dx / (x^2 - w^2) = 0, so that Re Y(w) may be taken off; at x = w the quotient has a limit.
        with np.errstate(invalid="ignore"):
            quotient = (admittance.real - admittance.real[at]) / (omega**2 - w**2)
        quotient[at] = (quotient[at - 1] + quotient[at + 1]) / 2
        principal = np.trapezoid(quotient * omega, np.log(omega))
        # 1e-3: the error of the trapezoids, 30 to a decade, and of what lies beyond the ends.
        expected = w * high + 2 * w / math.pi * principal
        assert admittance[at].imag == pytest.approx(expected, rel=1e-3)
        # What the integral has to give is not nothing.
        assert abs(admittance[at].imag - w * high) > 0.01 * abs(admittance[at].imag)


def test_parts_of_the_admittance_make_up_its_inverse_impedance(case_of):
    result = solve_impedance(impedance_study(case_of("clamped_membrane"), {"from": 1.0, "to": 1e10, "per_decade": 1}))
    total = result.ion_admittance.sum(axis=1) + result.displacement_admittance
    assert (np.abs(total * result.impedance - 1) < 1e-12).all()
    # The anions that cannot enter the membrane carry nothing there; in a slab that resists, ions lead below 1 kHz.
    assert (result.ion_admittance[:, 3] == 0).all()
    ions = np.abs(result.ion_admittance.sum(axis=1))
    lead = ions > np.abs(result.displacement_admittance)
    assert lead[result.frequency <= 1e3].all()
    assert not lead[result.frequency >= 1e4].any()


def test_impedance_does_not_depend_on_the_side_at_which_the_voltage_is_applied(case_of):
    # 1e-7: two estimates of 1e-6 that the same meshes, mirrored, make alike.
    case = impedance_study(case_of("charged_membrane"), {"from": 1.0, "to": 1e9, "per_decade": 1})
    here, there = solve_impedance(case), solve_impedance(mirrored(case))
    np.testing.assert_allclose(there.impedance, here.impedance, rtol=1e-7)


def test_resistance_is_never_negative_at_equilibrium():
    """A passive stack takes up energy at every frequency: Re Z > 0."""
    result = solve_impedance(blocking_cell(1e-6, 10.0))
    assert (result.impedance.real > 0).all()


# ---- the shipped cases --------------------------------------------------------------------------------------------


def test_shipped_blocking_cell_has_the_corners_and_plateaus_that_its_head_says(case_of):
    result = solve_impedance(case_of("impedance_blocking_cell"))
    diffusivity, eps = 2e-9, permittivity(80)
    debye = math.sqrt(eps * THERMAL_VOLTAGE / (2 * FARADAY * 10))
    resistance = 1e-6 * debye**2 / (eps * diffusivity)
    assert debye == pytest.approx(3.07e-9, rel=1e-3)
    assert result.capacitance[0] == pytest.approx(eps / (2 * debye), rel=1e-5)
    assert result.capacitance[0] == pytest.approx(0.115, rel=5e-3)
    assert resistance == pytest.approx(0.066e-4, rel=0.01)
    # The closed form to first order in s: the two layers take three Debye lengths off the gap.
    assert result.impedance[0].real == pytest.approx(resistance * (1 - 3 * debye / 1e-6), rel=1e-5)
    assert result.capacitance[-1] == pytest.approx(0.071e-2, rel=0.01)
    assert 1 / (2 * math.pi * resistance * result.capacitance[0]) == pytest.approx(0.2e6, rel=0.06)
    assert diffusivity / (2 * math.pi * debye**2) == pytest.approx(34e6, rel=0.01)


def test_shipped_membrane_has_the_numbers_that_its_head_says(case_of):
    result = solve_impedance(case_of("impedance_membrane"))
    assert result.impedance[0].real == pytest.approx(336e-4, rel=2e-3)
    shares = result.ion_admittance[0].real / result.admittance[0].real
    assert shares == pytest.approx([0.55, 0.12, 0.32, 0.0], abs=6e-3)
    assert result.capacitance[10] == pytest.approx(0.352e-2, rel=1e-3)
    assert 1 / (2 * math.pi * 336e-4 * 0.352e-2) == pytest.approx(1.35e3, rel=5e-3)
    assert result.capacitance[-1] == pytest.approx(0.295e-2, rel=2e-3)
