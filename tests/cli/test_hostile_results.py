"""Results that are truncated, of another program or tampered with: refused by one sentence; nothing in them is run."""

from __future__ import annotations

import ast
import base64
import html.parser
import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import electrodiff
from electrodiff import load_solution, parse_case, save_solution, solve
from electrodiff.errors import ResultError

SOURCE = Path(electrodiff.__file__).parent
COMMANDS = (["plot", "my"], ["report", "my"], ["reproduce", "my", "--quiet"])


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a steady solution of the case of these tests."""
    from conftest import CASE

    return save_solution(solve(parse_case(CASE)), tmp_path_factory.mktemp("stored") / "solution.nc")


@pytest.fixture
def result(stored: Path, folder: Path) -> Path:
    """A copy of it that may be changed."""
    (folder / "my").mkdir()
    return Path(shutil.copy(stored, folder / "my" / "solution.nc"))


def refusal(electrodiff: Callable, folder: Path, command: list[str]) -> str:
    """The one sentence by which a command refuses a result; nothing is written."""
    before = sorted(folder.rglob("*"))
    done = electrodiff(*command)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    assert sorted(folder.rglob("*")) == before
    (line,) = done.stderr.splitlines()
    assert re.match(r"error: .*solution\.nc: .+; .*(run|give) .+", line), line
    assert len(line) < 400
    return line


# ---- files that are no result ---------------------------------------------------------------------------------------


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("x = 5\n" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def head(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9])


def zeroed(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:2000] + bytes(len(data) - 2000))


def classic(path: Path) -> None:
    path.write_bytes(b"CDF\x01" + bytes(200))


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Trap()))


def other_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a/b"] = np.arange(5.0)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def gone(path: Path) -> None:
    path.unlink()


def terabytes(path: Path) -> None:
    """A file of a few kilobytes that says that it holds eight terabytes of zeros."""
    with h5py.File(path, "w") as file:
        file.attrs["kind"] = "electrodiff steady solution"
        file.create_dataset("x", (10**12,), dtype="f8", chunks=(10**6,))


class Trap:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch executed",)


@pytest.mark.parametrize(
    "damage",
    [nothing, text, cut, head, zeroed, classic, pickled, other_hdf5, folder_instead, gone, terabytes],
    ids=lambda damage: damage.__name__,
)
def test_what_is_no_result_is_refused_by_every_command(
    electrodiff: Callable, folder: Path, result: Path, damage: Callable
) -> None:
    damage(result)
    for command in COMMANDS:
        refusal(electrodiff, folder, command)
    assert not (folder / "executed").exists()


# ---- tampered results -----------------------------------------------------------------------------------------------


def edit(path: Path, change: Callable[[Any], None]) -> None:
    with h5py.File(path, "r+") as file:
        change(file)


def replace(file: Any, name: str, values: Any) -> None:
    """Other values of a variable, of any type, in a place of its own."""
    del file[name]
    file[name] = values


def case_edited(old: str, new: str) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        assert old in file.attrs["case"]
        file.attrs["case"] = file.attrs["case"].replace(old, new)

    return change


TAMPERED: dict[str, Callable[[Any], None]] = {
    "variable gone": lambda file: file.__delitem__("mesh_potential"),
    "errors gone": lambda file: file.__delitem__("flux_error"),
    "case gone": lambda file: file.attrs.__delitem__("case"),
    "kind gone": lambda file: file.attrs.__delitem__("kind"),
    "kind of another study": lambda file: file.attrs.__setitem__("kind", "electrodiff transient"),
    "kind a number": lambda file: file.attrs.__setitem__("kind", 5),
    "message gone": lambda file: file.attrs.__delitem__("solver"),
    "case no TOML": lambda file: file.attrs.__setitem__("case", "]["),
    "case a number": lambda file: file.attrs.__setitem__("case", 5.0),
    "case bytes": lambda file: file.attrs.__setitem__("case", b"\xff\xfe"),
    "case of another ion": case_edited("[ions.K]", "[ions.Na]"),
    "case of another layer": case_edited('"outside"', '"elsewhere"'),
    "case with one layer more": lambda file: file.attrs.__setitem__(
        "case", file.attrs["case"] + '[[layers]]\nname = "more"\nthickness = "1 nm"\nrelative_permittivity = 2\n'
    ),
    "case that is none": case_edited("310 K", "310 J"),
    "positions not numbers": lambda file: file["x"].__setitem__(3, np.nan),
    "positions in disorder": lambda file: file["x"].__setitem__(3, 1.0),
    "layers beyond the last": lambda file: file["layer"].__setitem__(-1, 1_000_000),
    "an activity that is none": lambda file: file["mesh_activity"].__setitem__((0, 5), np.inf),
    "a potential that is none": lambda file: file["mesh_potential"].__setitem__(5, np.nan),
    "numbers as words": lambda file: replace(file, "flux", np.array([b"a", b"b"])),
    "too few numbers": lambda file: replace(file, "mesh_activity", np.ones((2, 3))),
    "too many dimensions": lambda file: replace(file, "potential", np.ones((2, 2, 2))),
    "huge attribute": lambda file: file.attrs.__setitem__("case", "#" * 60_000),
    "meshes no numbers": lambda file: file.attrs.__setitem__("meshes", "__import__('os').system('touch executed')"),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_what_was_tampered_with_is_refused(
    electrodiff: Callable, folder: Path, result: Path, change: Callable[[Any], None]
) -> None:
    edit(result, change)
    for command in COMMANDS[:2]:
        refusal(electrodiff, folder, command)
    assert not (folder / "executed").exists()


def test_the_message_of_damage_has_no_control_characters(result: Path) -> None:
    edit(result, lambda file: file.attrs.__setitem__("case", 'title = "\\u001b[2J"'))
    with pytest.raises(ResultError) as caught:
        load_solution(result)
    assert str(caught.value).isprintable()


def test_numbers_that_cannot_be_drawn_are_told(electrodiff: Callable, folder: Path, result: Path) -> None:
    def overflow(file: Any) -> None:
        file["potential"][...] = np.where(np.arange(file["potential"].size) % 2, 1e308, -1e308)

    edit(result, overflow)
    done = electrodiff("plot", "my", "--out", folder / "figures")
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (0, 2)


# ---- what --resume finds ----------------------------------------------------------------------------------------------

TRANSIENT = '[study]\nkind = "transient"\nend = "1 us"\nerror_estimates = false\n'
SWEEP = '[study]\nkind = "sweep"\naxes = [{ key = "left.potential", values = ["-80 mV", "0 mV"] }]\n'


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04" + bytes(50), b"text", pickle.dumps(Trap())],
    ids=["empty", "zip", "text", "pickle"],
)
def test_resume_refuses_a_checkpoint_that_is_none(
    electrodiff: Callable, folder: Path, case_text: str, data: bytes
) -> None:
    (folder / "my.toml").write_text(case_text + TRANSIENT)
    (folder / "out").mkdir()
    (folder / "out" / "checkpoint.npz").write_bytes(data)
    done = electrodiff("run", "my.toml", "--out", "out", "--resume", "--quiet")
    assert (done.exit_code, done.stdout) == (2, "")
    assert re.fullmatch(r"error: out/checkpoint\.npz: this is not a checkpoint that can be read; run .+\n", done.stderr)
    assert [path.name for path in (folder / "out").iterdir()] == ["checkpoint.npz"]
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("name", ["moment_state", "amounts", "states", "x", "moment_content"])
@pytest.mark.parametrize("values", [np.ones((2, 2)), np.array(["a"]), np.array(np.nan), np.array([])], ids=str)
def test_resume_refuses_a_checkpoint_of_wrong_shapes(
    electrodiff: Callable, folder: Path, case_text: str, name: str, values: Any
) -> None:
    """Compiled code would read beyond the ends of such arrays."""
    from electrodiff.checkpoint import save_checkpoint
    from electrodiff.solvers.transient import solve_transient

    case = parse_case(case_text + TRANSIENT)
    path = folder / "out" / "checkpoint.npz"
    if not SAVED:
        runs: list[Any] = []
        solve_transient(case, watch=lambda run: runs.append(save_checkpoint(run, path)) if not runs else None)
        SAVED.append(path.read_bytes())
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(SAVED[0])
    with np.load(path) as stored:
        arrays = {each: stored[each] for each in stored.files}
    np.savez(path, **{**arrays, name: values})
    (folder / "my.toml").write_text(case_text + TRANSIENT)
    done = electrodiff("run", "my.toml", "--out", "out", "--resume", "--quiet")
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    assert re.fullmatch(r"error: out/checkpoint\.npz: this checkpoint is damaged; run .+\n", done.stderr)


SAVED: list[bytes] = []


def test_resume_tells_of_a_chunk_that_is_none_and_solves_its_points(
    electrodiff: Callable, folder: Path, case_text: str
) -> None:
    (folder / "my.toml").write_text(case_text + SWEEP)
    (folder / "out" / "chunks").mkdir(parents=True)
    for name, data in {"00000000.npz": pickle.dumps(Trap()), "x.npz": b"", "99999999999.npz": b"PK"}.items():
        (folder / "out" / "chunks" / name).write_bytes(data)
    done = electrodiff("run", "my.toml", "--out", "out", "--resume", "--quiet", "--no-plots")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.count("warning: ") == 3
    assert not (folder / "executed").exists()
    assert not (folder / "out" / "chunks").exists()


# ---- nothing is unpickled or evaluated --------------------------------------------------------------------------------

FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "yaml", "joblib", "jsonpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "execfile", "unsafe_load"}


def forbidden(source: str) -> list[str]:
    """What a module does that could run what a file says."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in FORBIDDEN_MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(node.func.id)
        elif isinstance(node, ast.Call):
            is_load = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "np.load"
            given = {each.arg: each.value for each in node.keywords}
            is_refused = isinstance(given.get("allow_pickle"), ast.Constant) and given["allow_pickle"].value is False  # type: ignore[union-attr]
            if (is_load or "allow_pickle" in given) and not is_refused:
                found.append("allow_pickle")
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_module_unpickles_or_evaluates(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from yaml import load", "eval('1')", "np.load(f, allow_pickle=True)", "np.load(f)", "exec(x)"],
)
def test_the_search_for_them_finds_them(source: str) -> None:
    assert forbidden(source)


