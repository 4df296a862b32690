"""Rows of the ladder about charge: capacitors, charged faces and walls, Donnan potentials, pores, images, sensors.

Predictions are held against closed forms written out here, and every sentence against the numbers of its own row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from references_tools import (
    AVOGADRO,
    FARADAY,
    GAS_CONSTANT,
    ROOM,
    VACUUM,
    WATER,
    bath,
    charged,
    debye_length,
    grahame_charge,
    grahame_potential,
    integral,
    layer,
    lazy_case,
    metal,
    none_of,
    reservoir,
    root,
    sheet,
    thermal_voltage,
    water_permittivity,
)

import electrodiff as ed
from electrodiff import theory
from electrodiff.ladder import charges, compare, optional
from electrodiff.ladder.rung import Absent, Rung, Setting
from electrodiff.membrane import find_membrane
from electrodiff.regime import Limit, Regime, case_regime

CaseOf = Callable[..., ed.Case]
NACL = {"Na": 150.0, "Cl": 150.0}
VT = thermal_voltage(ROOM)
STEADY = [name for name, path in ed.bundled_cases().items() if ed.load_case(path).study.kind == "steady"]
"""The bundled cases that have a ladder."""


def rows_of(case: ed.Case, limits: tuple[Limit, ...] = ()) -> list[Rung | Absent]:
    """The ladder's rows about charge, with a regime of these limits."""
    membrane = find_membrane(case)
    setting = Setting(case, ed.solve(case), Regime(case, membrane, limits), membrane, None)
    return [row for model in (*charges.MODELS, *optional.MODELS) for row in model(setting)]


def rungs_of(case: ed.Case, limits: tuple[Limit, ...] = ()) -> dict[tuple[str, str], Rung]:
    """The rungs, by model and quantity."""
    return {(row.model, row.quantity): row for row in rows_of(case, limits) if isinstance(row, Rung)}


def absent_of(case: ed.Case) -> dict[str, str]:
    """Reasons of the models that say nothing."""
    return {row.model: row.reason for row in rows_of(case) if isinstance(row, Absent)}


# ---- every sentence agrees with the numbers of its own row --------------------------------------------------------

NUMBER = r"(-?\d[\d.]*(?:e-?\d+)?)"
# A sentence has three digits, or two where it writes a power of ten.
TOLD = {"rel": 0.03, "abs": 1e-5}


def leaves_out(row: Rung, _: re.Match[str]) -> tuple[float, float]:
    """Shares, or charges in uC/cm^2, that add up to what is between the prediction and PNP; small ones go untold."""
    told = re.findall(rf"\((?:{NUMBER}|less than \S+) (%|times|uC/cm\^2) (more|less)", row.reason)
    unit = {"%": 100.0, "times": 1.0, "uC/cm^2": 100.0 / abs(row.pnp)}
    total = math.fsum(float(size or 0) / unit[of] * (1 if way == "more" else -1) for size, of, way in told)
    return 1 + total, 1 + (row.pnp - row.predicted) / row.pnp


def off(row: Rung, match: re.Match[str]) -> tuple[float, float]:
    """ "15 % too much", of PNP."""
    size, way = match.groups()
    return 1 + float(size) / 100 * (1 if way == "much" else -1), row.predicted / row.pnp


def millivolts_between(row: Rung, match: re.Match[str]) -> tuple[float, float]:
    """The main cause, and another that adds to it or takes from it."""
    main, other, way = match.groups()
    total = float(main) + (float(other) * (1 if way in ("more", "further") else -1) if other else 0.0)
    return total, 1e3 * abs(row.difference)


