"""Case files that mutations have found to be answered wrongly, late, or by a message that did not help."""

import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from electrodiff import CaseError, case_regime, load_case, parse_case
from electrodiff.case_tree import MOST_BYTES, MOST_ENTRIES, MOST_LEVELS
from electrodiff.errors import ResultError, shown_key, shown_names, shown_value

# Nobody waits longer to be told of a slip [s of processor time].
LONGEST = 2.0
CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture
def message(electrodiff: Callable, folder: Path) -> Callable[..., str]:
    """`message(text)`: the one line by which `run` refuses a case file, soon, and without a trace."""

    def refused(text: str | bytes, *options: str) -> str:
        (folder / "my.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        start = time.process_time()
        done = electrodiff("run", "my.toml", "--no-plots", *options)
        assert time.process_time() - start < LONGEST
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        assert (done.exit_code, done.stdout) == (2, "")
        assert [path.name for path in folder.iterdir()] == ["my.toml"]
        line = str(done.stderr).removesuffix("\n")
        assert line.isprintable()
        assert len(line) < 1500
        assert line.startswith("error: my.toml: ")
        return line.removeprefix("error: my.toml: ")

    return refused


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


# ---- sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fill", [b"# nothing\n", b"\x00", b" ", b"[", b"\xff"], ids=["comment", "nul", "space", "[", "ff"]
)
def test_ten_megabytes_are_not_read(message: Callable, fill: bytes) -> None:
    text = message(fill * (10_000_000 // len(fill)))
    assert text == f"the file is longer than {MOST_BYTES:,} bytes; check that it is a case file, or shorten it"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without an end")
def test_a_file_without_an_end_is_not_read() -> None:
    with pytest.raises(CaseError, match="/dev/zero: the file is longer than"):
        load_case("/dev/zero")


@pytest.mark.parametrize("key", ["a" + ".a" * 300_000, "[" + ".".join(["a"] * 1000) + "]\na", '"a"' + '.  "a"' * 1000])
def test_keys_of_very_many_parts_are_refused_before_they_are_read(message: Callable, case_text: str, key: str) -> None:
    line = case_text.count("\n") + 1
    assert message(f"{case_text}{key} = 1\n").startswith(
        f"line {line} has a key of more than {MOST_LEVELS} parts; take out"
    )


def test_numbers_with_dots_are_no_keys(message: Callable, case_text: str) -> None:
    assert message(f"{case_text}x = [{'1.5, ' * 1000}]\n").startswith("mesh.x is not a known key")


@pytest.mark.parametrize("value", ["[" * 200 + "]" * 200, "{ a.b.c.d.e.f = " * 50 + "1" + " }" * 50])
def test_values_that_are_very_deep_are_refused(message: Callable, case_text: str, value: str) -> None:
    assert "nested" in message(f"{case_text}x = {value}\n")


@pytest.mark.parametrize("table", ["layers", "expect", "transporters", "unknown"])
def test_tens_of_thousands_of_tables_are_refused(message: Callable, case_text: str, table: str) -> None:
    bare = (
        re.sub(r"\[\[layers\]\].*?(?=\[\[interfaces)", "", case_text, flags=re.DOTALL)
        if table == "layers"
        else case_text
    )
    count = MOST_ENTRIES + 1
    assert message(bare + f"[[{table}]]\n" * count).startswith(
        f"{table} has {count:,} entries; a case has {MOST_ENTRIES:,}"
    )


def test_ten_thousand_unknown_keys_are_counted_soon(message: Callable, case_text: str) -> None:
    keys = "".join(f"k{number} = 1\n" for number in range(9000))
    text = message(edited(case_text, "[ions.A]\n", f"[ions.A]\n{keys}"))
    assert text.startswith("ions.A.k0 is not a known key; known here are valence, diffusivity, diameter")
    assert text.endswith("(8999 more after this)")


def test_thousands_of_changes_at_once_are_checked_soon(message: Callable, case_text: str) -> None:
    keys = ", ".join(f"k{number} = 1" for number in range(9000))
    study = f'[study]\nkind = "transient"\nend = "1 us"\n[[study.protocol]]\nset = {{ {keys} }}\n'
    assert "study.protocol[0].set.k0 is 1; with it k0 is not a known key" in message(case_text + study)


@pytest.mark.parametrize("number", ["0x" + "f" * 20_000, "1" + "0" * 5000, "-0o" + "7" * 20_000])
def test_whole_numbers_of_thousands_of_digits_are_refused(message: Callable, case_text: str, number: str) -> None:
    message(edited(case_text, "nodes = 61", f"nodes = {number}"))


def test_an_energy_of_thousands_of_digits_is_refused_soon(message: Callable) -> None:
    text = (CASES / "sodium_filter.toml").read_text()
    assert message(edited(text, '"7 kJ/mol"', f'"{"9" * 60_000}"')).startswith("layers[1].barrier.Na is ")


def test_long_names_and_texts_are_cut_in_messages(message: Callable, case_text: str) -> None:
    assert message(case_text + "k" * 100_000 + " = 1\n").startswith("mesh." + "k" * 50)
    assert "layers[1].name is 'aaaa" in message(edited(case_text, '"membrane"', f'"{"a" * 50_000}"'))
    assert "title is 'aaaa" in message(edited(case_text, "Test membrane", "a" * 5000))
    assert "..." in message(edited(case_text, '"310 K"', f'"{"9" * 5000}"'))


def test_a_permittivity_beyond_everything_is_a_slip(message: Callable, case_text: str) -> None:
    """It made `check` look for the potential of a wall for minutes."""
    text = message(edited(case_text, "relative_permittivity = 80", "relative_permittivity = 1e-300"))
    assert text.startswith("layers[0].relative_permittivity is 1e-300; it must lie between 0.001 and 1e+06")


# ---- places -----------------------------------------------------------------------------------------------------------

WALL = """\
temperature = "310 K"
[ions.K]
[ions.Cl]
[[layers]]
name = "water"
thickness = "20 nm"
relative_permittivity = 80
[left]
kind = "wall"
potential = "10 mV"
stern = { thickness = "0.3 nm", relative_permittivity = 10 }
[right]
kind = "reservoir"
concentrations = { K = "150 mM", Cl = "150 mM" }
potential = "0 mV"
"""


@pytest.mark.parametrize(
    ("old", "new", "start"),
    [
        ('"20 nm"', '"20 mV"', "layers[0].thickness is '20 mV'"),
        ('"0.3 nm"', '"0.3"', "left.stern.thickness is '0.3'"),
        ("relative_permittivity = 10", "relative_permittivity = -1", "left.stern.relative_permittivity is -1"),
        ("relative_permittivity = 80", 'barrier = { Na = "1 kT" }', "layers[0].relative_permittivity is missing"),
        ('name = "water"', 'name = "left stern"', "layers[0].name is 'left stern'; left.stern has this name already"),
    ],
)
def test_a_stern_layer_does_not_shift_the_places_of_layers(message: Callable, old: str, new: str, start: str) -> None:
    assert message(edited(WALL, old, new)).startswith(start)


def test_a_stern_layer_at_either_end_is_named_by_its_wall(message: Callable) -> None:
    text = (
        re.sub(r"\[right\].*", "", WALL, flags=re.DOTALL)
        + '[right]\nkind = "wall"\nstern = { thickness = 5, relative_permittivity = 2 }\n'
    )
    assert message(text).startswith("right.stern.thickness is 5;")


def test_a_stern_layer_beside_ions_that_are_none(message: Callable) -> None:
    assert message(re.sub(r"\[ions\.\w+\]\n", "", "ions = 5\n" + WALL)).startswith(
        "ions is 5; expected a table of keys"
    )


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ('""', 'mesh."" is not a known key'),
        ('" "', 'mesh." " is not a known key'),
        ('"a[0]"', 'mesh."a[0]" is not a known key'),
        ('"\\u001b[31m"', 'mesh."\\x1b[31m" is not a known key'),
        ('"\\u202eK"', 'mesh."\\u202eK" is not a known key'),
        ('"a\\nb"', 'mesh."a\\nb" is not a known key'),
    ],
)
def test_keys_that_would_not_be_seen_for_keys_are_quoted(
    message: Callable, case_text: str, key: str, start: str
) -> None:
    assert message(f"{case_text}{key} = 1\n").startswith(start)


