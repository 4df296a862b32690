"""Bad input: exit code 2, one message with file, key, value and remedy, no traceback, nothing written."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# The results of `run`, without the figures: quick to make if a bad case should get through.
RUN = ("run", "my.toml", "--no-plots")


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every folder and file below `folder`, with the contents of the files."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def assert_one_message(exit_code: int, stdout: str, stderr: str, *parts: str) -> None:
    """The promise for bad input, and every part in the message."""
    assert (exit_code, stdout) == (2, ""), stderr
    assert "Traceback" not in stderr
    lines = stderr.splitlines()
    assert len(lines) == 1, stderr
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0]


@pytest.fixture
def refused(electrodiff: Callable, folder: Path) -> Callable:
    """`refused(text, parts, *options)` runs a case text and checks that it is refused and that nothing is written."""

    def run(text: str | bytes, parts: tuple[str, ...], *options: str, command: tuple[str, ...] = RUN) -> None:
        (folder / "my.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        before = tree(folder)
        result = electrodiff(*command, *options)
        assert isinstance(result.exception, SystemExit), repr(result.exception)
        assert_one_message(result.exit_code, result.stdout, result.stderr, *parts)
        assert tree(folder) == before

    return run


def edited(text: str, old: str, new: str) -> str:
    """The text with `old`, which must be there, replaced once."""
    assert old in text
    return text.replace(old, new, 1)


def without(text: str, first: str, stop: str) -> str:
    """The text without the part from `first` up to `stop`."""
    start = text.index(first)
    return text[:start] + text[text.index(stop, start) :]


def test_the_case_that_the_bad_ones_are_edits_of_is_good(electrodiff: Callable, folder: Path, case_text: str) -> None:
    (folder / "my.toml").write_text(case_text)
    assert electrodiff(*RUN).exit_code == 0


def test_the_helper_notices_a_good_case(refused: Callable, case_text: str) -> None:
    with pytest.raises(AssertionError):
        refused(case_text, ())


UNIT = "with a unit, such as"
# What is edited, what it becomes, and what the message must say besides the name of the file: key, value, remedy.
EDITS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # unknown keys, the nearest named
    "unknown table": ("[mesh]", "[mehs]", ("mehs", "did you mean 'mesh'?")),
    "unknown layer key": (
        'thickness = "5 nm"',
        'thicknes = "5 nm"',
        ("layers[1].thicknes", "did you mean 'thickness'?"),
    ),
    "unknown ion key": ("valence = -1", "valency = -1", ("ions.A.valency", "did you mean 'valence'?")),
    "unknown interface key": (
        "surface_charge",
        "surface_chrage",
        ("interfaces[0].surface_chrage", "did you mean 'surface_charge'?"),
    ),
    "unknown end key": (
        'potential = "-65',
        'potental = "-65',
        ("left.potental", "did you mean 'potential'?"),
    ),
    "unknown key like nothing": ("[mesh]", "[qqqqq]", ("qqqqq", "known here are")),
    # bare numbers
    "bare temperature": ('"310 K"', "310", ("temperature is 310", UNIT, "'310 K'")),
    "bare thickness": ('"5 nm"', "5", ("layers[1].thickness is 5", UNIT, "'5 nm'")),
    "bare number in quotes": ('"5 nm"', '"5"', ("layers[1].thickness is '5'", UNIT, "'5 nm'")),
    "bare diffusivity": ('"2e-9 m^2/s"', "2e-9", ("ions.A.diffusivity is 2e-09", UNIT, "m^2/s")),
    "bare concentration": ('"150 mM"', "150", ("left.concentrations.K is 150", UNIT, "mM")),
    "bare potential": ('"-65 mV"', "-65", ("left.potential is -65", UNIT, "mV", "'floating'")),
    "bare zero potential": ('"0 mV"', "0", ("right.potential is 0", UNIT, "mV")),
    "bare fixed charge": ('"0 mM"', "0", ("layers[1].fixed_charge is 0", UNIT)),
    "bare surface charge": ('"0 C/m^2"', "0.0", ("interfaces[0].surface_charge is 0.0", UNIT, "C/m^2")),
    "unit on a pure number": (
        "relative_permittivity = 2\n",
        'relative_permittivity = "2 nm"\n',
        ("layers[1].relative_permittivity is '2 nm'", "expected a plain number"),
    ),
    # wrong dimensions
    "temperature in J": ('"310 K"', '"310 J"', ("temperature is '310 J'", "'310 K'")),
    "thickness in mV": ('"5 nm"', '"5 mV"', ("layers[1].thickness is '5 mV'", "'5 nm'")),
    "diffusivity in m/s": ('"2e-9 m^2/s"', '"2e-9 m/s"', ("ions.A.diffusivity is '2e-9 m/s'", "m^2/s")),
    "concentration in nm": ('"150 mM"', '"150 nm"', ("left.concentrations.K is '150 nm'", "mM")),
    "potential in K": ('"-65 mV"', '"-65 K"', ("left.potential is '-65 K'", "mV")),
    "surface charge in C": ('"0 C/m^2"', '"1 C"', ("interfaces[0].surface_charge is '1 C'", "C/m^2")),
    "unknown unit": ('"5 nm"', '"5 nanometre_"', ("layers[1].thickness is '5 nanometre_'", "unknown", "'5 nm'")),
    # NaN and infinity
    "nan permittivity": (
        "relative_permittivity = 2\n",
        "relative_permittivity = nan\n",
        ("layers[1].relative_permittivity is nan", "finite"),
    ),
    "infinite permittivity": (
        "relative_permittivity = 2\n",
        "relative_permittivity = inf\n",
        ("layers[1].relative_permittivity is inf", "finite"),
    ),
    "nan partition": ("{ K = 1e-4,", "{ K = nan,", ("layers[1].partition.K is nan", "finite")),
    "infinite partition": ("{ K = 1e-4,", "{ K = inf,", ("layers[1].partition.K is inf", "finite")),
    "nan thickness": ('"5 nm"', '"nan nm"', ("layers[1].thickness is 'nan nm'", "'5 nm'")),
    "bare nan": ('"5 nm"', "nan", ("layers[1].thickness is nan", "'5 nm'")),
    "infinite potential": ('"-65 mV"', '"-inf mV"', ("left.potential is '-inf mV'", "mV")),
    "infinite concentration": ('"150 mM"', '"inf mM"', ("left.concentrations.K is 'inf mM'", "mM")),
    "overflowing thickness": ('"5 nm"', '"1e400 nm"', ("layers[1].thickness is '1e400 nm'", "too large")),
    "nan accuracy": ("nodes = 61", "accuracy = nan", ("mesh.accuracy is nan", "finite")),
    "integer too large for a float": (
        "relative_permittivity = 2\n",
        f"relative_permittivity = 1{'0' * 400}\n",
        ("layers[1].relative_permittivity", "finite"),
    ),
    # bounds
    "zero thickness": ('"5 nm"', '"0 nm"', ("layers[1].thickness is '0 nm'", "greater than zero")),
    "negative thickness": ('"5 nm"', '"-5 nm"', ("layers[1].thickness is '-5 nm'", "greater than zero")),
    "zero permittivity": (
        "relative_permittivity = 2\n",
        "relative_permittivity = 0\n",
        ("layers[1].relative_permittivity is 0", "greater than zero"),
    ),
    "negative permittivity": (
        "relative_permittivity = 2\n",
        "relative_permittivity = -2.5\n",
        ("layers[1].relative_permittivity is -2.5", "greater than zero"),
    ),
    "zero temperature": ('"310 K"', '"0 K"', ("temperature is '0 K'", "greater than zero")),
    "negative temperature": ('"310 K"', '"-300 degC"', ("temperature is '-300 degC'", "greater than zero")),
    "temperature without liquid water": ('"310 K"', '"500 K"', ("temperature is '500 K'", "383.15 K")),
    "zero diffusivity": (
        '"2e-9 m^2/s"',
        '"0 m^2/s"',
        ("ions.A.diffusivity is '0 m^2/s'", "greater than zero"),
    ),
    "negative diffusivity in a layer": (
        '"1e-11 m^2/s"',
        '"-1e-11 m^2/s"',
        ("layers[1].diffusivity.K is '-1e-11 m^2/s'", "greater than zero"),
    ),
    "negative concentration": (
        '"150 mM"',
        '"-150 mM"',
        ("left.concentrations.K is '-150 mM'", "must not be negative"),
    ),
    "negative partition": ("{ K = 1e-4,", "{ K = -1e-4,", ("layers[1].partition.K is -0.0001", "must not be negative")),
    "accuracy too large": ("nodes = 61", "accuracy = 0.5", ("mesh.accuracy is 0.5", "0.1")),
    # ions
    "unknown ion without valence": (
        "valence = -1\n",
        "",
        ("ions.A.valence is missing", "not in the table of known ions", "valence = -1"),
    ),
    "unknown ion without diffusivity": (
        'diffusivity = "2e-9 m^2/s"\n',
        "",
        ("ions.A.diffusivity is missing", "m^2/s"),
    ),
    "fractional valence": ("valence = -1\n", "valence = -1.5\n", ("ions.A.valence is -1.5", "whole number")),
    "partition of an ion that is not there": (
        "{ K = 1e-4,",
        "{ Q = 1, K = 1e-4,",
        ("layers[1].partition.Q", "no ion of this name", "K, A"),
    ),
    "partition that leaves out an ion": (
        "partition = { K = 1e-4, A = 2e-4 }",
        "partition = { K = 1e-4 }",
        ("layers[1].partition", "leaves out A", "name every ion"),
    ),
    "empty partition": (
        "partition = { K = 1e-4, A = 2e-4 }",
        "partition = {}",
        ("layers[1].partition", "leaves out K, A", "name every ion"),
    ),
    "partition and permeability": (
        "partition = { K = 1e-4, A = 2e-4 }",
        'partition = { K = 1e-4, A = 2e-4 }\npermeability = { K = "1e-7 m/s" }',
        ("layers[1].permeability.K", "give one of the two"),
    ),
    # layers and interfaces
    "two layers with one name": (
        'name = "outside"',
        'name = "inside"',
        ("layers[2].name is 'inside'", "layers[0] has this name"),
    ),
    "interface of an unknown layer": (
        '["inside", "membrane"]',
        '["inside", "membrnae"]',
        ("interfaces[0].between is ['inside', 'membrnae']", "did you mean 'membrane'?"),
    ),
    "interface of layers that do not touch": (
        '["inside", "membrane"]',
        '["inside", "outside"]',
        ("interfaces[0].between is ['inside', 'outside']", "not neighbours", "inside, membrane, outside"),
    ),
    "interface of a layer with itself": (
        '["inside", "membrane"]',
        '["inside", "inside"]',
        ("interfaces[0].between is ['inside', 'inside']", "not neighbours"),
    ),
    "interface of one layer": ('["inside", "membrane"]', '["inside"]', ("interfaces[0].between",)),
    "interface of three layers": (
        '["inside", "membrane"]',
        '["inside", "membrane", "outside"]',
        ("interfaces[0].between is ['inside', 'membrane', 'outside']",),
    ),
    "interface described twice": (
        "[[interfaces]]",
        '[[interfaces]]\nbetween = ["membrane", "inside"]\n[[interfaces]]',
        ("interfaces[1].between", "twice"),
    ),
    # reservoirs
    "reservoir with a surplus of cations": (
        'K = "150 mM", A = "150 mM"',
        'K = "150 mM", A = "140 mM"',
        ("left.concentrations is", "'A': 140", "not electroneutral", "+10 mM", 'neutralise = "A"'),
    ),
    "reservoir with a surplus of anions": (
        'K = "150 mM", A = "150 mM"',
        'K = "149.5 mM", A = "150 mM"',
        ("left.concentrations is", "not electroneutral", "-0.5 mM", 'neutralise = "K"'),
    ),
    "neutralised ion that is not there": (
        'A = "150 mM" }',
        'A = "150 mM" }\nneutralise = "Q"',
        ("left.neutralise", "'Q'", "K, A"),
    ),
    "concentration of an ion that is not there": (
        'A = "150 mM" }',
        'A = "150 mM", Q = "1 mM" }',
        ("left.concentrations.Q", "no ion of this name"),
    ),
    "misspelt floating": ('"-65 mV"', '"floting"', ("left.potential is 'floting'", "or 'floating'")),
    "end of an unknown kind": (
        'potential = "-65 mV"',
        'potential = "-65 mV"\nkind = "reservior"',
        ("left.kind is 'reservior'", "reservoir"),
    ),
    # mesh, study, expectations
    "fewer nodes than any mesh has": ("nodes = 61", "nodes = 3", ("mesh.nodes is 3", "5")),
    "fewer nodes than the layers need": ("nodes = 61", "nodes = 11", ("mesh.nodes is 11", "at least 13")),
    "fractional number of nodes": ("nodes = 61", "nodes = 61.5", ("mesh.nodes is 61.5", "whole number")),
    "unknown study": ("[mesh]", '[study]\nkind = "stead"\n[mesh]', ("study.kind is 'stead'", "'steady'")),
}


@pytest.mark.parametrize(("old", "new", "parts"), EDITS.values(), ids=EDITS.keys())
def test_a_bad_value_is_refused_by_key_with_its_value_and_a_remedy(
    refused: Callable, case_text: str, old: str, new: str, parts: tuple[str, ...]
) -> None:
    refused(edited(case_text, old, new), ("my.toml", *parts))


def test_a_number_of_thousands_of_digits_is_refused(refused: Callable, case_text: str) -> None:
    # Python itself refuses to read an integer of more than 4300 digits.
    refused(edited(case_text, "nodes = 61", f"nodes = 1{'0' * 5000}"), ("my.toml",))


EXPECT = '[[expect]]\nquantity = "{}"\nvalue = {}\ntolerance = {}\nsource = "a test"\n'
EXPECTATIONS = {
    "unknown quantity": (
        ("membrane_potental", '"-65 mV"', '"1 mV"'),
        ("expect[0].quantity is 'membrane_potental'", "did you mean 'membrane_potential'?"),
    ),
    "unknown ion": (("flux.Q", '"0 mol/m^2/s"', '"1 mol/m^2/s"'), ("expect[0].quantity is 'flux.Q'", "flux.K")),
    "bare value": (("membrane_potential", "-65", '"1 mV"'), ("expect[0].value is -65", UNIT)),
    "wrong dimension": (("membrane_potential", '"-65 nm"', '"1 mV"'), ("expect[0].value is '-65 nm'", "mV")),
    "zero tolerance": (("membrane_potential", '"-65 mV"', '"0 mV"'), ("expect[0].tolerance", "greater than zero")),
    "nan value": (("field_ratio.inside|membrane", "nan", "1"), ("expect[0].value is nan",)),
    "infinite tolerance": (("field_ratio.inside|membrane", "40", "inf"), ("expect[0].tolerance is inf",)),
}


@pytest.mark.parametrize(("entry", "parts"), EXPECTATIONS.values(), ids=EXPECTATIONS.keys())
def test_an_expectation_that_cannot_be_checked_is_refused(
    refused: Callable, case_text: str, entry: tuple[str, str, str], parts: tuple[str, ...]
) -> None:
    refused(case_text + EXPECT.format(*entry), ("my.toml", *parts))


def test_a_case_without_layers_is_refused(refused: Callable, case_text: str) -> None:
    bare = without(without(case_text, "[[layers]]", "[[interfaces]]"), "[[interfaces]]", "[left]")
    refused(bare, ("my.toml", "layers is missing"))
    refused("layers = []\n" + bare, ("my.toml", "layers is []", "at least one"))


def test_a_case_without_ions_is_refused(refused: Callable, case_text: str) -> None:
    bare = without(case_text, "[ions.K]", "[[layers]]")
    refused(bare, ("my.toml", "ions is missing"))
    refused("ions = {}\n" + bare, ("my.toml", "ions is {}", "at least one"))


def test_only_one_end_may_float(refused: Callable, case_text: str) -> None:
    both = case_text.replace('"-65 mV"', '"floating"').replace('"0 mV"', '"floating"')
    refused(both, ("my.toml", "right.potential is 'floating'", "both ends float", "0 mV"))


def test_an_end_cannot_float_if_no_ion_can_carry_a_current(refused: Callable, case_text: str) -> None:
    sealed = case_text.replace('"-65 mV"', '"floating"').replace("K = 1e-4, A = 2e-4", "K = 0, A = 0")
    refused(sealed, ("my.toml", "left.potential is 'floating'", "zero at any potential", "give a potential"))


@pytest.mark.parametrize(
    ("concentrations", "parts"),
    [
        ('A = "150 mM" }\nneutralise = "N"', ("left.neutralise is 'N'", "no charge")),
        ('A = "200 mM" }\nneutralise = "C"', ("left.neutralise is 'C'", "-50 mM", "other sign")),
    ],
    ids=["uncharged", "negative"],
)
def test_the_neutralising_ion_must_be_able_to_do_it(
    refused: Callable, case_text: str, concentrations: str, parts: tuple[str, ...]
) -> None:
    ions = "".join(f'[ions.{ion}]\nvalence = {z}\ndiffusivity = "1e-9 m^2/s"\n' for ion, z in (("N", 0), ("C", -1)))
    text = edited(case_text, "[[layers]]", ions + "[[layers]]").replace("A = 2e-4 }", "A = 2e-4, N = 0, C = 0 }")
    refused(edited(text, 'A = "150 mM" }', concentrations), ("my.toml", *parts))


# ---- transporters and pathways -----------------------------------------------------------------------------------

LIVING = """
[[transporters]]
name = "pump"
layer = "membrane"
stoichiometry = { K = -2, A = 1 }
law = "michaelis_menten"
rate = "5e-9 mol/m^2/s"
half_saturation = { left = { A = "10 mM" }, right = { K = "1.5 mM" } }
hill = { right = { K = 2 } }
voltage_dependence = { kind = "linear", scale = "100 mV" }
atp = 1

