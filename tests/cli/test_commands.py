"""The other commands: cases, new, schema, plot, help and version."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import electrodiff as ed
from electrodiff.fvm.kernels.compiler import cache_directory, is_compiled

# ---- cases and new -----------------------------------------------------------------------------------------------


def test_cases_lists_every_bundled_case_with_its_title(electrodiff: Callable) -> None:
    result = electrodiff("cases")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(ed.bundled_cases())
    for line, path in zip(lines, ed.bundled_cases().values(), strict=True):
        assert ed.load_case(path).title in line


def test_the_promised_cases_are_bundled() -> None:
    assert {"resting_potential", "clamped_membrane", "nernst_potassium", "capacitor"} <= set(ed.bundled_cases())


def test_new_copies_a_bundled_case_with_its_comments(electrodiff: Callable, folder: Path) -> None:
    result = electrodiff("new", "capacitor")
    assert result.exit_code == 0, result.stderr
    assert (folder / "capacitor.toml").read_bytes() == ed.bundled_case("capacitor").read_bytes()
    assert "electrodiff run capacitor.toml" in result.stdout


def test_new_copies_to_where_out_says(electrodiff: Callable, folder: Path) -> None:
    assert electrodiff("new", "capacitor", "--out", "mine.toml").exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["mine.toml"]


def test_new_does_not_overwrite(electrodiff: Callable, folder: Path) -> None:
    (folder / "capacitor.toml").write_text("my work")
    result = electrodiff("new", "capacitor")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: capacitor.toml")
    assert "--out" in line
    assert (folder / "capacitor.toml").read_text() == "my work"


def test_new_names_the_nearest_case(electrodiff: Callable, folder: Path) -> None:
    result = electrodiff("new", "capaciter")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "did you mean 'capacitor'?" in line
    assert list(folder.iterdir()) == []


def test_new_into_a_folder_that_is_not_there_is_refused(electrodiff: Callable, folder: Path) -> None:
    result = electrodiff("new", "capacitor", "--out", "nowhere/mine.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert "nowhere/mine.toml" in line
    assert list(folder.iterdir()) == []


# ---- schema ------------------------------------------------------------------------------------------------------

# The keys of a case file that are promised for steady problems in planar layers, by the table they stand in.
PROMISED_KEYS = {
    "": {"title", "temperature", "scale_diffusivities", "ions", "layers", "interfaces", "left", "right", "study"}
    | {"mesh", "expect"},
    "ions.*": {"valence", "diffusivity"},
    "layers.*": {"name", "thickness", "relative_permittivity", "partition", "diffusivity", "permeability"}
    | {"fixed_charge"},
    "interfaces.*": {"between", "surface_charge"},
    "mesh": {"geometry", "accuracy", "nodes"},
    "expect.*": {"quantity", "value", "tolerance", "source"},
}
TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}


@pytest.fixture
def schema(electrodiff: Callable) -> dict[str, Any]:
    result = electrodiff("schema")
    assert (result.exit_code, result.stderr) == (0, "")
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference within the schema points to."""
    while "$ref" in node:
        *path, name = node["$ref"].removeprefix("#/").split("/")
        node = schema[path[0]][name]
    return node