@pytest.mark.parametrize(
    ("old", "new", "start"),
    [
        ("A = 2e-4 }", "A = 2e-4, Q = 0.5 }", "layers[1].partition.Q is 0.5; the case has no ion of this name"),
        ('K = "150 mM"', '"" = "150 mM"', "left.concentrations.\"\" is '150 mM'; the case has no ion of this name"),
        ('title = "Test membrane"', "title = 2024-02-29", "title is 2024-02-29; expected text in quotes"),
        ('["inside", "membrane"]', "[]", "interfaces[0].between is []; expected the names of two"),
        ('"310 K"', '"226.85 degC"', "temperature is '226.85 degC'; the properties of liquid water"),
    ],
)
def test_the_value_is_the_one_that_is_written(
    message: Callable, case_text: str, old: str, new: str, start: str
) -> None:
    assert message(edited(case_text, old, new)).startswith(start)


def test_the_ion_of_a_channel_is_named_by_its_place(message: Callable, case_text: str) -> None:
    one = '{{ ion = "{}", density = "1 /um^2", conductance = "20 pS" }}'
    channels = f"[{one.format('K')}, {one.format('Q')}]"
    pathway = f'[[pathways]]\nname = "leak"\nlayer = "membrane"\nchannels = {channels}\nat = "-65 mV"\n'
    assert message(case_text + pathway).startswith(
        "pathways[0].channels[1].ion is 'Q'; the case has no ion of this name"
    )


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-1" + "0" * 4000])
def test_an_expectation_of_hundreds_of_digits_is_refused(message: Callable, case_text: str, number: str) -> None:
    entry = f'[[expect]]\nquantity = "field_ratio.inside|membrane"\nvalue = {number}\ntolerance = 1\nsource = "none"\n'
    assert message(case_text + entry).startswith("expect[0].value is ")


