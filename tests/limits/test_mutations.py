"""Wrong case files: each is refused by one message that helps; and the judge of messages, shown to complain of others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import mutations
from mutation_check import faults_of_refusal

COUNT, PARTS = 500, 10

DATA = b"""\
temperature = "310 K"
[ions.K]
valence = 1
[[layers]]
name = "membrane"
thickness = "5 parsnips"
"""
GOOD = "error: my.toml: layers[0].thickness is '5 parsnips'; the unit is unknown; expected a length, such as '5 nm'\n"


@pytest.mark.parametrize("part", range(PARTS))
def test_mutations_of_the_fixed_seed_are_refused_as_promised(part: int) -> None:
    outcomes = [mutations.run_mutant(mutations.SEED, index) for index in range(part, COUNT, PARTS)]
    failed = [f"{each.mutant.index}: {each.faults[0]}: {each.message[:300]!r}" for each in outcomes if each.faults]
    assert not failed, "python benchmarks/mutations.py --only INDEX:\n" + "\n".join(failed)
    # Most of them are wrong, or the mutations would show nothing.
    assert sum(each.is_valid for each in outcomes) < 0.4 * len(outcomes)


def test_one_mutation_in_a_process_of_its_own() -> None:
    mutant = mutations.Mutant(0, "none", ("none",), DATA)
    assert not mutations.judged_in_process(mutant).faults


def test_every_kind_of_mutation_is_drawn_and_follows_from_seed_and_index() -> None:
    drawn = [mutations.draw(3, index) for index in range(600)]
    assert {mutant.kinds[0] for mutant in drawn} == {*mutations.KINDS}
    assert drawn[:50] == [mutations.draw(3, index) for index in range(50)]


# ---- the judge complains ------------------------------------------------------------------------------------------


def complaints(message: str, exit_code: int = 2, stdout: str = "", data: bytes = DATA) -> list[str]:
    return faults_of_refusal("my.toml", data, exit_code, stdout, message)


def test_the_judge_is_content_with_a_good_message() -> None:
    assert complaints(GOOD) == []


def test_the_judge_sees_a_wrong_exit_code_and_results() -> None:
    assert complaints(GOOD, exit_code=1) == ["exit code 1"]
    assert complaints(GOOD, stdout="{}")


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("", "lines on stderr"),
        (GOOD + GOOD, "2 lines on stderr"),
        ("Traceback (most recent call last):\n" + GOOD, "a traceback"),
        (GOOD.replace("my.toml", "case"), "name of the file"),
        (GOOD.replace("nm'", "nm'" + "." * 2000), "a message of"),
        (GOOD.replace("parsnips", "\x1b[31m"), "cannot be printed"),
        (GOOD.replace("parsnips", "\u202e"), "cannot be printed"),
        (GOOD.replace("layers[0].thickness", "the thickness"), "no"),
        (GOOD.replace("layers[0]", "layers[1]"), "no"),
        (GOOD.replace("'5 parsnips'", "'5e-9'"), "value of layers[0].thickness"),
        (GOOD.replace("is '5 parsnips'", "looks odd"), "what is the matter"),
        ("error: my.toml: layers[0].thickness is missing; add it\n", "is not missing"),
        ("error: my.toml: layers[0].thicknes is not a known key; known here are name\n", "the file has no"),
        ("error: my.toml: layers[0].thickness is '5 parsnips'; how odd\n", "no remedy"),
        ("error: my.toml: something is wrong\n", "the file has no"),
    ],
)
def test_the_judge_sees_a_message_that_does_not_help(message: str, complaint: str) -> None:
    assert any(complaint in each for each in complaints(message)), complaints(message)


def test_the_judge_wants_a_line_of_what_is_no_toml() -> None:
    broken = DATA.replace(b"=", b"", 1)
    assert complaints("error: my.toml: this is not TOML: expected '='; mend it\n", data=broken)
    assert not complaints(
        "error: my.toml: this is not TOML: expected '=' (at line 1, column 13); mend it\n", data=broken
    )


def test_the_judge_sees_what_a_refusal_leaves_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(*_: object) -> tuple[int, str, str, str]:
        Path("out").mkdir()
        return 2, "", GOOD.replace("my.toml", mutations.FILE), ""

    monkeypatch.setattr(mutations, "_called", careless)
    assert mutations.judged(mutations.Mutant(0, "none", ("none",), DATA)).faults == ("left behind: out",)


def test_the_judge_sees_a_warning_an_exception_and_a_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: object) -> tuple[int, str, str, str]:
        import warnings

        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        return 1, "", "", "TypeError: odd"

    monkeypatch.setattr(mutations, "_called", odd)
    monkeypatch.setattr(mutations, "LONGEST", -1.0)
    faults = mutations.judged(mutations.Mutant(0, "none", ("none",), DATA)).faults
    assert "exit code 1" in faults
    assert "TypeError: odd" in faults
    assert "warning: RuntimeWarning: overflow" in faults
    assert any(fault.endswith(" s") for fault in faults)
