"""Numbers by quadrature, collocation and inverse Laplace transform with scipy, by nothing of the solver.  SI units."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad, solve_bvp

from electrodiff.verify.physics import FARADAY, GAS_CONSTANT, VACUUM, goldman_flux, root, thermal

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
PerIon = Mapping[str, float]


def inverse_laplace(image: Callable[[Complex], Complex], time: float, points: int = 24) -> float:
    """The function of time with this Laplace transform, by the midpoint rule on Talbot's contour.

    Constants of J. A. C. Weideman, SIAM J. Numer. Anal. 44 (2006) 2342: the error falls as 3.9^-points.
    """
    angle = (2 * np.arange(points) + 1) * math.pi / points - math.pi
    cot = 1 / np.tan(0.6407 * angle)
    s = points / time * (0.5017 * angle * cot - 0.6122 + 0.2645j * angle)
    slope = points / time * (0.5017 * cot - 0.5017 * 0.6407 * angle / np.sin(0.6407 * angle) ** 2 + 0.2645j)
    return float((np.exp(s * time) * image(np.asarray(s, dtype=complex)) * slope).sum().imag / points)


def electroneutral_junction(
    valences: Mapping[str, int], diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float
) -> float:
    """phi(left) - phi(right) of an electroneutral layer of any ions without current [V], by collocation.

    c' = -g - z c phi' with sum z c = 0, hence phi' = -sum z g / sum z^2 c; the unknown g = J / D of each ion follow from
    the concentrations at both ends and sum z D g = 0.
    """
    ions = [ion for ion in valences if left.get(ion, 0.0) or right.get(ion, 0.0)]
    z, D, start, stop = (
        np.array([table.get(ion, 0.0) for ion in ions], dtype=float) for table in (valences, diffusivities, left, right)
    )
    scale = max(start.max(), stop.max())
    start, stop, D = start / scale, stop / scale, D / D.max()

    def slopes(_: Floats, y: Floats, g: Floats) -> Floats:
        rise = -(z @ g) / (z**2 @ y[:-1])
        return np.vstack([-g[:, None] - z[:, None] * y[:-1] * rise, rise])

    def ends(first: Floats, last: Floats, g: Floats) -> Floats:
        # The last concentration on the right follows from neutrality; its condition gives way to that of no current.
        return np.array([*(first[:-1] - start), *(last[:-2] - stop[:-1]), first[-1], (z * D) @ g])

    x = np.linspace(0.0, 1.0, 41)
    line = start[:, None] + (stop - start)[:, None] * x
    found = solve_bvp(slopes, ends, x, np.vstack([line, 0 * x]), p=start - stop, tol=1e-9, max_nodes=20_000)
    return -thermal(temperature) * float(found.y[-1, -1]) if found.success else math.nan


def monovalent_junction(
    valences: Mapping[str, int], diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float
) -> float:
    """The same for monovalent ions whose totals differ [V]: C is linear and phi falls with ln C, so one quadrature an ion."""
    start, stop = (sum(bath.get(ion, 0.0) for ion in valences) / 2 for bath in (left, right))

    def current(rise: float) -> float:
        power = rise / math.log(stop / start)
        total = 0.0
        for ion, z in valences.items():
            resistance, _ = quad(lambda c, z=z: (c / start) ** (z * power) / (stop - start), start, stop, epsrel=1e-13)
            gap = left.get(ion, 0.0) - right.get(ion, 0.0) * math.exp(z * rise)
            total += z * diffusivities[ion] * gap / resistance
        return total

    return -thermal(temperature) * root(current, -5.0, 5.0)


def linear_mixture(
    valences: Mapping[str, int], diffusivities: PerIon, left: PerIon, right: PerIon, temperature: float
) -> float:
    """The same where the composition is linear in x [V]: d(phi) = -(RT/F) sum z D dc / sum z^2 D c, by quadrature."""
    ions = [(valences[ion], D, left.get(ion, 0.0), right.get(ion, 0.0)) for ion, D in diffusivities.items()]

    def slope(s: float) -> float:
        rise = math.fsum(z * D * (stop - start) for z, D, start, stop in ions)
        return rise / math.fsum(z**2 * D * (start + s * (stop - start)) for z, D, start, stop in ions)

    return thermal(temperature) * float(quad(slope, 0.0, 1.0, epsrel=1e-13)[0])


def film_potential(X: float, thickness: float, salt: float, length: float) -> float:
    """Potential in the middle of a thin film between baths [RT/F]; `length` is the Debye length of the baths [m].

    (psi')^2 / 2 = cosh psi - 1 in the bath,   cosh psi - cosh psi_p + (X / 2c) (psi_p - psi) in the film, in lengths.
    """
    ratio = X / (2 * salt)

    def half(peak: float) -> float:
        edge = peak - (math.cosh(peak) - 1) / ratio

        def step(t: float) -> float:
            """dx / dt with psi = psi_p - t^2."""
            crowd = 2 * math.sinh(peak - t * t / 2) * math.sinh(t * t / 2) / (t * t)
            return 2 / math.sqrt(2 * (ratio - crowd))

        return float(quad(step, 1e-12, math.sqrt(peak - edge), epsrel=1e-12)[0]) * length

    donnan = math.asinh(ratio)
    return root(lambda peak: half(peak) - thickness / 2, 1e-3 * donnan, donnan * (1 - 1e-9))


def film_deficit(X: float, salt: float) -> float:
    """What the mean potential of a thick film lacks of Donnan's, over that, times the thickness in Debye lengths of the bath.

    Twice the integral of (psi_D - psi) dx / psi_D from a face inwards, dx = dpsi / psi' by the first integral of the film.
    """
    ratio = X / (2 * salt)
    donnan = math.asinh(ratio)
    face = donnan - math.tanh(donnan / 2)

    def part(gap: float) -> float:
        """gap / psi' at psi_D - gap."""
        # cosh(D - g) - cosh D + sinh(D) g = cosh(D) (cosh g - 1) - sinh(D) (sinh g - g)
        less = 2 * math.cosh(donnan) * math.sinh(gap / 2) ** 2 - ratio * (math.sinh(gap) - gap)
        return gap / math.sqrt(2 * less)

    return 2 * float(quad(part, 1e-9, donnan - face, epsrel=1e-12)[0]) / donnan


def crowded_wall(
    potential: float,
    salt: PerIon,
    valences: Mapping[str, int],
    diameters: PerIon,
    permittivity: float,
    temperature: float,
) -> float:
    """Charge of a wall in ions of any sizes [C/m^2], from the first integral (eps/2) E^2 = integral of -rho d(phi).

    c_i = a_i exp(-z_i psi) s^(v_i/v_0) with s from sum v c = 1 - s, and a_i from the bath.
    """
    volume = {ion: FARADAY / 1.602176634e-19 * diameters.get(ion, 0.0) ** 3 for ion in salt}
    smallest = min(v for v in volume.values() if v > 0)
    exponent = {ion: v / smallest for ion, v in volume.items()}
    void = 1 - sum(volume[ion] * c for ion, c in salt.items())

    def minus_charge(psi: float) -> float:
        points = {ion: c * void ** -exponent[ion] * math.exp(-valences[ion] * psi) for ion, c in salt.items()}

        def excess(log_s: float) -> float:
            filled = sum(volume[ion] * c * math.exp(exponent[ion] * log_s) for ion, c in points.items())
            return float(math.exp(log_s) + filled - 1)

        log_s = root(excess, -200.0, 0.0)
        return -float(sum(valences[ion] * c * math.exp(exponent[ion] * log_s) for ion, c in points.items()))

    integral, _ = quad(minus_charge, 0, potential / thermal(temperature), epsrel=1e-10, limit=400)
    square = float(2 * permittivity * VACUUM * GAS_CONSTANT * temperature * integral)
    return math.copysign(math.sqrt(square), potential)


def constant_field_flux(P: float, z: int, left: float, right: float, voltage: float, temperature: float) -> float:
    """Flux of an ion in a constant field [mol/(m^2 s)], by quadrature of dx e^(z phi) across the slab.

    J = P (c_L e^(z phi_L) - c_R) / integral, phi from z V at the left to 0.
    """
    u = z * voltage / thermal(temperature)
    integral, _ = quad(lambda x: math.exp(u * (1 - x)), 0.0, 1.0, epsrel=1e-13)
    return float(P * (left * math.exp(u) - right) / integral)


def resting(laws: Mapping[str, tuple[float, int, float, float]], temperature: float, other: float = 0.0) -> float:
    """Potential at which constant-field fluxes (P, z, c_in, c_out) and another current carry nothing [V]."""

    def current(voltage: float) -> float:
        return other + FARADAY * sum(law[1] * goldman_flux(*law, voltage, temperature) for law in laws.values())

    return root(current, -0.3, 0.3 + 1e-9)
