"""Case files: TOML to Case and back, and the cases that come with the program."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrodiff.errors import CaseError
from electrodiff.fields import nearest
from electrodiff.keys import set_key, validated
from electrodiff.model import Case


def load_case(path: str | Path, overrides: Mapping[str, str] | None = None) -> Case:
    """Read and check a case file; `overrides` maps key paths to values as they would stand in the file.

    Raises CaseError with file, key, value and remedy if the file cannot be read, is not TOML, or is not a valid case.
    """
    return parse_case(_read(Path(path)), str(path), overrides)


def parse_case(text: str, where: str = "case", overrides: Mapping[str, str] | None = None) -> Case:
    """The Case that a TOML text describes; `where` starts the error messages.  Raises CaseError."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{where}: this is not TOML: {error}; 'electrodiff new NAME' writes an example") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise CaseError(f"{where}: this cannot be read: {str(error).partition(';')[0]}; shorten it") from None
    except RecursionError:
        raise CaseError(f"{where}: the tables are nested too deeply; a case needs four levels") from None
    for key, value in (overrides or {}).items():
        try:
            value.encode("utf-8")
            set_key(tree, key, _toml_value(value))
        except UnicodeEncodeError:
            raise CaseError(f"{where}: {key} is set to bytes that are not UTF-8; write it as UTF-8 text") from None
        except CaseError as error:
            raise CaseError(f"{where}: {error}") from None
    case = validated(Case, tree, where, from_file=True)
    if not overrides:
        case._text = text
    return case


def case_text(case: Case) -> str:
    """The case as TOML: the file it was read from, or, if it was built or changed in Python, one written from it."""
    if case._text is not None:
        return case._text
    import tomli_w

    return tomli_w.dumps(case.model_dump(mode="json", exclude_unset=True, exclude_none=True))


def bundled_cases() -> dict[str, Path]:
    """Name and path of every case that comes with the program."""
    package = Path(__file__).parent
    folder = package / "cases" if (package / "cases").is_dir() else package.parents[1] / "cases"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def bundled_data() -> dict[str, Path]:
    """Name and path of every data file that comes with a bundled case, whose name it has."""
    beside = {name: path.with_suffix(".csv") for name, path in bundled_cases().items()}
    return {name: path for name, path in beside.items() if path.is_file()}


def bundled_case(name: str) -> Path:
    """Path of one bundled case.  Raises CaseError if there is none of this name."""
    cases = bundled_cases()
    if name not in cases:
        raise CaseError(f"no bundled case is called '{name}'{nearest(name, cases)}; there are {', '.join(cases)}")
    return cases[name]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
    except OSError as error:
        known = nearest(path.stem, bundled_cases())
        raise CaseError(
            f"{path}: the file cannot be read ({(error.strerror or 'no reason given').lower()}); check the path, or "
            f"start from a bundled case with 'electrodiff new NAME'{known}"
        ) from None


def _toml_value(text: str) -> Any:
    """A value as it would stand in a case file; text that is not TOML is a string, so that quotes may be left out."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, KeyError, RecursionError):
        return text
