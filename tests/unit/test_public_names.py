"""The public names: importable, documented, and imported only when they are used."""

import ast
import importlib
import inspect
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import electrodiff as ed

HEAVY = ("numba", "matplotlib", "xarray", "pint", "numpy", "scipy", "pandas", "h5py")
# Names that the users were promised.
PROMISED = {"Case", "Solution", "load_case", "load_solution", "plot", "save_solution", "solve", "theory"}


def imported(code: str, *arguments: str) -> set[str]:
    """The heavy modules that are loaded after some code has run in a new process."""
    report = f"\nimport sys; print('|'.join(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code + report, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    return set(filter(None, done.stderr.splitlines()[-1].split("|")))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert imported("import electrodiff") == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "from electrodiff.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "else: raise AssertionError('help did not end the program')\n"
    )
    assert imported(code, *arguments) == set()


def test_reading_a_case_needs_neither_the_solver_nor_the_figures() -> None:
    code = "import electrodiff as ed; ed.load_case(ed.bundled_case('capacitor'))"
    loaded = imported(code)
    assert not {"numba", "matplotlib", "xarray"} & loaded
    assert "numpy" in loaded  # or else this test sees nothing


def test_the_promised_names_are_there() -> None:
    assert set(dir(ed)) >= PROMISED


@pytest.mark.parametrize("name", dir(ed))
def test_every_public_name_can_be_imported(name: str) -> None:
    if name == "plot":
        pytest.importorskip("electrodiff.plot", exc_type=ImportError)
    value = getattr(ed, name)
    assert value is getattr(ed, name)
    namespace: dict[str, object] = {}
    exec(f"from electrodiff import {name}", namespace)
    assert namespace[name] is value


def attribute_docstring(module: object, name: str) -> str:
    """The string that stands below the assignment of a module's constant."""
    body = ast.parse(inspect.getsource(module)).body  # type: ignore[arg-type]
    for statement, after in pairwise(body):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if is_text and any(getattr(target, "id", "") == name for target in targets):
            return str(after.value.value)
    return ""


@pytest.mark.parametrize("name", [name for name in dir(ed) if not name.startswith("_")])
def test_every_public_name_is_documented(name: str) -> None:
    if name == "plot":
        pytest.importorskip("electrodiff.plot", exc_type=ImportError)
    value = getattr(ed, name)
    if inspect.isclass(value):
        text = vars(value).get("__doc__") or ""  # its own, not that of its base
    elif inspect.isfunction(value) or inspect.ismodule(value):
        text = value.__doc__ or ""
    else:
        home = importlib.import_module(f"electrodiff.{ed._HOME[name]}")
        text = attribute_docstring(home, name)
    # A record's generated text, "Name(field: type)", is not documentation.
    assert len(text) > 20
    assert not text.startswith(f"{name}(")


@pytest.mark.parametrize("name", [name for name in dir(ed) if inspect.isclass(getattr(ed, name, None))])
def test_every_method_and_property_of_a_public_class_is_documented(name: str) -> None:
    cls = getattr(ed, name)
    for member, value in vars(cls).items():
        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            assert inspect.getdoc(value), f"{name}.{member}"


@pytest.mark.parametrize("name", [name for name in dir(ed) if inspect.isfunction(getattr(ed, name, None))])
def test_every_public_function_is_typed(name: str) -> None:
    function = getattr(ed, name)
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, parameter.name


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(ed.__file__).parent / "py.typed").exists()


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="'slove'"):
        ed.slove  # noqa: B018


def test_the_names_for_type_checkers_are_the_names_at_run_time() -> None:
    """The lazy table and the imports below `if TYPE_CHECKING` are written twice; they must not drift apart."""
    tree = ast.parse(Path(ed.__file__).read_text(encoding="utf-8"))
    blocks = [
        node for node in tree.body if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ]
    checked = {
        alias.asname or alias.name: f"{node.module}"
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(checked) | {"__version__"} == set(dir(ed))
    for name, home in ed._HOME.items():
        assert checked[name] == f"electrodiff.{home}"
