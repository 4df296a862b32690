"""The public names of `electrodiff.theory`: all there, all found, and loaded when they are used."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from electrodiff import theory

FOLDER = Path(theory.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
INTERNAL = {"inverse_log_mean", "salt_debye_length"}
"""What modules of the package share, and nobody else."""


def test_every_function_and_record_of_a_module_is_exported_from_it() -> None:
    homes = {}
    for module in MODULES:
        for name, item in vars(import_module(f"electrodiff.theory.{module}")).items():
            own = getattr(item, "__module__", None) == f"electrodiff.theory.{module}"
            if own and (inspect.isfunction(item) or inspect.isclass(item)) and not name.startswith("_"):
                homes[name] = module
                assert name in INTERNAL or getattr(theory, name) is item
    assert sorted(set(homes) - INTERNAL) == dir(theory)
    assert homes.keys() >= INTERNAL


def test_names_for_type_checkers_are_those_of_the_table() -> None:
    tree = ast.parse((FOLDER / "__init__.py").read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    imports = {
        alias.asname: node.module for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imports == {name: f"electrodiff.theory.{home}" for name, home in theory._HOME.items()}
    assert list(theory._HOME) == sorted(theory._HOME)


def test_no_name_is_hidden_by_a_module_of_the_same_name() -> None:
    assert not set(theory._HOME) & {path.stem for path in FOLDER.glob("*.py")}


def test_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'electrodiff\.theory' has no attribute 'nernst_equation'"):
        theory.nernst_equation  # noqa: B018


def test_import_loads_no_numerical_library() -> None:
    code = "import sys, electrodiff.theory; assert not {'numpy', 'scipy', 'numba'} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_modules_load_no_more_of_scipy_than_its_constants() -> None:
    """scipy.optimize, special, sparse and integrate are imported by the functions that need them: 0.1 s each."""
    code = f"""
import sys
from importlib import import_module
for name in {MODULES}:
    import_module(f"electrodiff.theory.{{name}}")
parts = {{f"scipy.{{part}}" for part in ("optimize", "special", "sparse", "integrate", "linalg")}}
assert not parts & set(sys.modules), parts & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