[[pathways]]
name = "channels"
layer = "membrane"
conductance = { K = "0.5 mS/cm^2" }
at = "-65 mV"

[[pathways]]
name = "leak"
layer = "membrane"
channels = [{ ion = "A", density = "1 /um^2", conductance = "20 pS", open_probability = 0.5 }]
at = "-65 mV"
"""
RATE_TEXT = 'rate = "5e-9 mol/m^2/s"'
HALVES = 'half_saturation = { left = { A = "10 mM" }, right = { K = "1.5 mM" } }'
LIVING_EDITS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # transporters: unknown keys, and names of things that are not there
    "misspelt key": ("atp = 1", "apt = 1", ("transporters[0].apt", "did you mean 'atp'?")),
    "unknown layer": (
        'layer = "membrane"',
        'layer = "membrnae"',
        ("transporters[0].layer is 'membrnae'", "did you mean 'membrane'?", "inside, membrane, outside"),
    ),
    "unknown ion": ("A = 1 }", "Na = 1 }", ("transporters[0].stoichiometry.Na", "no ion of this name", "K, A")),
    "half saturation of an unknown ion": (
        'left = { A = "10 mM" }',
        'left = { Na = "10 mM" }',
        ("transporters[0].half_saturation.left.Na", "no ion of this name", "K, A"),
    ),
    "sides called otherwise": (
        'left = { A = "10 mM" }',
        'inside = { A = "10 mM" }',
        ("transporters[0].half_saturation.inside", "'left' or 'right'"),
    ),
    "no side": (
        HALVES,
        'half_saturation = { A = "10 mM" }',
        ("transporters[0].half_saturation.A", "'left' or 'right'"),
    ),
    "unknown law": ('"michaelis_menten"', '"michaelis"', ("transporters[0].law is 'michaelis'", "'michaelis_menten'")),
    "senses nothing": ("atp = 1", 'senses = "faces"', ("transporters[0].senses is 'faces'", "'bulk' or 'face'")),
    "name with a dot": ('"pump"', '"Na.K"', ("transporters[0].name is 'Na.K'", "dots")),
    "no name": ('name = "pump"\n', "", ("transporters[0].name is missing",)),
    "one table": ("[[transporters]]", "[transporters]", ("transporters is {", "expected a list")),
    # their rates
    "no rate": (RATE_TEXT, "", ("transporters[0].rate is missing", "1e-8 mol/m^2/s", "density and turnover")),
    "bare rate": (RATE_TEXT, "rate = 5e-9", ("transporters[0].rate is 5e-09", UNIT, "mol/m^2/s")),
    "rate of a cell": (RATE_TEXT, 'rate = "5 mol/s"', ("transporters[0].rate is '5 mol/s'", UNIT, "mol/m^2/s")),
    "two rates": (
        RATE_TEXT,
        RATE_TEXT + '\ndensity = "1000 /um^2"\nturnover = "100 /s"',
        ("transporters[0].rate is", "not both"),
    ),
    "density without turnover": (
        RATE_TEXT,
        'density = "1000 /um^2"',
        ("transporters[0].turnover is missing", "100 /s"),
    ),
    "turnover without density": (
        RATE_TEXT,
        'turnover = "100 /s"',
        ("transporters[0].density is missing", "1000 /um^2"),
    ),
    "bare density": (
        RATE_TEXT,
        'density = 1000\nturnover = "100 /s"',
        ("transporters[0].density is 1000", UNIT, "1000 /um^2"),
    ),
    "turnover of an area": (
        RATE_TEXT,
        'density = "1000 /um^2"\nturnover = "100 /s/m^2"',
        ("transporters[0].turnover is '100 /s/m^2'", UNIT, "100 /s"),
    ),
    "negative scale": ("atp = 1", "scale = -1", ("transporters[0].scale is -1", "must not be negative")),
    "scale in percent": (
        "atp = 1",
        'scale = "50 %"',
        ("transporters[0].scale is '50 %'", "such as 0.5", "0 blocks it"),
    ),
    "ATP as a word": ("atp = 1", 'atp = "one"', ("transporters[0].atp is 'one'", "such as 1")),
    "scale that is no number": ("atp = 1", "scale = nan", ("transporters[0].scale is nan", "finite")),
    "negative atp": ("atp = 1", "atp = -1", ("transporters[0].atp is -1", "must not be negative")),
    "negative rate": (RATE_TEXT, 'rate = "-5e-9 mol/m^2/s"', ("transporters[0].rate is", "must not be negative")),
    "turnover in rad": (
        RATE_TEXT,
        'density = "1000 /um^2"\nturnover = "100 rad/s"',
        ("transporters[0].turnover is '100 rad/s'", UNIT, "100 /s"),
    ),
    # their laws
    "half saturation of a law without": (
        'law = "michaelis_menten"',
        'law = "constant"',
        ("transporters[0].half_saturation is", "'constant'", 'law = "michaelis_menten"'),
    ),
    "law without half saturation": (
        HALVES + "\nhill = { right = { K = 2 } }",
        "",
        ("transporters[0].half_saturation is missing", "K = "),
    ),
    "half saturation in nm": ('"10 mM"', '"10 nm"', ("transporters[0].half_saturation.left.A is '10 nm'", UNIT, "mM")),
    "half saturation of zero": ('"10 mM"', '"0 mM"', ("transporters[0].half_saturation.left.A", "greater than zero")),
    "exponent without half saturation": (
        "right = { K = 2 }",
        "left = { K = 2 }",
        ("transporters[0].hill.left.K", "half_saturation.left has no K"),
    ),
    "negative exponent": ("K = 2 }", "K = -2 }", ("transporters[0].hill.right.K is -2", "must not be negative")),
    "cubic law without sodium": (
        'law = "michaelis_menten"\n' + RATE_TEXT + "\n" + HALVES + "\nhill = { right = { K = 2 } }",
        'law = "cubic_sodium"\n' + RATE_TEXT,
        ("transporters[0].law is 'cubic_sodium'", "no ion 'Na'"),
    ),
    "no ions": ("{ K = -2, A = 1 }", "{}", ("transporters[0].stoichiometry is {}", "at least one")),
    "none of an ion": ("A = 1 }", "A = 0 }", ("transporters[0].stoichiometry.A is", "leave it out")),
    "ions with a unit": ("A = 1 }", 'A = "1 mM" }', ("transporters[0].stoichiometry.A is '1 mM'", "plain number")),
    "infinitely many ions": ("A = 1 }", "A = inf }", ("transporters[0].stoichiometry.A is inf", "finite")),
    "ions that are no number": ("A = 1 }", "A = nan }", ("transporters[0].stoichiometry.A is nan", "finite")),
    "ions as text": ("A = 1 }", 'A = "1" }', ("transporters[0].stoichiometry.A is '1'", "plain number")),
    "unknown voltage dependence": (
        '"linear"',
        '"quadratic"',
        ("transporters[0].voltage_dependence.kind is 'quadratic'", "'linear' or 'exponential'"),
    ),
    "no voltage": ('"100 mV"', '"0 mV"', ("transporters[0].voltage_dependence.scale", "must not be zero", "100 mV")),
    "bare voltage": ('"100 mV"', "100", ("transporters[0].voltage_dependence.scale is 100", UNIT, "mV")),
    "voltage dependence without a scale": (
        ', scale = "100 mV"',
        "",
        ("transporters[0].voltage_dependence.scale is missing",),
    ),
    # pathways
    "misspelt key of a pathway": (
        "conductance = { K",
        "conductence = { K",
        ("pathways[0].conductence", "did you mean 'conductance'?"),
    ),
    "pathway of an unknown ion": (
        '{ K = "0.5 mS/cm^2" }',
        '{ Na = "0.5 mS/cm^2" }',
        ("pathways[0].conductance.Na", "no ion of this name", "K, A"),
    ),
    "conductance of no area": ('"0.5 mS/cm^2"', '"0.5 mS"', ("pathways[0].conductance.K is '0.5 mS'", UNIT, "mS/cm^2")),
    "bare conductance": ('"0.5 mS/cm^2"', "0.5", ("pathways[0].conductance.K is 0.5", UNIT, "mS/cm^2")),
    "negative conductance": ('"0.5 mS/cm^2"', '"-0.5 mS/cm^2"', ("pathways[0].conductance.K", "must not be negative")),
    "pathway that lets nothing pass": (
        'conductance = { K = "0.5 mS/cm^2" }\n',
        "",
        ("pathways[0].permeability is missing", "lets nothing pass", "1e-7 m/s"),
    ),
    "ion that is given twice": (
        'conductance = { K = "0.5 mS/cm^2" }',
        'conductance = { K = "0.5 mS/cm^2" }\npermeability = { K = "1e-9 m/s" }',
        ("pathways[0].conductance.K is '0.5 mS/cm^2'", "given twice"),
    ),
    "two pathways with one name": ('"leak"', '"channels"', ("pathways[1].name is 'channels'", "give each its own")),
    "channels of an unknown ion": (
        'ion = "A"',
        'ion = "Q"',
        ("pathways[1].channels[0].ion is 'Q'", "no ion of this name", "K, A"),
    ),
    "channels without a conductance": (
        ' conductance = "20 pS",',
        "",
        ("pathways[1].channels[0].conductance is missing",),
    ),
    "channel with the conductance of an area": (
        '"20 pS"',
        '"20 pS/m^2"',
        ("pathways[1].channels[0].conductance is '20 pS/m^2'", UNIT, "20 pS"),
    ),
    "channel that is open more than always": (
        "open_probability = 0.5",
        "open_probability = 1.5",
        ("pathways[1].channels[0].open_probability is 1.5", "between 0 and 1"),
    ),
    "bare potential of a conductance": ('at = "-65 mV"', "at = -65", ("pathways[0].at is -65", UNIT, "mV")),
    "gate without a slope": (
        'at = "-65 mV"',
        'at = "-65 mV"\ngating = { half_potential = "-80 mV" }',
        ("pathways[0].gating.slope is missing",),
    ),
    "gate of no slope": (
        'at = "-65 mV"',
        'at = "-65 mV"\ngating = { half_potential = "-80 mV", slope = "0 mV" }',
        ("pathways[0].gating.slope", "must not be zero", "1 mV"),
    ),
}


def test_the_living_case_that_the_bad_ones_are_edits_of_is_good(
    electrodiff: Callable, folder: Path, case_text: str
) -> None:
    (folder / "my.toml").write_text(case_text + LIVING)
    result = electrodiff(*RUN)
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize(("old", "new", "parts"), LIVING_EDITS.values(), ids=LIVING_EDITS.keys())
def test_a_bad_transporter_or_pathway_is_refused_by_key_with_its_value_and_a_remedy(
    refused: Callable, case_text: str, old: str, new: str, parts: tuple[str, ...]
) -> None:
    refused(case_text + edited(LIVING, old, new), ("my.toml", *parts))


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("-55", (UNIT, "kJ/mol")),
        ('"-55 kJ"', (UNIT, "kJ/mol")),
        ('"55 kJ/mol"', ("below zero", "-55 kJ/mol")),
        ('"-20 kT"', ("-20", "per mole", "-55 kJ/mol")),
    ],
)
def test_a_free_energy_of_atp_without_its_unit_or_sign_is_refused(
    refused: Callable, case_text: str, value: str, parts: tuple[str, ...]
) -> None:
    refused(f"atp_free_energy = {value}\n{case_text}", ("my.toml", "atp_free_energy is", *parts))


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("transporters.pump.scale=-1", ("my.toml", "transporters[0].scale is -1", "must not be negative")),
        ("transporters.pmup.scale=0", ("my.toml", "transporters.pmup.scale", "did you mean 'pump'?")),
        ("transporters.pump.rte=1", ("my.toml", "transporters[0].rte", "did you mean 'rate'?")),
        ("pathways.chanels.scale=0", ("my.toml", "pathways.chanels.scale", "did you mean 'channels'?")),
        ("pathways.channels.conductance.K=1", ("my.toml", "pathways[0].conductance.K is 1", UNIT)),
    ],
)
def test_a_bad_override_of_a_transporter_or_a_pathway_is_refused(
    refused: Callable, case_text: str, override: str, parts: tuple[str, ...]
) -> None:
    refused(case_text + LIVING, parts, "--set", override)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ('set = { "transporters.NKCC1.scale" = 0 }', ("transporters.NKCC1.scale", "it has pump")),
        ('set = { "transporters.pump.scale" = -1 }', ("transporters.pump.scale is -1", "must not be negative")),
        ('set = { "transporters.pump.rate" = 1 }', ("transporters.pump.rate is 1", "with a unit")),
        ('set = { "transporters.pump.name" = "x" }', ("transporters.pump.name is 'x'", "name")),
        ('set = { "transporters" = [] }', ("transporters is []", "a scale of 0 blocks one")),
        (
            'set = { "pathways.channels.gating" = { half_potential = "-40 mV", slope = "5 mV" } }',
            ("pathways.channels.gating", "which ions are gated"),
        ),
        ('over = "1 ms"\nramp = { "transporters.pump.scale" = 0 }', ("transporters.pump.scale", "use set")),
    ],
)
def test_a_protocol_that_cannot_change_a_transporter_is_refused(
    refused: Callable, case_text: str, change: str, parts: tuple[str, ...]
) -> None:
    study = f'\n[study]\nkind = "transient"\nend = "1 s"\n[[study.protocol]]\nat = "0.5 s"\n{change}\n'
    refused(case_text + LIVING + study, ("my.toml", "study.protocol[0]", *parts))


# ---- files -------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_a_way_to_make_one(electrodiff: Callable, folder: Path) -> None:
    result = electrodiff("run", "nowhere/my.toml")
    assert_one_message(result.exit_code, result.stdout, result.stderr, "nowhere/my.toml", "electrodiff new")
    assert tree(folder) == {}


def test_a_misspelt_bundled_case_is_named(electrodiff: Callable) -> None:
    result = electrodiff("run", "clamped_membrame")
    assert_one_message(result.exit_code, result.stdout, result.stderr, "clamped_membrame", "'clamped_membrane'")


def test_a_folder_is_not_a_case(electrodiff: Callable, folder: Path) -> None:
    (folder / "my.toml").mkdir()
    result = electrodiff("run", "my.toml")
    assert_one_message(result.exit_code, result.stdout, result.stderr, "my.toml", "directory")


@pytest.mark.parametrize("text", ["temperature = = 3", "\0", "[[layers]\n", "a = 1\na = 2\n", "a = " + "[" * 5000])
def test_what_is_not_toml_is_refused(refused: Callable, text: str) -> None:
    refused(text, ("my.toml", "TOML" if len(text) < 100 else "nested too deeply"))


def test_the_place_of_a_toml_error_is_named(refused: Callable, case_text: str) -> None:
    line = case_text[: case_text.index("thickness")].count("\n") + 1
    refused(edited(case_text, "thickness =", "thickness"), ("my.toml", "TOML", f"line {line}"))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_what_is_not_utf8_is_refused(refused: Callable, case_text: str, encoding: str) -> None:
    refused(case_text.replace("Test", "Tést").encode(encoding), ("my.toml", "byte", "UTF-8"))


def test_an_empty_file_is_not_a_case(refused: Callable) -> None:
    refused("", ("my.toml", "temperature is missing", "more after this"))


def test_a_file_of_the_wrong_kind_is_refused(refused: Callable) -> None:
    refused(bytes(range(256)) * 10, ("my.toml", "UTF-8"))


# ---- options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("left.potential", ("--set left.potential", "KEY=VALUE")),
        ("=-70 mV", ("--set", "KEY=VALUE")),
        ("left.potental=-70 mV", ("my.toml", "left.potental", "did you mean 'potential'?")),
        ("left.potential=-70", ("my.toml", "left.potential is -70", "mV")),
        ("left.potential=", ("my.toml", "left.potential is ''", "mV")),
        ("layers.membrnae.thickness=4 nm", ("my.toml", "layers.membrnae.thickness", "did you mean 'membrane'?")),
        ("layers.7.thickness=4 nm", ("my.toml", "layers.7.thickness", "inside, membrane, outside")),
        ("interfaces.1.surface_charge=1 C/m^2", ("my.toml", "interfaces.1.surface_charge")),
        ("temperature.value=300 K", ("my.toml", "temperature.value", "shorten the key")),
        ("layers.membrane.partition.Q=1", ("my.toml", "partition.Q", "K, A")),
        ("layers=[]", ("my.toml", "layers is []")),
    ],
)
def test_a_bad_override_is_refused(refused: Callable, case_text: str, override: str, parts: tuple[str, ...]) -> None:
    refused(case_text, parts, "--set", override)


def test_one_bad_override_among_good_ones_is_refused(refused: Callable, case_text: str) -> None:
    good = ("--set", "left.potential=-70 mV", "--set", "temperature=300 K")
    refused(case_text, ("my.toml", "layers[1].thickness is '-1 nm'"), *good, "--set", "layers.membrane.thickness=-1 nm")


@pytest.mark.parametrize("formats", [["gif"], ["png", "PDF"], [""]])
def test_an_unknown_format_is_refused(refused: Callable, case_text: str, formats: list[str]) -> None:
    options = [option for name in formats for option in ("--format", name)]
    refused(case_text, ("--format", formats[-1], "png, svg, pdf"), *options, command=("run", "my.toml"))


@pytest.mark.parametrize("out", ["file", "file/results", "file/a/b"])
def test_results_cannot_go_below_a_file(refused: Callable, folder: Path, case_text: str, out: str) -> None:
    (folder / "file").write_text("in the way")
    refused(case_text, (f"--out {out}", "is a file", "choose another"), "--out", out)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_results_cannot_go_where_one_may_not_write(refused: Callable, folder: Path, case_text: str) -> None:
    locked = folder / "locked"
    locked.mkdir(mode=0o555)
    refused(case_text, ("--out locked/results", "not writable", "choose another"), "--out", "locked/results")


def test_a_folder_that_says_it_is_not_writable_is_believed(
    refused: Callable, monkeypatch: pytest.MonkeyPatch, case_text: str
) -> None:
    # The test above, for the superuser: the system is made to say what it would say to anybody else.
    monkeypatch.setattr("electrodiff.cli_checks.os.access", lambda *_: False)
    refused(case_text, ("--out results/my", "not writable", "choose another"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that refuses everybody")
def test_a_folder_that_cannot_be_made_is_refused(refused: Callable, case_text: str) -> None:
    refused(case_text, ("/proc/electrodiff", "choose another"), "--quiet", "--out", "/proc/electrodiff")


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "a", "b"], ["run", "--nodes", "5", "a"], ["rum", "a"], ["plot"], ["new"]]
)
def test_wrong_usage_has_exit_code_2_and_no_traceback(electrodiff: Callable, arguments: list[str]) -> None:
    result = electrodiff(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage" in result.stderr
    assert "Traceback" not in result.stderr


# ---- the real thing: in another process --------------------------------------------------------------------------


def run_process(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "electrodiff", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('"5 nm"', "5", ("layers[1].thickness is 5", "'5 nm'")),
        ("temperature =", "temperature", ("TOML", "line 2")),
        ("Test membrane", "Test \udce9", ("UTF-8",)),
        ("nodes = 61", "nodes = 6", ("mesh.nodes is 6", "13")),
    ],
    ids=["bare number", "not TOML", "not UTF-8", "too few nodes"],
)
def test_a_process_that_refuses_says_so_once_and_leaves_nothing(
    tmp_path: Path, case_text: str, old: str, new: str, parts: tuple[str, ...]
) -> None:
    text = edited(case_text, old, new).encode("utf-8", "surrogateescape")
    (tmp_path / "my.toml").write_bytes(text)
    before = tree(tmp_path)
    done = run_process(tmp_path, *RUN)
    assert_one_message(done.returncode, done.stdout, done.stderr, "my.toml", *parts)
    assert tree(tmp_path) == before


def test_unreadable_bytes_in_an_argument_are_refused(tmp_path: Path, case_text: str) -> None:
    (tmp_path / "my.toml").write_text(case_text)
    arguments: list[Any] = [sys.executable, "-m", "electrodiff", *RUN, "--set"]
    done = subprocess.run([*arguments, b"title=\xff"], cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert_one_message(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"), "my.toml", "title")


def test_a_user_without_a_home_can_work(tmp_path: Path) -> None:
    """As in a container whose user may not write his home folder; `cases` reads units, and so needs pint's cache."""
    done = run_process(tmp_path, "cases", HOME="/dev/null", XDG_CACHE_HOME="/dev/null")
    assert done.returncode == 0, done.stderr[-500:]
    assert "clamped_membrane" in done.stdout


def test_a_damaged_cache_does_no_harm(tmp_path: Path) -> None:
    """As when two first runs start at once, and one reads the cache of units that the other has begun to write."""
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = run_process(tmp_path, "cases", **cache)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    second = run_process(tmp_path, "cases", **cache)
    assert (second.returncode, second.stdout) == (0, first.stdout), second.stderr[-500:]
