"""Where the expected values are from.  What each work states is in our words; its sign convention as it is used here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

OURS = "x from left (inside) to right (outside); V = phi(left) - phi(right); fluxes and currents positive to the right"
"""The signs of this program."""
WALL = "potential of the wall relative to the bulk; charge of the wall"
SIZE = "no sign"


@dataclass(frozen=True)
class Source:
    """A publication."""

    key: str
    authors: str
    year: int
    where: str
    """Journal or publisher, volume, first page; or chapter."""
    states: str
    """What is taken from it."""
    convention: str
    """The sign convention in which its numbers are given here."""

    @property
    def citation(self) -> str:
        """In one line."""
        return f"{self.authors}, {self.where} ({self.year})"

    @property
    def short(self) -> str:
        """First author and year: "Ng 1995"."""
        return f"{self.authors.split(',')[0].split(' ')[-1]} {self.year}"


_ALL = (
    Source(
        "nernst1889", "W. Nernst", 1889, "Z. phys. Chem. 4, 129", "V = (RT/zF) ln(c_right/c_left) with one ion", OURS
    ),
    Source(
        "goldman1943", "D. E. Goldman", 1943, "J. Gen. Physiol. 27, 37", "current of an ion in a constant field", OURS
    ),
    Source(
        "hodgkin1949",
        "A. L. Hodgkin, B. Katz",
        1949,
        "J. Physiol. 108, 37",
        "potential without current of a membrane whose field is constant",
        OURS,
    ),
    Source(
        "planck1890", "M. Planck", 1890, "Ann. Phys. 276, 561", "potential of an electroneutral layer at rest", OURS
    ),
    Source(
        "schloegl1954",
        "R. Schloegl",
        1954,
        "Z. phys. Chem. (N. F.) 1, 305",
        "electroneutral diffusion of ions of any valences",
        OURS,
    ),
    Source(
        "henderson1907",
        "P. Henderson",
        1907,
        "Z. phys. Chem. 59, 118",
        "potential of a junction whose composition is linear in x",
        OURS,
    ),
    Source(
        "lewis1909",
        "G. N. Lewis, L. W. Sargent",
        1909,
        "J. Am. Chem. Soc. 31, 363",
        "junction of two salts with a common ion at one concentration",
        OURS,
    ),
    Source(
        "bard2001",
        "A. J. Bard, L. R. Faulkner",
        2001,
        "Electrochemical Methods, 2nd ed., table 2.3.2",
        "0.1 M HCl | 0.1 M KCl: 26.78 mV measured",
        "size; the side of the salt is positive",
    ),
    Source(
        "ng1995",
        "B. Ng, P. H. Barry",
        1995,
        "J. Neurosci. Methods 56, 37",
        "junction potentials by Henderson with relative mobilities (K 1), at 20 degC, printed to 0.1 mV",
        "phi(second solution) - phi(first solution), the second solution on the right",
    ),
    Source(
        "harper1985",
        "H. W. Harper",
        1985,
        "J. Phys. Chem. 89, 1659",
        "junctions of one salt at two concentrations, measured",
        "phi(dilute) - phi(concentrated), the concentrated solution on the left",
    ),
    Source(
        "marino2014",
        "M. Marino, L. Misuri, D. Brogioli",
        2014,
        "arXiv:1403.3640",
        "ZnCl2 9 mM | ZnCl2 0.0284 mM, KCl 3 mM: 20.796 mV by stationary Nernst and Planck",
        "size; the left solution is positive",
    ),
    Source("gouy1910", "G. Gouy", 1910, "J. Phys. (Paris) 9, 457", "diffuse layer of a charged wall", WALL),
    Source("grahame1947", "D. C. Grahame", 1947, "Chem. Rev. 41, 441", "charge of a wall in any mixture", WALL),
    Source("stern1924", "O. Stern", 1924, "Z. Elektrochem. 30, 508", "ion-free layer before the diffuse one", WALL),
    Source(
        "debye1923",
        "P. Debye, E. Hueckel",
        1923,
        "Phys. Z. 24, 185",
        "screening where potentials are far below RT/F",
        "phi relative to the bulk",
    ),
    Source(
        "davies1962",
        "C. W. Davies",
        1962,
        "Ion Association (Butterworths)",
        "activity coefficients up to 0.5 M",
        OURS,
    ),
    Source(
        "robinson1959",
        "R. A. Robinson, R. H. Stokes",
        1959,
        "Electrolyte Solutions, 2nd ed. (Butterworths)",
        "mean activity coefficient of 0.1 m NaCl at 25 degC: 0.778, measured",
        SIZE,
    ),
    Source("gauss", "C. F. Gauss", 1839, "Werke 5, 197", "eps E is continuous; capacitors of any shape", OURS),
    Source("born1920", "M. Born", 1920, "Z. Phys. 1, 45", "energy of an ion in a dielectric", SIZE),
    Source("fick1855", "A. Fick", 1855, "Ann. Phys. 170, 59", "diffusion; flux and decay by its equation", OURS),
    Source("ohm1827", "G. S. Ohm", 1827, "Die galvanische Kette", "current through an even salt solution", OURS),
    Source(
        "hodgkin1952",
        "A. L. Hodgkin, A. F. Huxley",
        1952,
        "J. Physiol. 117, 500",
        "open fraction 1 / (1 + exp(-(V - V_half) / slope))",
        OURS,
    ),
    Source("donnan1911", "F. G. Donnan", 1911, "Z. Elektrochem. 17, 572", "equilibrium with ions that stay", OURS),
    Source(
        "teorell1935",
        "T. Teorell",
        1935,
        "Proc. Soc. Exp. Biol. Med. 33, 282",
        "a charged layer between two salt solutions; with K. H. Meyer, J.-F. Sievers, Helv. Chim. Acta 19 (1936) 649",
        "phi(right) - phi(left), the dilute solution on the left",
    ),
    Source(
        "bazant2004",
        "M. Z. Bazant, K. Thornton, A. Ajdari",
        2004,
        "Phys. Rev. E 70, 021506",
        "a blocking cell is charged in lambda L / D, L half of its gap; exact transform of the linear problem",
        WALL,
    ),
    Source(
        "macdonald1953",
        "J. R. Macdonald",
        1953,
        "Phys. Rev. 92, 4",
        "impedance of a salt between blocking electrodes",
        "e^(i omega t): a capacitance has a negative imaginary part",
    ),
    Source(
        "kilic2007",
        "M. S. Kilic, M. Z. Bazant, A. Ajdari",
        2007,
        "Phys. Rev. E 75, 021502",
        "charge of crowded ions; their capacitance peaks and falls",
        WALL,
    ),
    Source("bikerman1942", "J. J. Bikerman", 1942, "Phil. Mag. 33, 384", "ions of finite size", WALL),
    Source(
        "mullins1963",
        "L. J. Mullins, K. Noda",
        1963,
        "J. Gen. Physiol. 47, 117",
        "potential of a cell whose pump carries r Na for one K",
        OURS,
    ),
    Source("thomas1972", "R. C. Thomas", 1972, "Physiol. Rev. 52, 563", "a 3:2 pump adds (RT/F) ln(3/2) at most", SIZE),
    Source(
        "kay2017",
        "A. R. Kay",
        2017,
        "Front. Cell Dev. Biol. 5, 41",
        "pump-leak: leaks of Ohm's law, a pump of constant rate, water",
        "inside less outside",
    ),
    Source(
        "keener1998",
        "J. Keener, J. Sneyd",
        1998,
        "Mathematical Physiology (Springer), ch. 2",
        "pump and leaks of each ion balance, and the cell is neutral",
        "inside less outside",
    ),
    Source(
        "duesterwald2018",
        "K. M. Duesterwald, C. B. Currin, R. J. Burman, C. J. Akerman, A. R. Kay, J. V. Raimondo",
        2018,
        "eLife 7, e39575",
        "default neuron, outside|inside K 3.5|122.873, Na 145|14.002, Cl 119|5.163 mM, RT/F 26.725 mV",
        "inside less outside",
    ),
    Source(
        "pods2013",
        "J. Pods, J. Schoenke, P. Bastian",
        2013,
        "Biophys. J. 105, 242",
        "axon at 279.45 K, outside|inside K 4|125, Na 100|12 mM; slab of permittivity 2 and 5 nm",
        "inside less outside",
    ),
    Source(
        "kierzenka2001",
        "J. Kierzenka, L. F. Shampine",
        2001,
        "ACM Trans. Math. Softw. 27, 299",
        "collocation of boundary-value problems, as in scipy.integrate.solve_bvp; the equations are solved with it",
        OURS,
    ),
    Source(
        "design",
        "electrodiff design",
        2026,
        "table of limits that the program was built for",
        "a 5 nm film of 50 mM gives 43 % of the Donnan potential",
        "film less bath",
    ),
    Source(
        "specification",
        "electrodiff specification",
        2026,
        "numbers that were given before the program was written",
        "pump-leak after Kay (2017) at 37 degC with g_Na 0.1, g_K 3, g_Cl 0.2 S/m^2, pump 0.005 A/m^2, outside Na 147, K 3, "
        "Cl 140, impermeant anions 10 mM; potentials of Teorell, Meyer and Sievers for NaCl 10 | 100 mM",
        "pump-leak: inside less outside; films: phi(right) - phi(left), the dilute solution on the left",
    ),
)

SOURCES: Mapping[str, Source] = MappingProxyType({source.key: source for source in _ALL})
"""By key."""