CHECKS: list[tuple[str, Callable[[Rung, re.Match[str]], tuple[float, float]]]] = [
    ("It leaves out", leaves_out),
    (rf"{NUMBER} % too (much|little)", off),
    (rf"{NUMBER} times as much (?:charge|potential)", lambda row, match: (float(match[1]), row.predicted / row.pnp)),
    (rf"move[s]? the potential by {NUMBER} mV(?:; .*? {NUMBER} mV (more|less))?\.$", millivolts_between),
    (rf"move[s]? its potential by {NUMBER} mV(?:; .*? {NUMBER} mV (further|back))?\.$", millivolts_between),
    (rf"that holds .* takes {NUMBER} mV", lambda row, match: (float(match[1]), 1e3 * abs(row.predicted))),
    (
        rf"as the permittivities, {NUMBER} in the liquid and {NUMBER} in the membrane",
        lambda row, match: (max(a := float(match[1]), b := float(match[2])) / min(a, b), row.predicted),
    ),
    (
        rf"it is {NUMBER} uC/cm\^2 in the membrane and {NUMBER} uC/cm\^2 in the liquid",
        lambda row, match: (WATER / 2 * float(match[1]) / float(match[2]), row.predicted),
    ),
    (
        rf"It counts on {NUMBER} uF/cm\^2; .* has {NUMBER} uF/cm\^2",
        lambda row, match: (float(match[1]) / float(match[2]), row.predicted / row.pnp),
    ),
    (rf"P is {NUMBER} times", lambda row, match: (float(match[1]), 10**row.difference)),
    (
        rf"resist {NUMBER} times .* that {NUMBER} % (more|less)",
        lambda row, match: (
            float(match[1]) * (1 + float(match[2]) / 100 * (1 if match[3] == "more" else -1)),
            row.pnp / row.predicted,
        ),
    ),
    (rf"and {NUMBER} times the current", lambda row, match: (float(match[1]), row.pnp / row.predicted)),
    (
        rf"sensor inside sees a voltage {NUMBER} mV more (positive|negative)",
        lambda row, match: (float(match[1]) * (1 if match[2] == "positive" else -1), -1e3 * row.difference),
    ),
    # Grahame's less PNP's potentials of both faces are what is between the two slabs, since both add up to V_m.
    (
        rf"the faces at {NUMBER} mV and {NUMBER} mV .* are at {NUMBER} mV and {NUMBER} mV",
        lambda row, match: (
            (float(match[3]) - float(match[4])) - (float(match[1]) - float(match[2])),
            1e3 * row.difference,
        ),
    ),
    # q / C of the Stern layer; the diffuse layer has the rest.
    (
        rf"Stern layer of {NUMBER} uF/cm\^2 .* hold the same {NUMBER} uC/cm\^2 and share {NUMBER} mV",
        lambda row, match: (
            float(match[2]) / float(match[1])
            if "Stern" in row.label
            else float(match[3]) / 1e3 - float(match[2]) / float(match[1]),
            abs(row.predicted),
        ),
    ),
]

# Sentences of models that leave nothing out: their rows agree.
NOTHING_LEFT_OUT = (
    "ion enters the slab: the voltage alone",
    "It has all that counts: the voltage, the surface charges",
    "which is what the model assumes",
    "so that it is electroneutral inside",
)


def contradicts(row: Rung) -> list[str]:
    """What a sentence says against the numbers of its row; it must say something."""
    if any(words in row.reason for words in NOTHING_LEFT_OUT):
        return [] if row.verdict == "agrees" else [f"{row.verdict}: {row.reason}"]
    if match := re.search(
        rf"liquid beside it holds {NUMBER} .* against {NUMBER} .* {NUMBER} % (more|less)", row.reason
    ):
        off_by = abs(float(match[1]) / float(match[2])) - 1
        told = float(match[3]) / 100 * (1 if match[4] == "more" else -1)
        # More charge in the liquid is a larger drop than Grahame's.
        same_way = (abs(row.pnp) > abs(row.predicted)) == (told > 0)
        return [] if same_way and told == pytest.approx(off_by, abs=0.01) else [row.reason]
    found = [(check, match) for pattern, check in CHECKS if (match := re.search(pattern, row.reason))]
    pairs = [check(row, match) for check, match in found]
    wrong = [f"{told} for {true}: {row.reason}" for told, true in pairs if told != pytest.approx(true, **TOLD)]
    return wrong if found else [f"nothing to check: {row.reason}"]


@pytest.mark.parametrize("name", STEADY)
def test_sentences_agree_with_the_numbers_of_their_rows(name: str, case_of: CaseOf) -> None:
    rungs = [row for row in rows_of(case_of(name)) if isinstance(row, Rung)]
    assert [text for row in rungs for text in contradicts(row)] == []


def test_a_sentence_that_contradicts_its_row_is_noticed(case_of: CaseOf) -> None:
    """A tenth off in the prediction, and every sentence with numbers is wrong."""
    for name in ("resting_potential", "stern_electrode", "spherical_cell_potential", "kcsa_channel"):
        for row in rungs_of(case_of(name)).values():
            if any(words in row.reason for words in NOTHING_LEFT_OUT):
                continue
            wrong = replace(row, predicted=row.predicted + 0.1 * abs(row.predicted))
            assert contradicts(wrong), row.reason


