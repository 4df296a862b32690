"""The documentation site: what it is generated from is complete, and what checks it can fail.

`make docs` builds it, with warnings as errors, and checks every link in it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import typer.main
import yaml
from docutils.utils.math import MathError

import api_pages
import assemble
import benchmarks_page
import check_links
import electrodiff as ed
import gallery_pages
import mathml
from commands_page import commands_page
from electrodiff.cli import app
from electrodiff.model import case_schema
from electrodiff.verify.sources import SOURCES
from members import NAMESPACES, Name, public_names
from references_page import BIBLIOGRAPHY, read_bibliography
from schema_page import schema_page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import store  # noqa: E402

DOCS = ROOT / "docs"
NAMES = [name for namespace in NAMESPACES for name in public_names(namespace)]
UNIT = re.compile(
    r"\[[^\]]+\]|SI\b|\bunits?\b|[Dd]imensionless|\b(number|share|fraction|relative|ratio|part|dataset|path)\b",
    re.IGNORECASE,
)
NUMERIC = re.compile(
    r"\b(float|Floats|FloatLike|Length|Potential|Concentration|Permeability|Diffusivity|Time|Frequency)\b"
)


# ---- public names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.path)
def test_every_public_name_and_its_members_have_a_docstring(name):
    assert len(name.doc) > 15
    assert [member.name for member in name.members if not _is_told(name, member)] == []


def _is_told(name: Name, member: object) -> bool:
    """By its own docstring, or by that of its class: by name, or by the unit that its numbers share."""
    return bool(member.doc) or member.name in name.doc or bool(re.search(r"\[[^\]]+\]", name.doc))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.path)
def test_every_number_of_a_public_name_has_its_unit(name):
    texts = [(name.signature, name.doc)]
    texts += [
        (each.annotation + each.signature, each.doc or name.doc) for each in name.members if each.name not in name.doc
    ]
    assert [(types, doc) for types, doc in texts if NUMERIC.search(types) and not UNIT.search(doc)] == []


@pytest.mark.parametrize(
    "name", [each for each in NAMES if each.path.startswith("theory.")], ids=lambda name: name.path
)
def test_every_closed_form_has_its_equation(name):
    if name.kind == "function":
        assert re.search(r"^    \S", name.doc, re.MULTILINE)


def test_every_public_name_of_the_package_has_a_page():
    pages = api_pages.api_pages()
    for name in NAMES:
        directive = re.compile(rf"^:+{{py:\w+}} electrodiff\.{re.escape(name.path)}(\(|$)", re.MULTILINE)
        assert any(directive.search(text) for text in pages.values()), name.path


def test_equations_of_docstrings_are_kept_as_they_stand_and_signs_in_text_mean_themselves():
    text = api_pages.markdown("Charge *per* area [C/m^2].\n\n    q = a * b\n\nSource: `x_y` of z_1.")
    assert "```text\nq = a * b\n```" in text
    assert r"\*per\* area \[C/m\^2\]" in text
    assert r"`x_y` of z\_1" in text


# ---- pages -----------------------------------------------------------------------------------------------------------


def test_every_case_is_told_in_the_gallery_and_has_a_picture():
    cases = ed.bundled_cases()
    sections = gallery_pages.read_sections(gallery_pages.TEXT.read_text(encoding="utf-8"), cases)
    told = [name for section in sections.values() for name in section]
    assert sorted(told) == sorted(cases)
    for name, path in cases.items():
        assert callable(getattr(ed.plot, gallery_pages.figure_name(name, ed.load_case(path))))


def test_a_case_of_which_the_gallery_says_nothing_is_found():
    with pytest.raises(KeyError, match="no_such_case"):
        gallery_pages.read_sections("# Gallery\n\n## Head\n\n**`one`**: text\n", ["one", "no_such_case"])


def test_the_picture_of_a_case_is_drawn_once_for_each_state_of_case_and_program(tmp_path):
    case = ed.bundled_case("capacitor")
    first = gallery_pages.draw_all({"capacitor": case}, tmp_path, workers=1)["capacitor"]
    made = first.stat().st_mtime_ns
    assert gallery_pages.draw_all({"capacitor": case}, tmp_path, workers=1)["capacitor"].stat().st_mtime_ns == made
    changed = tmp_path / "capacitor.toml"
    changed.write_text(case.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert gallery_pages.draw_all({"capacitor": changed}, tmp_path, workers=1)["capacitor"] != first


def test_every_page_of_docs_is_in_the_table_of_contents():
    listed = {re.sub(r".*<(.*)>", r"\1", entry) for entries in assemble.CONTENTS.values() for entry in entries}
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix("").as_posix()
        in_folder = "/" in name and f"{name.rpartition('/')[0]}/index" in listed
        assert name in listed or in_folder or name == "index", name


def test_stored_benchmarks_are_in_their_table(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    monkeypatch.setattr(benchmarks_page, "RESULTS", tmp_path)
    stats = {"min": 4.5e-4, "median": 5.2e-4, "iqr": 1e-5, "rounds": 7}
    row = {"name": "test_time_of_it[core]", "group": "steady", "stats": stats, "extra_info": {"nodes": 1001}}
    machine = {"cpu": {"brand_raw": "Some CPU", "count": 2}, "machine": "x", "python_version": "3.11"}
    measured = tmp_path / "measured"
    measured.write_text(json.dumps({"machine_info": machine, "datetime": "2026-01-02T03:04", "benchmarks": [row]}))
    store.main([str(measured)])
    page = benchmarks_page.benchmarks_page()
    assert "| time of it: core | 520 us | 450 us | 7 | 1001 nodes |" in page
    assert "2026-01-02; Some CPU, 2 processors" in page


def test_links_of_a_page_lead_to_pages_of_the_site():
    text = assemble.site_text(Path("benchmarks.md"), ROOT / "benchmarks" / "README.md")
    assert "](time.md)" in text
    assert "](../docs/" not in text


def test_the_reference_of_the_case_file_has_every_key_of_the_schema():
    page = schema_page()
    schema = case_schema()
    for record in (schema, *schema["$defs"].values()):
        for key in record["properties"]:
            assert f"| `{key}` | " in page, key


def test_the_reference_of_the_commands_has_every_command_option_and_exit_code():
    page = commands_page()
    for name, command in typer.main.get_command(app).commands.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert command.help in section
        for option in (each for each in command.params if each.param_type_name == "option"):
            assert f"`{option.opts[0]}" in section, (name, option.opts)
    for code in (0, 2, 3, 4, 130):
        assert re.search(rf"^\| {code} \| \w", page, re.MULTILINE), code


def test_a_formula_that_cannot_be_drawn_is_an_error():
    assert "<mfrac>" in mathml.mathml(r"\frac{a}{b}", as_block=True)
    assert mathml.without_tag(r"a = b \tag{2a}") == ("a = b", "2a")
    with pytest.raises(MathError):
        mathml.mathml(r"\nosuchcommand{a}", as_block=True)


def test_broken_links_of_a_site_are_found(tmp_path):
    (tmp_path / "one.html").write_text(
        '<h1 id="top"></h1><a href="two.html#there">x</a><a href="https://example.org">y</a>'
    )
    (tmp_path / "two.html").write_text('<h1 id="there"></h1><a href="one.html">x</a>')
    assert list(check_links.broken_links(tmp_path)) == []
    (tmp_path / "two.html").write_text('<a href="three.html">x</a><img src="none.png">')
    found = {link for _, link in check_links.broken_links(tmp_path)}
    assert found == {"two.html#there", "three.html", "none.png"}
    assert check_links.main([str(tmp_path)]) == 1


# ---- sources ---------------------------------------------------------------------------------------------------------

ENTRIES = read_bibliography(BIBLIOGRAPHY.read_text(encoding="utf-8"))
# "J. Physiol. 116 (1952) 449", over the end of a line too: volume, year and first page.
_CITED = re.compile(r"\b(\d{1,3})\s+\((1[89]\d\d|20[0-2]\d)\)\s+(e?\d+)\b")
_MARGIN = re.compile(r"\n\s*(# )?\s*")


def test_entries_of_the_bibliography_are_whole_and_their_keys_differ():
    assert len(ENTRIES) == BIBLIOGRAPHY.read_text(encoding="utf-8").count("\n@")
    assert len({entry.key for entry in ENTRIES}) == len(ENTRIES)
    for entry in ENTRIES:
        assert {"author", "year"} <= set(entry.fields), entry.key
        if entry.kind == "article":
            assert {"journal", "volume", "pages"} <= set(entry.fields), entry.key


def test_every_source_that_is_cited_is_in_the_bibliography():
    known = {(entry.fields.get("volume"), entry.fields["year"], entry.fields.get("pages")) for entry in ENTRIES}
    files = [*DOCS.rglob("*.md"), *(ROOT / "src").rglob("*.py"), *(ROOT / "cases").glob("*.toml")]
    files += (ROOT / "benchmarks").glob("*.py")
    cited = {
        (place, path.name)
        for path in files
        for place in _CITED.findall(_MARGIN.sub(" ", path.read_text(encoding="utf-8")))
    }
    assert len(cited) > 60
    assert [each for each in cited if each[0] not in known] == []


def test_every_source_of_the_validation_is_in_the_bibliography():
    known = {(entry.sorting[0].split(" ")[-1], entry.fields["year"]) for entry in ENTRIES}
    for source in SOURCES.values():
        if not source.authors.startswith("electrodiff"):
            assert (source.short.split()[0].lower(), str(source.year)) in known, source.key


def test_the_citation_file_is_of_this_version_and_has_what_its_format_asks_for():
    data = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "title", "message", "authors"} <= set(data)
    assert data["cff-version"] == "1.2.0"
    assert data["version"] == ed.__version__
    assert data["license"] == "BSD-3-Clause"
    assert all("name" in author or "family-names" in author for author in data["authors"])