def test_a_name_that_begins_with_dots_is_shown_with_them(message: Callable, case_text: str) -> None:
    assert message('"../x" = 1\n' + case_text).startswith("../x is not a known key")


def test_long_names_in_a_remedy_are_cut_too(message: Callable, case_text: str) -> None:
    name = "a" * 50_000
    pathway = f'[[pathways]]\nname = "leak"\nlayer = "{name}"\npermeability = {{ K = "1e-9 m/s" }}\n'
    assert message(case_text + pathway).endswith("the layers are inside, membrane, outside")
    entry = f'[[expect]]\nquantity = "{name}"\nvalue = 1\ntolerance = 1\nsource = "none"\n'
    assert "known are" in message(case_text + entry)


KEYS_OF_AN_AXIS = 'keys = ["layers.membrane.partition.K", "layers.membrane.partition.Cl"]'


@pytest.mark.parametrize(
    ("keys", "start"),
    [
        ('["layers.membrane.partition.K", "5 nm"]', "keys[1] is '5 nm'; a case has no key '5 nm'"),
        (
            '["layers.membrane.partition.K", "layers.membrane.partition.K"]',
            "keys[1] is 'layers.membrane.partition.K'; another axis, or this one, changes it too",
        ),
    ],
)
def test_one_of_several_keys_of_an_axis_is_named_by_its_place(message: Callable, keys: str, start: str) -> None:
    text = (CASES / "ghk_validity_map.toml").read_text()
    assert message(edited(text, KEYS_OF_AN_AXIS, f"keys = {keys}")).startswith(f"study.axes[1].{start}")


def test_an_ion_that_a_pathway_has_twice_is_named_by_its_second_place(message: Callable) -> None:
    text = (CASES / "electrogenic_pump.toml").read_text()
    table = '\n[[pathways]]\nname = "twice"\nlayer = "membrane"\npermeability = { K = "1e-9 m/s" }\n'
    twice = table + 'conductance = { K = "1 mS/cm^2" }\n'
    expected = "conductance.K is '1 mS/cm^2'; K is given twice"
    assert re.match(rf"pathways\[\d+\]\.{re.escape(expected)}", message(text + twice))