@pytest.mark.parametrize("name", STEADY)
def test_every_row_is_one_sentence_with_finite_numbers(name: str, case_of: CaseOf) -> None:
    for row in rows_of(case_of(name)):
        assert re.fullmatch(r"[A-Z][^\n]*[^.]\.", row.reason)
        # Rows fit a terminal and the margin of a figure.
        assert len(row.reason) <= 200
        assert len(row.title) <= 30
        if isinstance(row, Rung):
            assert np.isfinite([row.predicted, row.pnp, row.scale]).all()
            assert row.scale > 0


# ---- capacitor ----------------------------------------------------------------------------------------------------

LIPID, THICKNESS = 2.0, 5e-9


def lipid_between(
    left: dict[str, float],
    right: dict[str, float],
    voltage: float,
    sheets: tuple[float, float],
    eps: float = WATER,
    **keys,
) -> ed.Case:
    """A lipid without ions between two salts, with surface charges, at a voltage; eps of the right bath."""
    ions = tuple(dict.fromkeys([*left, *right]))
    layers = [
        bath("in", left),
        layer("lipid", THICKNESS, LIPID, partition=none_of(left, right)),
        bath("out", right, eps),
    ]
    faces = [sheet("in", "lipid", sheets[0]), sheet("lipid", "out", sheets[1])]
    ends = {"left": reservoir(left, voltage), "right": reservoir(right)}
    return lazy_case(ions, layers=layers, interfaces=faces, **ends, **keys)()


def test_slab_alone_holds_capacitance_times_voltage(case_of: CaseOf) -> None:
    row = rungs_of(case_of("capacitor"))["capacitor", "surface_charge.left"]
    assert row.predicted == pytest.approx(VACUUM * 2 / 5e-9 * -0.07, rel=1e-12)
    # 1.9 nm of lipid is what two Debye layers of 0.81 nm of water are worth 40 times less: 0.8 %.
    assert row.relative_difference == pytest.approx(2 * 0.809 / 40 / 5, rel=1e-2)


def test_linear_debye_layers_are_in_series_with_the_slab() -> None:
    dilute = {"Na": 10.0, "Cl": 10.0}
    row = rungs_of(lipid_between(NACL, dilute, 1e-3, (0.0, 0.0), 60.0))["capacitor.debye", "surface_charge.left"]
    series = THICKNESS / LIPID + debye_length(NACL) / WATER + debye_length(dilute, 60.0) / 60
    assert row.predicted == pytest.approx(VACUUM / series * 1e-3, rel=1e-9)
    assert row.verdict == "agrees"


@pytest.mark.parametrize("eps", [WATER, 40.0])
def test_gouy_chapman_layers_share_the_voltage_with_the_slab(eps: float) -> None:
    """V = D d / eps - psi_left + psi_right, with baths and permittivities of their own, written out."""
    mixture, sheets, V = {"Na": 100.0, "Ca": 5.0, "Cl": 110.0}, (-0.03, 0.02), -0.09
    case = lipid_between(mixture, NACL, V, sheets, eps)

    def drops(D: float) -> tuple[float, float]:
        left = VT * grahame_potential(sheets[0] - D, mixture)
        return left, VT * grahame_potential(sheets[1] + D, NACL, eps)

    def missing(D: float) -> float:
        left, right = drops(D)
        return D * THICKNESS / (LIPID * VACUUM) - left + right - V

    D = root(missing, -0.01, 0.01)
    left, right = drops(D)
    rungs = rungs_of(case)
    assert rungs["capacitor.layers", "slab_charge.left"].predicted == pytest.approx(D, rel=1e-9)
    assert rungs["capacitor.layers", "debye_drop.left"].predicted == pytest.approx(-left, rel=1e-9)
    assert rungs["capacitor.layers", "debye_drop.right"].predicted == pytest.approx(right, rel=1e-9)
    # It is the exact solution of Poisson and Boltzmann, which PNP's accuracy is 1e-6 away from.
    assert rungs["capacitor.layers", "slab_charge.left"].relative_difference == pytest.approx(0.0, abs=1e-5)
    # Gauss: D jumps by the charge of the face.
    ratio = rungs["gauss", "field_ratio.in|lipid"]
    assert ratio.predicted == pytest.approx((D / LIPID) / ((D - sheets[0]) / WATER), rel=1e-9)
    assert ratio.relative_difference == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize(("geometry", "shell"), [("spherical", 1 + 5 / 50), ("cylindrical", 0.1 / math.log(1.1))])
