"""Tutorial and course, followed word for word: commands, what they print, pictures, and the numbers of the worked answers."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import course_numbers
import electrodiff as ed
from page_commands import follow, installs, pixels, shows

DOCS = Path(__file__).parents[1] / "docs"
LESSONS = sorted((DOCS / "course").glob("[0-9]_*.md"))
FOLLOWED = [DOCS / "tutorial.md", *LESSONS]
"""Pages with pictures."""
EXPLANATIONS = sorted((DOCS / "explanation").glob("*.md"))
FIXED = ("## The equation", "## Run it", "## Look", "## Questions", "## Worked answers")
BOLD = re.compile(r"\*\*([-+]?[\d.]+)\*\*")
LARGEST_PICTURE = 150_000
"""Of one picture [bytes], so that the site stays light."""
LIKE = 1.0
"""Mean difference of a stored picture from what is drawn, of 255: its palette makes 0.1, another figure over 5."""


PINNED = re.findall(r"(?m)^matplotlib==(.+)$", (DOCS.parent / "constraints.txt").read_text(encoding="utf-8"))[0]
"""The matplotlib that has drawn the stored pictures."""


@pytest.fixture(autouse=True, scope="session")
def compiled() -> None:
    """The kernels are compiled before the first command, which would say so."""
    ed.solve(ed.load_case(ed.bundled_case("nernst_potassium")))


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def alike(shown: Path, drawn: Path) -> bool:
    """Whether two pictures look the same."""
    one, other = pixels(shown), pixels(drawn)
    return one.shape == other.shape and float(np.abs(one - other).mean()) < LIKE


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_page_can_be_followed_word_for_word_in_an_empty_directory(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures = list(follow(page))
    assert pictures
    for picture in pictures:
        assert picture.shown.stat().st_size < LARGEST_PICTURE
        # Another matplotlib sets letters elsewhere.
        if mpl.__version__ == PINNED:
            assert alike(picture.shown, picture.drawn), (
                f"{picture.shown.name}: draw it anew with tests/page_commands.py"
            )


def test_example_of_the_error_estimates_prints_what_is_shown():
    assert list(follow(DOCS / "explanation" / "errors.md")) == []


def test_every_picture_of_tutorial_and_course_is_on_its_page():
    shown = {name for page in FOLLOWED for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text(page))}
    stored = {f"tutorial/{path.name}" for path in (DOCS / "tutorial").glob("*.png")}
    assert shown == stored | {path.name for path in (DOCS / "course").glob("*.png")}


def test_tutorial_installs_as_the_readme_does():
    (install,) = [
        code for code in re.findall(r"```sh\n(.*?)```", text(DOCS / "tutorial.md"), re.DOTALL) if installs(code)
    ]
    assert "pip install ." in (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert install.splitlines()[1].endswith("-m pip install .")


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_lesson_has_equation_case_figure_and_three_questions_with_answers(page):
    lesson = text(page)
    assert tuple(re.findall(r"^## .+$", lesson, re.MULTILINE)) == FIXED
    run, questions, answers = (lesson.split(heading)[1].split("\n## ")[0] for heading in (FIXED[1], FIXED[3], FIXED[4]))
    assert re.findall(r"^(\d)\. ", questions, re.MULTILINE) == ["1", "2", "3"]
    assert re.findall(r"^### (\d)\. ", answers, re.MULTILINE) == ["1", "2", "3"]
    names = re.findall(r"^electrodiff (?:run|compare) (\w+)", run, re.MULTILINE)
    assert names
    assert set(names) <= set(ed.bundled_cases())
    assert all(BOLD.search(answer) for answer in re.split(r"^### ", answers, flags=re.MULTILINE)[1:])


@pytest.mark.parametrize("page", [*LESSONS, DOCS / "explanation" / "beyond.md"], ids=lambda page: page.stem)
def test_every_number_of_the_worked_answers_is_computed(page):
    shown = BOLD.findall(text(page))
    computed = course_numbers.PAGES[page.stem]()
    assert len(shown) == len(computed)
    for number, value in zip(shown, computed, strict=True):
        decimals = len(number.partition(".")[2])
        # All digits that are shown: half of the last one, and the rounding of the half itself.
        assert float(number) == pytest.approx(value, abs=0.5001 * 10**-decimals), (number, value)


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_no_decimal_number_of_an_answer_is_neither_computed_nor_given(page):
    """What is not in bold in an answer stands in the question, in what was printed, in the case, or in bold elsewhere."""
    lesson = text(page)
    before, answers = lesson.split(FIXED[4])
    cases = [
        Path(ed.bundled_case(name)).read_text()
        for name in set(re.findall(r"\b[a-z]+_?[a-z0-9_]+\b", lesson)) & set(ed.bundled_cases())
    ]
    given = " ".join([before, *cases, *BOLD.findall(answers), *text(DOCS / "course" / "5_pump.md").splitlines()])
    known = {float(number) for number in re.findall(r"\d+\.?\d*", given)}
    prose = re.sub(r"```.*?```|\$.*?\$|`.*?`|\*\*.*?\*\*", "", answers, flags=re.DOTALL)
    loose = [number for number in re.findall(r"\d+\.\d+", prose) if float(number) not in known]
    assert [number for number in loose if number not in WORKED.get(page.stem, ())] == []


WORKED = {
    "1_capacitor": ("0.05", "0.95", "0.56"),  # the 5 % asked for, and 2 x 0.28071 mV of the table
    "4_ghk": ("5.8", "0.48"),  # 0.04 x 145 and 0.04 x 12
}
"""Steps on the way, that the reader does in the head."""


def test_equations_of_the_lessons_are_those_of_the_list():
    number = re.compile(r"\\tag\{(\w+)\}")
    listed = text(DOCS / "explanation" / "equations.md")
    assert len(number.findall(listed)) == len(set(number.findall(listed)))
    for page in [*LESSONS, DOCS / "model.md", DOCS / "scheme.md"]:
        equations = re.findall(r"\$\$(.*?)\$\$", text(page), re.DOTALL)
        tagged = {found.group(1): formula for formula in equations if (found := number.search(formula))}
        for tag, formula in tagged.items():
            (same,) = [other for other in re.findall(r"\$\$(.*?)\$\$", listed, re.DOTALL) if f"\\tag{{{tag}}}" in other]
            assert " ".join(formula.split()) == " ".join(same.split()), (page.name, tag)


@pytest.mark.parametrize("page", [*FOLLOWED, DOCS / "course" / "index.md", *EXPLANATIONS], ids=lambda page: page.stem)
def test_links_of_tutorial_course_and_explanation_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(page)):
        assert (page.parent / target).exists(), target


# ---- the checks can fail -----------------------------------------------------------------------------------------


def test_a_line_that_was_not_printed_is_seen():
    printed = "one\ntwo   2 +- 3e-9\nthree\nfour\n"
    assert shows("one\n...\nthree\nfour\n", printed)
    assert shows("...\ntwo 2 +- 1e-9\n...\n", printed)
    for wrong in (
        "one\nthree\n...\n",
        "two 2 +- 3e-9\n...\n",
        "...\nthree\n",
        "...\nfour\n...\nthree\n...\n",
        "...\ntwo 3 +- 3e-9\n...\n",
    ):
        assert not shows(wrong, printed), wrong


def test_a_page_with_a_wrong_digit_is_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = "```sh\nelectrodiff run capacitor --no-plots\n```\n```text\nMembrane as a capacitor\n...\n{}\n...\n```\n"
    right = "capacitance, charge / potential          0.35133 uF/cm^2 +- 2e-9"
    assert list(follow(DOCS / "none.md", page.format(right))) == []
    with pytest.raises(AssertionError, match="shows"):
        list(follow(DOCS / "none.md", page.format(right.replace("0.35133", "0.35134"))))


def test_another_picture_is_seen():
    one, other = DOCS / "course" / "5_cell.png", DOCS / "course" / "6_cell.png"
    assert alike(one, one)
    assert not alike(one, other)