def test_a_hundred_volts_across_charges_are_checked_without_infinities() -> None:
    """Of two factors e^(z F phi / R T) one overflows, and the part of the resistance beside it is no number but 0."""
    case = load_case(CASES / "kcsa_channel.toml").changed({"left.potential": -100.0, "expect": []})
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert case_regime(case) is not None


def test_both_key_and_keys_of_an_axis_are_told_of_the_one_that_is_there(message: Callable, case_text: str) -> None:
    axis = '{ key = "temperature", keys = ["temperature"], values = ["300 K"] }'
    text = message(f'{case_text}[study]\nkind = "sweep"\naxes = [{axis}]\n')
    assert text.startswith("study.axes[0].key is 'temperature'; give one key = ")
    assert text.endswith("and not both")


def test_what_is_no_toml_is_told_with_its_line_to_the_end(message: Callable) -> None:
    assert message("a = [1,\n\n").startswith("this is not TOML: Invalid value (at the end, line 2); mend it there")


@pytest.mark.parametrize("name", ["a" * 5000, "a/" * 3000])
def test_a_name_that_no_file_can_have_is_refused(electrodiff: Callable, name: str) -> None:
    done = electrodiff("run", name)
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot be read" in done.stderr


def test_a_name_with_a_nul_is_refused() -> None:
    with pytest.raises(CaseError, match=r"a\\x00b: the file cannot be read"):
        load_case("a\x00b")


# ---- what a case needs of water ---------------------------------------------------------------------------------------


def test_a_case_below_the_freezing_point_is_checked_without_what_is_about_water(case_text: str) -> None:
    own = edited(case_text, "[ions.K]\n", '[ions.K]\ndiffusivity = "2e-9 m^2/s"\n')
    cold = case_regime(parse_case(edited(own, "310 K", "5 K")))
    warm = case_regime(parse_case(own))
    assert {limit.name for limit in warm.limits} - {limit.name for limit in cold.limits} == {"ideal_solution"}


@pytest.mark.parametrize("more", ['[activity]\nmodel = "davies"\n', ""], ids=["activity", "Born radius"])
def test_what_needs_the_permittivity_of_water_is_refused_where_it_is_not_known(
    message: Callable, case_text: str, more: str
) -> None:
    own = edited(case_text, "[ions.K]\n", '[ions.K]\ndiffusivity = "2e-9 m^2/s"\n') + more
    if not more:
        own = edited(own, "partition = { K = 1e-4, A = 2e-4 }", 'born_radius = { K = "0.2 nm", A = "0.2 nm" }')
    assert message(edited(own, "310 K", "5 K")).startswith("temperature is '5 K'; the properties of liquid water")


# ---- how messages show what is in a file ------------------------------------------------------------------------------


def test_errors_are_one_line_that_can_be_printed() -> None:
    for error in (CaseError, ResultError):
        assert str(error("a\nb\x1b[2J\u202e\ud800\x85é µ")) == r"a\nb\x1b[2J\u202e\ud800\x85é µ"


def test_values_are_cut_and_always_shown() -> None:
    assert shown_value("a" * 100) == "'" + "a" * 76 + "..."
    assert shown_value(16**20_000) == "a value too large to be shown"
    assert shown_value("\x1b") == r"'\x1b'"


def test_names_are_quoted_where_they_must_be_and_cut() -> None:
    assert [shown_key(name) for name in ("K", "sodium pump", "", " K", "a[0]", "é")] == [
        *("K", "sodium pump", '""', '" K"', '"a[0]"', "é")
    ]
    assert shown_names(map(str, range(100))).endswith("38, 39 and 60 more")


def test_a_result_given_as_a_case_is_told_from_a_case(message: Callable) -> None:
    assert message(b"\x89HDF\r\n\x1a\n\x00") == (
        "byte 0 begins a result (NetCDF), not a case; give the TOML file that it was made from"
    )


def test_a_value_where_a_list_is_wanted_is_shown_as_a_list(message: Callable) -> None:
    text = edited(
        (CASES / "ghk_validity_map.toml").read_text(),
        '["ghk_difference", "planck_difference", "debye_ratio"]',
        "'debye_ratio'",
    )
    assert message(text) == "study.quantities is 'debye_ratio'; expected a list, such as ['debye_ratio']"