def test_curved_membrane_holds_more_than_a_flat_one(geometry: str, shell: float, case_of: CaseOf) -> None:
    rungs = rungs_of(case_of("spherical_cell_potential", {"mesh.geometry": geometry}))
    flat, curved = (rungs[model, "surface_charge.left"] for model in ("capacitor", "capacitor.curved"))
    # Per area of the inner face: (1 + d / r) of a sphere, d / (r ln(1 + d / r)) of a cylinder.
    assert curved.predicted / flat.predicted == pytest.approx(shell, rel=1e-9)
    assert curved.verdict == "agrees"
    assert "curvature" in flat.reason
    # 9 % and 5 % too little are known before anything is solved.
    assert flat.outlook == "nearly"


def test_layers_of_a_curved_membrane_have_its_two_areas(case_of: CaseOf) -> None:
    """D r^2 is the same on both faces, so that the outer layer is given (50 / 55)^2 of the inner one's field."""
    sheets = (-0.02, 0.01)
    faces = [sheet("lumen", "membrane", sheets[0]), sheet("membrane", "outside", sheets[1])]
    case = case_of("spherical_cell_potential", {"interfaces": faces, "layers.outside.relative_permittivity": 60.0})
    rungs, T = rungs_of(case), case.temperature
    solution = ed.solve(case)
    inside = dict(zip(case.ions, solution.concentration[:, 0], strict=True))
    inside = {"K": inside["K"], "Cl": inside["K"]}  # the anion of the same valence
    outside, eps = {"K": 4.0, "Na": 146.0, "Cl": 150.0}, VACUUM * 2
    volt, V = thermal_voltage(T), solution.membrane_potential

    def missing(D: float) -> float:
        left = volt * grahame_potential(sheets[0] - D, inside, WATER, T)
        right = volt * grahame_potential(sheets[1] + D * (50 / 55) ** 2, outside, 60.0, T)
        return D * 5e-9 / (eps * 1.1) - left + right - V

    assert rungs["capacitor.layers", "slab_charge.left"].predicted == pytest.approx(
        root(missing, -0.01, 0.01), rel=1e-6
    )


def full_membrane(beta: float) -> ed.Case:
    """150 and 15 mM of KCl across 5 nm of permittivity 2, where both ions have this partition."""
    left, right = {"K": 150.0, "Cl": 150.0}, {"K": 15.0, "Cl": 15.0}
    D = {"K": 1e-11, "Cl": 1e-12}
    slab = layer("membrane", 5e-9, 2.0, partition={"K": beta, "Cl": beta}, diffusivity=D)
    layers = [layer("in", 20e-9), slab, layer("out", 20e-9)]
    return lazy_case(("K", "Cl"), layers=layers, left=reservoir(left, "floating"), right=reservoir(right))()


def test_slab_full_of_ions_is_no_capacitor() -> None:
    limit = Limit("capacitor", "capacitor", "fails", "it is full of ions")
    row = rungs_of(full_membrane(1.0), (limit,))["capacitor", "surface_charge.left"]
    assert (row.outlook, row.verdict) == ("fails", "differs")
    # Of PNP: sqrt(eps R T / (2 F^2 c)) of 150 mM is 0.125 nm, of its mean in the slab, 65 mM, 0.191 nm; 5 nm are 26 of them.
    assert "the ions in the slab, which is 26.2 of its Debye lengths thick" in row.reason
    assert rungs_of(full_membrane(1e-6))["capacitor", "surface_charge.left"].verdict == "near"


def test_outlook_is_the_worst_of_the_limits_of_a_model(case_of: CaseOf) -> None:
    limits = (Limit("capacitor", "", "holds", ""), Limit("debye_hueckel", "", "nearly", ""))
    rungs = rungs_of(case_of("capacitor"), limits)
    assert rungs["capacitor", "surface_charge.left"].outlook == "holds"
    assert rungs["capacitor.debye", "surface_charge.left"].outlook == "nearly"


def test_membranes_that_are_no_capacitors_say_why(case_of: CaseOf) -> None:
    assert "-100 mM of fixed charge" in absent_of(case_of("ion_exchange_membrane"))["capacitor"]
    assert "pore" in absent_of(case_of("selectivity_filter"))["capacitor"]
    assert absent_of(case_of("liquid_junction")) == {}


