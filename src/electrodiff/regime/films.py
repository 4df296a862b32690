"""A wide membrane at equilibrium with one solution: its Donnan potential, and how fast it develops from the face."""

from __future__ import annotations

import math
from dataclasses import dataclass

from electrodiff.errors import CaseError
from electrodiff.membrane import Membrane
from electrodiff.regime.baths import Bath, screening_length
from electrodiff.theory.donnan import donnan_potential
from electrodiff.theory.double_layer import ionic_strength
from electrodiff.units import FARADAY, VACUUM_PERMITTIVITY, thermal_voltage

# Half thickness over the Debye length below which coth(h) - 1 / h is h / 3, to h^2 / 15 of it, and would cancel.
_THIN = 1e-3


@dataclass(frozen=True)
class DonnanFace:
    """What a wide membrane has inside, at equilibrium with the solution at one face."""

    potential: float
    """Donnan potential phi(membrane) - phi(bath) [V]; 0 if nothing can make the membrane neutral."""
    is_neutral: bool
    """Whether the ions that enter can make it neutral."""
    held: dict[str, float]
    """beta c exp(-z F psi / (R T)) of each ion [mol/m^3]."""
    debye_length: float
    """Of what is held [m]; inf without ions."""
    reach: float
    """lambda = sqrt(eps psi / rho): psi the Donnan potential, rho the charge that would be inside at the potential of the
    solution [m].  The Debye length where psi is small; inf where there is no charge to screen."""
    ratio: float
    """r = (eps / lambda) inside over (eps / lambda) in the bath; 0 without ions, or without a bath beside it."""
    face_potential: float
    """phi(face) - phi(bath) of a wide membrane [V]."""

    def undeveloped(self, depth: float) -> float:
        """Share of the Donnan potential that is missing at a depth from the face of a film twice as thick.

            1 / (cosh(h) + r sinh(h)),    h = depth / lambda

        From Poisson's equation with the charge rho (1 - phi / psi), which is right both where nothing screens and where
        all is screened, and the linear Poisson-Boltzmann equation in the bath.
        """
        h = depth / self.reach
        return 2 * math.exp(-h) / (1 + self.ratio + (1 - self.ratio) * math.exp(-2 * h))

    def image(self, depth: float) -> float:
        """Share of the charge beside the face that the film itself holds, beyond what a slab without ions would.

            r (coth(h) - 1 / h) / (1 + r coth(h)),    h = depth / lambda

        The Debye layer of the bath shifts the potential of the face, and the ions inside screen that: from the linear
        Poisson-Boltzmann equation on both sides of two like faces with opposite charges, less two capacitors in series.
        """
        h = depth / self.reach
        if h < _THIN:
            return self.ratio * h / 3
        coth = 1 / math.tanh(h)
        return self.ratio * (coth - 1 / h) / (1 + self.ratio * coth)

    def at_face(self, depth: float) -> float:
        """Potential of the face of such a film against the bath [V]: that of a wide one, times a linear share.

        (1 + r) tanh(h) / (1 + r tanh(h))
        """
        developed = math.tanh(depth / self.reach)
        return self.face_potential * (1 + self.ratio) * developed / (1 + self.ratio * developed)


def boltzmann(valence: int, psi: float) -> float:
    """e^(-z psi), psi in R T / F; no more than a double holds."""
    return math.exp(min(-valence * psi, 700.0))


def donnan_face(membrane: Membrane, solution: dict[str, float], bath: Bath | None) -> DonnanFace:
    """The Donnan equilibrium of a membrane with a solution; bath is that beside it, if there is one."""
    case = membrane.case
    try:
        potential = donnan_potential(
            membrane.fixed_charge, membrane.valences, solution, case.temperature, membrane.partition
        )
        is_neutral = True
    except CaseError:
        potential, is_neutral = 0.0, False
    volt = thermal_voltage(case.temperature)
    psi = potential / volt
    held = {ion: membrane.partition[ion] * c * boltzmann(membrane.valences[ion], psi) for ion, c in solution.items()}
    strength = float(ionic_strength(case.valences, [held[ion] for ion in case.ions]))
    length = screening_length(strength, membrane.relative_permittivity, case.temperature)
    reach = _reach(membrane, solution, potential, length)
    if bath is None or not math.isfinite(bath.debye_length):
        # The solution is well stirred up to the face, and the face is at its potential.
        return DonnanFace(potential, is_neutral, held, length, reach, 0.0, 0.0)
    flat = membrane.relative_permittivity / reach * bath.debye_length / bath.relative_permittivity
    ratio = flat / bath.capacity
    face = volt * _face_potential(membrane, solution, held, psi, bath) if psi else 0.0
    # What a bath that opens wider leaves of the face's potential, by the linear theory.
    share = ratio / (1 + ratio) / (flat / (1 + flat)) if flat else 1.0
    return DonnanFace(potential, is_neutral, held, length, reach, ratio, face * share)


def _reach(membrane: Membrane, solution: dict[str, float], potential: float, debye_length: float) -> float:
    mobile = math.fsum(membrane.valences[ion] * membrane.partition[ion] * c for ion, c in solution.items())
    charge = FARADAY * (mobile + membrane.fixed_charge)
    if not potential or not charge:
        return debye_length
    return math.sqrt(VACUUM_PERMITTIVITY * membrane.relative_permittivity * potential / charge)


def _face_potential(
    membrane: Membrane, solution: dict[str, float], held: dict[str, float], psi: float, bath: Bath
) -> float:
    """Potential of the face of a wide membrane against its bath [R T / F].

        eps_w sum c (e^(-z y) - 1) = eps_m [sum held (e^(-z (y - psi)) - 1) - X (y - psi)]

    The first integrals of Poisson-Boltzmann on both sides of the face, where the displacement is the same.
    Source: H. Ohshima, S. Ohki, Biophys. J. 47 (1985) 673.
    """
    from scipy.optimize import brentq

    z = membrane.valences

    def excess(y: float) -> float:
        outside = math.fsum(c * math.expm1(-z[ion] * y) for ion, c in solution.items())
        inside = math.fsum(c * math.expm1(-z[ion] * (y - psi)) for ion, c in held.items())
        inside -= membrane.fixed_charge * (y - psi)
        return bath.relative_permittivity * outside - membrane.relative_permittivity * inside

    # Inside nothing pulls at psi, outside nothing at 0: the signs differ at the ends, but for rounding of a tiny psi.
    if not excess(0.0) < 0.0 < excess(psi):
        return psi / 2
    return float(brentq(excess, 0.0, psi))
