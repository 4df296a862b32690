"""The energy that it takes to move an ion out of water, into a medium or into a slab between two baths of water.

Regime: the ion is a charged sphere in a continuum that does not deform, and is much smaller than its distance from
any face; `born_energy` alone is for a medium that is thick beside it, the images are those of a slab.
"""

from __future__ import annotations

import numpy as np

from electrodiff.errors import CaseError
from electrodiff.theory._types import LENGTH, PERMITTIVITY, TEMPERATURE, FloatLike, require_positive
from electrodiff.units import AVOGADRO, ELEMENTARY_CHARGE, GAS_CONSTANT, VACUUM_PERMITTIVITY


def born_energy(
    valence: FloatLike,
    radius: FloatLike,
    relative_permittivity: FloatLike,
    reference_relative_permittivity: FloatLike,
) -> FloatLike:
    """Molar free energy of an ion in a medium relative to the reference medium, which is usually water [J/mol].

        W = N_A z^2 e^2 / (8 pi eps_0 r) (1/eps_r - 1/eps_ref)

    valence z, radius r [m]; positive in a medium of lower permittivity than the reference.
    Raises CaseError if a radius or a permittivity is not positive.
    Source: M. Born, Zeitschrift fuer Physik 1 (1920) 45.
    """
    require_positive("radius", radius, LENGTH)
    require_positive("relative_permittivity", relative_permittivity, PERMITTIVITY)
    require_positive("reference_relative_permittivity", reference_relative_permittivity, PERMITTIVITY)
    coulomb = AVOGADRO * np.square(valence * ELEMENTARY_CHARGE) / (8 * np.pi * VACUUM_PERMITTIVITY * radius)
    return coulomb * (1 / relative_permittivity - 1 / reference_relative_permittivity)


def image_energy(
    valence: FloatLike,
    position: FloatLike,
    thickness: FloatLike,
    relative_permittivity: FloatLike,
    reference_relative_permittivity: FloatLike,
) -> FloatLike:
    """Molar energy of an ion in a slab with its images in the two faces, which adds to its Born energy [J/mol].

        W = N_A z^2 e^2 / (16 pi eps_0 eps_m d) [2 sum_{n>=1} k^2n / n + sum_{n>=0} k^(2n+1) (1/(n+s) + 1/(n+1-s))]
        W(d/2) = -N_A z^2 e^2 / (4 pi eps_0 eps_m d) ln(2 eps_w / (eps_w + eps_m))
        k = (eps_m - eps_w) / (eps_m + eps_w),    s = x / d

    valence z, position x from one face and thickness d [m], relative permittivities eps_m of the slab and eps_w of the
    reference, which is the water on both sides.  The series are summed as logarithm and hypergeometric function.
    Negative for a slab of low permittivity, most so at the faces, where the point charge fails within a radius or so.
    Raises CaseError when the position is not inside the slab, or a thickness or a permittivity is not positive.
    Source: A. Parsegian, Nature 221 (1969) 844; B. Neumcke, P. Laeuger, Biophys. J. 9 (1969) 1160.
    """
    from scipy.special import hyp2f1

    require_positive("thickness", thickness, LENGTH)
    require_positive("relative_permittivity", relative_permittivity, PERMITTIVITY)
    require_positive("reference_relative_permittivity", reference_relative_permittivity, PERMITTIVITY)
    s = np.divide(position, thickness)
    if not np.all((s > 0.0) & (s < 1.0)):
        raise CaseError(
            f"position is {position}; expected inside the slab, above 0 and below its thickness {thickness}"
        )
    both = np.add(relative_permittivity, reference_relative_permittivity)
    k = np.subtract(relative_permittivity, reference_relative_permittivity) / both
    # 1 - k^2 without cancellation, for a slab beside a metal.
    even = -2.0 * np.log(4.0 * np.multiply(relative_permittivity, reference_relative_permittivity) / both**2)
    odd = k * (hyp2f1(1.0, s, s + 1.0, k**2) / s + hyp2f1(1.0, 1.0 - s, 2.0 - s, k**2) / (1.0 - s))
    coulomb = AVOGADRO * np.square(valence * ELEMENTARY_CHARGE) / (16 * np.pi * VACUUM_PERMITTIVITY)
    result: FloatLike = coulomb / (relative_permittivity * thickness) * (even + odd)
    return result


def slab_partition(
    valence: FloatLike,
    radius: FloatLike,
    thickness: FloatLike,
    relative_permittivity: FloatLike,
    reference_relative_permittivity: FloatLike,
    temperature: float,
) -> FloatLike:
    """Partition coefficient of an ion in the middle of a slab between two baths.

        beta = exp(-(W_Born + W_image(d/2)) / (R T))

    radius r of the ion and thickness d of the slab [m], temperature T [K], the rest as for `image_energy`.  The middle is
    the highest place of the barrier: for the mean over the slab, beta is larger.
    Raises CaseError when T is not positive, when the ion does not fit into the slab (2 r >= d), and as `born_energy` does.
    Source: A. Parsegian, Nature 221 (1969) 844.
    """
    require_positive("temperature", temperature, TEMPERATURE)
    require_positive("thickness", thickness, LENGTH)
    born = born_energy(valence, radius, relative_permittivity, reference_relative_permittivity)
    if not np.all(2.0 * np.asarray(radius) < thickness):
        raise CaseError(f"radius is {radius}; expected below half the thickness of the slab, which is {thickness}")
    middle = np.multiply(0.5, thickness)
    image = image_energy(valence, middle, thickness, relative_permittivity, reference_relative_permittivity)
    result: FloatLike = np.exp(-(born + image) / (GAS_CONSTANT * temperature))
    return result