def test_grahame_leaves_out_the_field_that_the_membrane_lets_through(case_of: CaseOf) -> None:
    rungs, salt = rungs_of(case_of("charged_membrane")), {"K": 140.0, "Na": 10.0, "Cl": 150.0}
    row = rungs["grahame.left", "debye_drop.left"]
    expected = thermal_voltage(310.0) * grahame_potential(-0.05, salt, temperature=310.0)
    assert row.predicted == pytest.approx(-expected, rel=1e-9)
    # The liquid holds 0.94 % less than the face, D / sigma.
    assert "0.938 % less" in row.reason


# ---- cells --------------------------------------------------------------------------------------------------------


def test_ions_that_charge_a_vesicle_are_a_few_of_its_many(case_of: CaseOf) -> None:
    rungs = rungs_of(case_of("spherical_cell_potential"))
    textbook = rungs["charging.textbook", "charging_ions"]
    V, r, e = 0.0967989, 50e-9, FARADAY / AVOGADRO
    assert textbook.predicted == pytest.approx(4 * math.pi * r**2 * 1e-2 * V / e, rel=1e-5)
    # PNP: the sphere's capacitance, in series with two Debye layers of 0.81 nm, 1 % of its own: see the case.
    assert textbook.pnp == pytest.approx(4 * math.pi * r**2 * 3.740672e-4 / e, rel=1e-4)
    share = rungs["charging.textbook", "charging_share"]
    inside = AVOGADRO * 150 * 4 / 3 * math.pi * r**3
    assert share.predicted == pytest.approx(textbook.predicted / inside, rel=2e-3)
    assert share.pnp == pytest.approx(textbook.pnp / inside, rel=2e-3)


@pytest.mark.parametrize("geometry", ["spherical", "cylindrical"])
def test_donnan_potential_of_a_compartment_counts_what_cannot_leave(geometry: str, case_of: CaseOf) -> None:
    row = rungs_of(case_of("spherical_cell_potential", {"mesh.geometry": geometry}))[
        "donnan.compartment", "membrane_potential"
    ]
    # Potassium alone passes, and balances 150 mM of A.
    assert row.predicted == pytest.approx(thermal_voltage(310.0) * math.log(4 / 150), rel=1e-12)
    # Half of the charge in a weak 1:1 Debye layer is made of each ion: C V / (F r / n) / 2 of 150 mM, n = 3 and 2.
    power = {"spherical": 3, "cylindrical": 2}[geometry]
    charge = ed.solve(case_of("spherical_cell_potential", {"mesh.geometry": geometry})).surface_charge["left"]
    missing = -charge * power / (FARADAY * 50e-9) / 2 / 150
    assert row.pnp - row.predicted == pytest.approx(thermal_voltage(310.0) * missing, rel=0.01)


# ---- charged layers -----------------------------------------------------------------------------------------------


def gel(thickness: float, charge: float = -200.0) -> ed.Case:
    layers = [layer("gel", thickness, fixed_charge=charge), bath("bath", NACL)]
    return lazy_case(("Na", "Cl"), layers=layers, left={"kind": "closed"}, right=reservoir(NACL))()


def test_thick_gel_is_at_its_donnan_potential() -> None:
    row = rungs_of(gel(60e-9))["donnan", "potential.gel"]
    assert row.predicted == pytest.approx(VT * math.asinh(-200 / 300), rel=1e-12)
    # e^-40 of 30 nm in the middle is nothing beside PNP's accuracy.
    assert row.pnp == pytest.approx(row.predicted, rel=1e-6)
    assert "electroneutral" in row.reason


def test_thin_gel_reaches_a_part_of_its_donnan_potential() -> None:
    """Linear in weak charge: 1 - [cosh(L / 2 lambda) / cosh(L / lambda)] / (1 + ...) of a slab beside its own solution."""
    thickness, screening = 1e-9, debye_length(NACL)
    row = rungs_of(gel(thickness, -1.0))["donnan", "potential.gel"]
    # y'' = (y - y_D) / lambda^2 with y' = 0 at the closed end and y' = -y / lambda at the face.
    share = 1 - math.exp(-thickness / screening) * math.cosh(thickness / 2 / screening)
    # 1e-3: (y / 6)^2 of a potential of 0.1 mV is far less, the nearest node of the middle half a cell away.
    assert row.pnp / row.predicted == pytest.approx(share, rel=1e-2)
    assert "only 1 nm thick" in row.reason