# ---- reports escape what comes from a case ------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>\"&'<!--]]><img src=x onerror=alert(2)>"


class Tags(html.parser.HTMLParser):
    """Which tags a page has, with which attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_escapes_every_name_and_text_of_a_case(electrodiff: Callable, folder: Path, case_text: str) -> None:
    name = "<script>alert(1)<!--\\\"&'"  # as names have no brackets
    hostile = case_text.replace("Test membrane", HOSTILE.replace('"', '\\"')).replace('"membrane"', f'"{name}"')
    hostile = hostile.replace("[ions.A]", '[ions."<b>A&"]').replace(" A = ", ' "<b>A&" = ')
    hostile += '[[expect]]\nquantity = "membrane_potential"\nvalue = "-65 mV"\ntolerance = "1 mV"\n'
    hostile += f"source = '''{HOSTILE}'''\n"
    (folder / "my.toml").write_text(hostile)
    done = electrodiff("run", "my.toml", "--out", "my", "--quiet", "--no-plots")
    assert done.exit_code == 0, done.stderr
    assert electrodiff("report", "my").exit_code == 0
    page = (folder / "my" / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert not tags.tags & {"script", "img", "b", "iframe", "object", "embed"}
    assert not {each for each in tags.attributes if each.startswith("on")}
    # It is all there to be read: the title in full, and the case file, which can be saved as it was.
    assert HOSTILE in tags.text
    (encoded,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", page)
    assert base64.b64decode(encoded).decode() == hostile
    # Figures inside the page are XML.
    assert "]]>" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL).replace("]]&gt;", "")


# ---- output stays in its folder -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["...toml", "..toml", ". .toml", "   .toml"])
def test_a_case_file_of_dots_has_its_results_in_a_folder_of_their_own(
    electrodiff: Callable, folder: Path, case_text: str, name: str
) -> None:
    (folder / name).write_text(case_text)
    assert electrodiff("run", name, "--no-plots", "--quiet").exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, "results"])
    assert [path.name for path in (folder / "results").iterdir()] == ["case"]


@pytest.mark.parametrize("name", ["/etc/x", "a/b", "C:\\x", "CON", "~", "$HOME", "-rf"])
def test_names_in_a_case_name_no_file(electrodiff: Callable, folder: Path, case_text: str, name: str) -> None:
    """As a layer and an ion, and, of a sweep, what is kept of it: a slash in a file of results is no group."""
    toml = name.replace("\\", "\\\\")
    changed = case_text.replace('"membrane"', f'"{toml}"').replace("[ions.A]", f'[ions."{toml} A"]')
    changed = changed.replace(" A = ", f' "{toml} A" = ').replace("Test membrane", toml)
    axis = '[study]\nkind = "sweep"\naxes = [{ key = "left.potential", values = ["-80 mV", "0 mV"] }]\n'
    for file, study in (("my.toml", ""), ("sweep.toml", f'{axis}quantities = ["layer_drop", "flux"]\n')):
        (folder / file).write_text(changed + study)
        done = electrodiff("run", file, "--quiet", "--csv")
        assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["my.toml", "results", "sweep.toml"]
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["my", "sweep"]
    assert all(path.is_file() for path in (folder / "results").glob("*/*"))


@pytest.mark.parametrize("name", ["a.b", "a[0]", "a\\nb", "a\\u0000b", "\\u001b[31m", "\\u202ea", " a", "", "a" * 101])
def test_names_that_cannot_be_told_from_others_are_refused(
    electrodiff: Callable, folder: Path, case_text: str, name: str
) -> None:
    (folder / "layer.toml").write_text(case_text.replace('"membrane"', f'"{name}"'))
    (folder / "ion.toml").write_text(case_text.replace("[ions.A]", f'[ions."{name}"]'))
    for file, key in (("layer.toml", "layers[1].name is "), ("ion.toml", "ions.")):
        done = electrodiff("run", file)
        assert (done.exit_code, done.stdout) == (2, "")
        assert f"{file}: {key}" in done.stderr
        assert "it must not contain dots" in done.stderr
        assert done.stderr.rstrip("\n").isprintable()


def test_a_bundled_case_is_no_path(electrodiff: Callable, folder: Path) -> None:
    for name in ("../my", "/etc/passwd", "resting_potential/../x"):
        assert electrodiff("new", name).exit_code == 2
    assert not list(folder.iterdir())