def table(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """The schema of the table at a path; `*` stands for any item of a list or of a table."""
    node = schema
    for part in path.split(".") if path else []:
        child = node.get("items") or node["additionalProperties"] if part == "*" else node["properties"][part]
        node = resolve(schema, child)
    return node


@pytest.mark.parametrize("path", PROMISED_KEYS)
def test_every_promised_key_is_in_the_schema_and_no_other_is_allowed(schema: dict[str, Any], path: str) -> None:
    node = table(schema, path)
    assert set(node["properties"]) >= PROMISED_KEYS[path]
    assert node["additionalProperties"] is False


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_schema_has_every_key_of_a_reservoir(schema: dict[str, Any], side: str) -> None:
    """An end may be of several kinds; the first that has concentrations is the reservoir."""
    end = schema["properties"][side]
    kinds = [resolve(schema, option) for option in end.get("oneOf", [end])]
    (reservoir,) = [kind for kind in kinds if "concentrations" in kind["properties"]]
    assert set(reservoir["properties"]) >= {"kind", "concentrations", "potential", "neutralise"}
    assert set(reservoir["required"]) == {"concentrations", "potential"}
    assert all(kind["additionalProperties"] is False for kind in kinds)


def test_the_schema_has_every_key_of_every_kind_of_study(schema: dict[str, Any]) -> None:
    kinds = [resolve(schema, option) for option in schema["properties"]["study"]["oneOf"]]
    promised = {
        "steady": set(),
        "iv": {"potentials"},
        "transient": {"start", "end", "output", "protocol"},
        "impedance": {"frequencies"},
        "sweep": {"axes", "design", "points", "seed", "quantities", "point"},
    }
    assert {kind["properties"]["kind"]["const"] for kind in kinds} == {*promised}
    for kind in kinds:
        assert set(kind["properties"]) >= {"kind", *promised[kind["properties"]["kind"]["const"]]}
        assert kind["additionalProperties"] is False


def test_the_schema_requires_what_a_case_cannot_do_without(schema: dict[str, Any]) -> None:
    assert set(schema["required"]) == {"temperature", "ions", "layers", "left", "right"}
    assert set(table(schema, "layers.*")["required"]) == {"name", "thickness", "relative_permittivity"}
    assert table(schema, "layers")["minItems"] == 1


def test_the_schema_asks_for_units_as_text_and_for_pure_numbers_as_numbers(schema: dict[str, Any]) -> None:
    layer = table(schema, "layers.*")["properties"]
    assert layer["thickness"]["type"] == "string"
    assert "nm" in json.dumps(layer["thickness"]["examples"])
    assert {"number", None} == {option.get("type") for option in layer["relative_permittivity"]["anyOf"]}


def test_the_schema_is_well_formed(schema: dict[str, Any]) -> None:
    """Every reference leads somewhere, every type is one of JSON Schema, and it says which draft it follows."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def check(node: Any) -> None:
        if isinstance(node, dict):
            resolve(schema, node)
            kind = node.get("type", "object")
            assert isinstance(kind, dict) or kind in TYPES  # a dict: a property that is called "type"
            for child in node.values():
                check(child)
        elif isinstance(node, list):
            for child in node:
                check(child)

    check(schema)


def test_the_bundled_cases_follow_the_schema(schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    import tomllib

    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    for path in ed.bundled_cases().values():
        validator(schema).validate(tomllib.loads(path.read_text()))


# ---- plot --------------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(electrodiff: Callable, folder: Path, case_text: str) -> Path:
    """The folder of a stored result."""
    (folder / "my.toml").write_text(case_text)
    assert electrodiff("run", "my.toml", "--no-plots", "--quiet", "--out", "r").exit_code == 0
    return folder / "r"


@pytest.mark.parametrize("result", ["r", "r/solution.nc"])
def test_plot_draws_a_stored_result_beside_it(electrodiff: Callable, stored: Path, result: str) -> None:
    pytest.importorskip("electrodiff.plot.output", exc_type=ImportError)
    before = (stored / "solution.nc").read_bytes()
    done = electrodiff("plot", result)
    assert done.exit_code == 0, done.stderr
    drawn = sorted(stored.glob("*.png"))
    assert drawn
    assert sorted(Path(line).name for line in done.stdout.splitlines()) == [path.name for path in drawn]
    assert (stored / "solution.nc").read_bytes() == before


def test_plot_draws_where_out_says(electrodiff: Callable, stored: Path, folder: Path) -> None:
    pytest.importorskip("electrodiff.plot.output", exc_type=ImportError)
    assert electrodiff("plot", "r", "--out", "figures", "--format", "svg").exit_code == 0
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".svg"}
    assert {path.name for path in stored.iterdir()} == {"solution.nc", "summary.json"}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("nowhere.nc",), ("nowhere.nc", "no such file", "electrodiff run")),
        (("my.toml",), ("my.toml", "not a readable NetCDF file")),
        (("cut.nc",), ("cut.nc", "not a readable NetCDF file", "again")),
        (("empty",), ("empty/solution.nc", "no such file")),
        (("r", "--format", "bmp"), ("--format bmp", "png, svg, pdf")),
        (("r", "--style", "poster"), ("--style poster", "paper, slides, dark")),
        (("r", "--out", "my.toml"), ("--out my.toml", "is a file")),
    ],
)
def test_plot_refuses_what_it_cannot_draw(
    electrodiff: Callable, stored: Path, folder: Path, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    (folder / "empty").mkdir()
    (folder / "cut.nc").write_bytes((stored / "solution.nc").read_bytes()[:5000])
    before = set(folder.rglob("*"))
    done = electrodiff("plot", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    for part in parts:
        assert part in line
    assert set(folder.rglob("*")) == before


# ---- mesh --------------------------------------------------------------------------------------------------------


@pytest.fixture
def case(folder: Path, case_text: str) -> str:
    """The small case as a file in the working directory."""
    (folder / "my.toml").write_text(case_text)
    return "my.toml"


def test_mesh_prints_a_row_a_layer_and_all_meshes(electrodiff: Callable, case: str, folder: Path) -> None:
    result = electrodiff("mesh", case)
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("Test membrane", "inside", "membrane", "outside", "nodes per Debye length", "16, 31, 61 nodes"):
        assert text in result.stdout
    assert [path.name for path in folder.iterdir()] == ["my.toml"]


def test_mesh_is_that_of_the_accuracy_that_is_set(electrodiff: Callable, case: str) -> None:
    loose, tight = (
        json.loads(electrodiff("mesh", case, "--set", f"mesh={{ accuracy = {wanted} }}", "--json").stdout)
        for wanted in (1e-4, 1e-9)
    )
    assert loose["accuracy"]["reached"] is tight["accuracy"]["reached"] is True
    assert tight["nodes"] > loose["nodes"]
    for mesh in (loose, tight):
        assert mesh["accuracy"]["meshes"][-1] == mesh["nodes"] == sum(row["nodes"] for row in mesh["layers"]) - 2
        # 10 nm of bath on either side of 5 nm: no spacing is wider than its layer, and all are positive.
        assert all(0 < row["smallest_spacing_m"] <= row["largest_spacing_m"] < 10e-9 for row in mesh["layers"])


@pytest.mark.parametrize(("name", "start"), [("m.png", b"\x89PNG"), ("new/m.pdf", b"%PDF"), ("m.SVG", b"<?xml")])
def test_mesh_draws_the_figure_that_its_ending_names(
    electrodiff: Callable, case: str, folder: Path, name: str, start: bytes
) -> None:
    result = electrodiff("mesh", case, "--plot", name)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"wrote {name}"
    assert (folder / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("my.toml", "--plot", "m.bmp"), ("--plot m.bmp", ".png, .svg, .pdf")),
        (("my.toml", "--plot", "png"), ("--plot png", ".png, .svg, .pdf")),
        (("my.toml", "--plot", "my.toml/m.png"), ("--plot", "my.toml", "is a file")),
        (("my.toml", "--plot", "folder.png"), ("--plot folder.png", "folder, not a file")),
        (("nowhere.toml",), ("nowhere.toml",)),
        (("my.toml", "--set", "mesh.accuracy=2"), ("mesh.accuracy",)),
    ],
)
def test_mesh_refuses_what_it_cannot_do(
    electrodiff: Callable, case: str, folder: Path, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    (folder / "folder.png").mkdir()
    done = electrodiff("mesh", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    for part in parts:
        assert part in line
    assert {path.name for path in folder.iterdir()} == {case, "folder.png"}


# ---- compile ------------------------------------------------------------------------------------------------------


def test_compile_leaves_word_of_what_is_there(electrodiff: Callable) -> None:
    done = electrodiff("compile", "--ions", "2")
    kinds = ["steady", "sweep", "transient", "impedance"]
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.split() == ["compiling", "the", "kernels", "for", "2", "ions", "...", *kinds]
    assert is_compiled(2)
    for kind in kinds:
        assert (cache_directory() / f"compiled-for-2-ions-{kind}").exists()


@pytest.mark.parametrize("ions", [0, 1, 9, -1])
def test_compile_refuses_numbers_of_ions_that_it_has_no_case_for(electrodiff: Callable, ions: int) -> None:
    done = electrodiff("compile", "--quiet", "--ions", str(ions))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: --ions {ions}: expected a whole number from 2 to 8\n"


# ---- help and version --------------------------------------------------------------------------------------------

OPTIONS = {
    "run": ["CASE", "--out", "--set", "KEY=VALUE", "--json", "--csv", "--no-plots", "--format", "--quiet"],
    "plot": ["RESULT", "--out", "--format", "--style", "--animate"],
    "check": ["CASE", "--set", "KEY=VALUE", "--json"],
    "compare": ["CASE", "--set", "KEY=VALUE", "--plot", "FILE", "--json"],
    "mesh": ["CASE", "--set", "KEY=VALUE", "--plot", "FILE", "--json"],
    "verify": ["NAME", "--quick", "--json", "--markdown", "--quiet"],
    "reproduce": ["RESULT", "--out", "--json", "--quiet"],
    "cases": [],
    "new": ["NAME", "--out"],
    "schema": [],
    "compile": ["--ions", "--quiet"],
}


@pytest.mark.parametrize("command", OPTIONS)
def test_help_names_every_option_of_a_command(electrodiff: Callable, command: str) -> None:
    result = electrodiff(command, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    for option in OPTIONS[command]:
        assert option in result.stdout


def test_help_names_every_command_and_the_exit_codes(electrodiff: Callable) -> None:
    result = electrodiff("--help")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in (*OPTIONS, "--version", "Exit codes", "0 done", "2 ", "3 ", "4 ", "130 "):
        assert text in result.stdout


def test_version_is_that_of_the_package(electrodiff: Callable) -> None:
    result = electrodiff("--version")
    assert (result.exit_code, result.stdout.strip(), result.stderr) == (0, ed.__version__, "")


def start(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_package_can_be_run_as_a_module(tmp_path: Path, case_text: str) -> None:
    (tmp_path / "my.toml").write_text(case_text)
    done = start(tmp_path, sys.executable, "-m", "electrodiff", "run", "my.toml", "--json", "--no-plots")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["converged"] is True


def test_the_installed_script_is_the_same_program(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("electrodiff")
    if not script.exists():
        pytest.skip("the script is not installed beside this Python")
    done = start(tmp_path, str(script), "--version")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, ed.__version__, "")