def test_film_between_baths_has_a_donnan_potential_against_each(case_of: CaseOf) -> None:
    rungs = rungs_of(case_of("ion_exchange_membrane"))
    for side, salt in (("left", 10.0), ("right", 100.0)):
        row = rungs["donnan", f"potential.membrane.{side}"]
        assert row.predicted == pytest.approx(VT * math.asinh(-100 / (2 * salt)), rel=1e-12)
        assert row.verdict == "agrees"


# ---- walls --------------------------------------------------------------------------------------------------------

STERN = {"thickness": 0.4e-9, "relative_permittivity": 10.0}
STERN_CAPACITANCE = 10 * VACUUM / 0.4e-9
DIAMETER = 0.6e-9


def wall_case(wall: dict[str, object], side: str = "left", **keys: object) -> ed.Case:
    ends = {side: wall, "right" if side == "left" else "left": reservoir(NACL)}
    ions = {ion: {"diameter": DIAMETER} if "steric" in keys else {} for ion in NACL}
    return lazy_case(ions, layers=[bath("water", NACL)], **ends, **keys)()


def bikerman(psi: float) -> float:
    """Charge at psi [V]: sigma^2 = (2 eps R T / v) ln(1 + 4 c v sinh^2(y / 2))."""
    v = AVOGADRO * DIAMETER**3
    logarithm = math.log1p(4 * 150 * v * math.sinh(psi / VT / 2) ** 2)
    return math.copysign(math.sqrt(2 * WATER * VACUUM * GAS_CONSTANT * ROOM / v * logarithm), psi)


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_potential_of_a_charged_wall_after_each_model(side: str, sign: int) -> None:
    rungs = rungs_of(wall_case(charged(-0.05), side))
    linear, full = (rungs[model, "membrane_potential"] for model in ("debye_hueckel", "gouy_chapman"))
    assert linear.predicted == pytest.approx(-sign * 0.05 * debye_length(NACL) / (WATER * VACUUM), rel=1e-9)
    assert full.predicted == pytest.approx(sign * VT * grahame_potential(-0.05, NACL), rel=1e-9)
    assert (linear.verdict, full.verdict) == ("differs", "agrees")


def test_charge_behind_a_stern_layer_after_each_model() -> None:
    V = 0.3
    rungs = {
        model: row for (model, name), row in rungs_of(wall_case(metal(V, stern=STERN))).items() if "charge" in name
    }
    psi = root(lambda psi: STERN_CAPACITANCE * (V - psi) - grahame_charge(psi / VT, NACL), 0.0, V)
    debye = WATER * VACUUM / debye_length(NACL)
    expected = {
        "helmholtz": STERN_CAPACITANCE * V,
        "debye_hueckel": V / (1 / STERN_CAPACITANCE + 1 / debye),
        "gouy_chapman": grahame_charge(V / VT, NACL),
        "gouy_chapman_stern": grahame_charge(psi / VT, NACL),
    }
    assert {model: row.predicted for model, row in rungs.items()} == pytest.approx(expected, rel=1e-9)
    assert rungs["gouy_chapman_stern"].relative_difference == pytest.approx(0.0, abs=1e-5)
    # The two that lack a layer say so, with what it takes.
    assert f"takes {1e3 * (V - psi):.0f} mV of the 300 mV" in rungs["gouy_chapman"].reason
    assert "diffuse layer behind" in rungs["helmholtz"].reason


@pytest.mark.parametrize("stern", [None, STERN])
def test_ions_of_a_size_crowd_as_bikerman_has_it(stern: dict[str, object] | None) -> None:
    V = -0.6
    wall = metal(V, stern=stern) if stern else metal(V)
    rungs = rungs_of(wall_case(wall, steric={"model": "bikerman"}))
    row = rungs["bikerman", "electrode_charge.left"]
    C = STERN_CAPACITANCE if stern else math.inf
    psi = root(lambda psi: psi + bikerman(psi) / C - V, V, 0.0)
    assert row.predicted == pytest.approx(bikerman(psi), rel=1e-9)
    assert row.relative_difference == pytest.approx(0.0, abs=1e-5)
    points = rungs["gouy_chapman_stern" if stern else "gouy_chapman", "electrode_charge.left"]
    assert "Point ions would stand at" in points.reason
    assert "leave room for 7.69 M" in points.reason  # 1 / (N_A (0.6 nm)^3)


def test_given_charge_with_ions_of_a_size_is_the_inverse_of_bikerman() -> None:
    row = rungs_of(wall_case(charged(0.6), steric={"model": "bikerman"}))["bikerman", "membrane_potential"]
    assert bikerman(row.predicted) == pytest.approx(0.6, rel=1e-9)


def test_walls_that_are_more_than_walls_in_water_say_so() -> None:
    film = layer("film", 2e-9, fixed_charge=50.0)
    case = lazy_case(("Na", "Cl"), layers=[film, bath("water", NACL)], left=charged(0.01), right=reservoir(NACL))()
    assert "more than ion-free layers" in absent_of(case)["gouy_chapman"]


def test_a_wall_at_the_potential_of_its_bulk_has_no_rows() -> None:
    assert rows_of(wall_case(metal(0.0))) == []


# ---- optional rows ------------------------------------------------------------------------------------------------


def test_images_lower_the_barrier_of_a_thin_slab(case_of: CaseOf) -> None:
    """The series of point images summed term by term, averaged over the slab by quadrature."""
    rungs, case = rungs_of(case_of("lipid_born_barrier")), case_of("lipid_born_barrier")
    eps, water, d, RT = 2.0, water_permittivity(case.temperature), 5e-9, GAS_CONSTANT * case.temperature
    k = (eps - water) / (eps + water)
    n = np.arange(2000)[:, None, None]  # k^4000 = e^-215
    coulomb = FARADAY**2 / AVOGADRO / (16 * math.pi * VACUUM * eps * d)

    def resistance(s: np.ndarray) -> np.ndarray:
        odd = k ** (2 * n + 1) * (1 / (n + s) + 1 / (n + 1 - s))
        even = 2 * k ** (2 * n[1:]) / n[1:]
        return np.exp(coulomb * (odd.sum(axis=0) + even.sum()) / RT)

    mean = integral(resistance, 1e-9, 1 - 1e-9)
    row = rungs["born_image.K", "log_permeability.lipid.K"]
    assert row.difference == pytest.approx(-math.log10(mean), rel=1e-6)
    # The middle is the highest place, and the whole slab no better than its middle.
    in_the_middle = theory.slab_partition(1, 0.138e-9, d, eps, water, 310.0) / np.exp(
        -theory.born_energy(1, 0.138e-9, eps, water) / RT
    )
    assert row.difference > math.log10(in_the_middle)
    # Divalent: four times the energy, and a factor of more than the fourth power of that in the middle.
    assert rungs["born_image.Ca", "log_permeability.lipid.Ca"].difference > 4 * math.log10(in_the_middle)


def channel(**keys: object) -> ed.Case:
    """A pore of 0.5 nm and 3 nm in length, full of bath, which opens as cones of 45 degrees."""
    salt = {"K": 150.0, "Cl": 150.0}
    layers = [layer("in", 20e-9), layer("pore", 3e-9, partition={"K": 1.0, "Cl": 1.0}), layer("out", 20e-9)]
    x = ["0 nm", "20 nm", "23 nm", "43 nm"]
    radius = {"x": x, "value": ["20.5 nm", "0.5 nm", "0.5 nm", "20.5 nm"]}
    ends = {"left": reservoir(salt, 0.05), "right": reservoir(salt)}
    return lazy_case(("K", "Cl"), layers=layers, mesh={"radius": radius}, **ends, **keys)()


def test_current_through_a_pore_full_of_bath_is_that_of_its_resistance_and_access() -> None:
    case = channel()
    D = sum(case.free_diffusivity(ion) for ion in ("K", "Cl"))
    kappa = FARADAY**2 / (GAS_CONSTANT * ROOM) * 150 * D
    row = rungs_of(case)["ohmic_pore", "current"]
    hall = 3e-9 / (kappa * math.pi * 0.25e-18) + 2 / (4 * kappa * 0.5e-9)
    assert row.predicted == pytest.approx(0.05 / hall, rel=1e-9)
    assert row.predicted == pytest.approx(0.05 / float(theory.pore_resistance(0.5e-9, 3e-9, kappa)), rel=1e-9)
    # PNP has cones of flat fronts instead: (1 - a / R) / (pi kappa a) each.
    cones = 3e-9 / (kappa * math.pi * 0.25e-18) + 2 * (1 - 0.5 / 20.5) / (math.pi * kappa * 0.5e-9)
    assert row.pnp == pytest.approx(0.05 / cones, rel=1e-5)


def test_access_resistance_is_that_of_hall_and_a_cone_has_more() -> None:
    case = channel()
    kappa = FARADAY**2 / (GAS_CONSTANT * ROOM) * 150 * sum(case.free_diffusivity(ion) for ion in ("K", "Cl"))
    row = rungs_of(case)["access", "access_resistance.in"]
    assert row.predicted == pytest.approx(1 / (4 * kappa * 0.5e-9), rel=1e-9)
    assert row.pnp == pytest.approx((1 - 0.5 / 20.5) / (math.pi * kappa * 0.5e-9), rel=1e-5)


def test_pore_between_unlike_baths_is_no_resistor(case_of: CaseOf) -> None:
    assert "gradients" in absent_of(case_of("selectivity_filter"))["ohmic_pore"]


def test_sensor_sees_the_membrane_potential_shifted_by_both_faces(case_of: CaseOf) -> None:
    rungs, T = rungs_of(case_of("charged_membrane")), 310.0
    V = thermal_voltage(T) * math.log(4 / 140)
    salts = {"K": 140.0, "Na": 10.0, "Cl": 150.0}, {"K": 4.0, "Na": 146.0, "Cl": 150.0}
    inner, outer = (
        thermal_voltage(T) * grahame_potential(charge, salt, temperature=T)
        for charge, salt in zip((-0.05, -0.01), salts, strict=True)
    )
    alone, shifted = (rungs[model, "layer_drop.membrane"] for model in ("sensor", "gating_shift"))
    assert alone.predicted == pytest.approx(V, rel=1e-9)
    assert shifted.predicted == pytest.approx(V + inner - outer, rel=1e-9)
    # -132.38 mV: the slab between two Grahame layers, an expectation of the case.
    assert alone.pnp == pytest.approx(-0.1323813, abs=1e-5)
    assert (alone.verdict, shifted.verdict) == ("differs", "near")


@pytest.mark.parametrize(("permittivity", "expected"), [(2, "nearly"), (10, "fails"), (0.1, "holds")])
def test_walls_that_let_no_field_through_are_expected_to_be_off_by_what_passes(
    case_of: CaseOf, permittivity: float, expected: str
) -> None:
    """-0.89 mV of 26.7 where the slab has a permittivity of 2, five times as much with 10, a twentieth with 0.1."""
    case = case_of("charged_membrane", {"layers.membrane.relative_permittivity": permittivity})
    row = {row.model: row for row in compare(case, optional.MODELS).rungs}["gating_shift"]
    assert row.outlook == expected
    assert row.verdict == {"holds": "agrees", "nearly": "near", "fails": "differs"}[expected]


@pytest.mark.parametrize(("beta", "outlook"), [(1.0, "fails"), (0.1, "nearly"), (0.01, "holds")])
def test_ions_of_a_slab_with_a_constant_field_still_screen_its_faces(beta: float, outlook: str) -> None:
    """Equal totals keep the field constant, but what the Debye layers do to the faces the ions inside screen.

    Charge over that of a slab without ions: (1 + r / h) / (1 + r coth h), r^2 = beta eps_m / eps_w for the same total on
    both sides, h half the thickness over the Debye length inside.
    """
    left, right = {"K": 150.0, "Na": 1e-9, "Cl": 150.0}, {"K": 1e-9, "Na": 150.0, "Cl": 150.0}
    D = {"K": 2e-14, "Na": 1e-14, "Cl": 1e-14}
    slab = layer("membrane", 5e-9, 2.0, partition=dict.fromkeys(D, beta), diffusivity=D)
    layers = [layer("in", 20e-9), slab, layer("out", 20e-9)]
    case = lazy_case(("K", "Na", "Cl"), layers=layers, left=reservoir(left, -0.02), right=reservoir(right))()
    inner = math.sqrt(VACUUM * 2 * VT / (2 * FARADAY * 150.0 * beta))
    r, h = math.sqrt(2 * beta / WATER), 2.5e-9 / inner
    too_much = (1 + r / math.tanh(h)) / (1 + r / h) - 1
    row = {(row.model, row.quantity): row for row in compare(case, charges.MODELS).rungs}[
        "capacitor.layers", "surface_charge.left"
    ]
    # 20 mV bend the layers a little.
    assert row.relative_difference == pytest.approx(too_much, rel=0.05, abs=1e-4)
    assert row.outlook == outlook
    limit = case_regime(case).limit("capacitor")
    assert limit is not None
    assert limit.outlook == outlook


def test_uncharged_membrane_has_no_row_of_a_sensor(case_of: CaseOf) -> None:
    assert not [model for model, _ in rungs_of(case_of("resting_potential")) if model in ("sensor", "gating_shift")]
