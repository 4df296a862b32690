"""Case files: TOML to Case and back, and the cases that come with the program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrodiff.case_tree import MOST_BYTES, parsed
from electrodiff.errors import CaseError, shown_value
from electrodiff.fields import nearest
from electrodiff.keys import key_values, set_key, validated
from electrodiff.model import Case


def load_case(path: str | Path, overrides: Mapping[str, str] | None = None) -> Case:
    """Read and check a case file; `overrides` maps key paths to values as they would stand in the file.

    Raises CaseError with file, key, value and remedy if the file cannot be read, is not TOML, or is not a valid case.
    """
    return parse_case(_read(Path(path)), str(path), overrides)


def parse_case(text: str, where: str = "case", overrides: Mapping[str, str] | None = None) -> Case:
    """The Case that a TOML text describes; `where` starts the error messages.  Raises CaseError."""
    try:
        tree = parsed(text)
        for key, value in key_values({} if overrides is None else overrides):
            set_key(tree, key, _toml_value(key, value))
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
        # One more than may be read, so that files without an end, such as devices, have one.
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # the latter of a name with a NUL in it
        known = nearest(path.stem, bundled_cases())
        reason = getattr(error, "strerror", None) or str(error) or "no reason given"
        raise CaseError(
            f"{path}: the file cannot be read ({reason.lower()}); check the path, or start from a bundled case with "
            f"'electrodiff new NAME'{known}"
        ) from None
    if data.startswith(b"\x89HDF"):
        raise CaseError(
            f"{path}: byte 0 begins a result (NetCDF), not a case; give the TOML file that it was made from"
        )
    if len(data) > MOST_BYTES:
        remedy = "check that it is a case file, or shorten it"
        raise CaseError(f"{path}: the file is longer than {MOST_BYTES:,} bytes; {remedy}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None


def _toml_value(key: str, text: Any) -> Any:
    """A value as it would stand in a case file; text that is not TOML is a string, so that quotes may be left out."""
    if not isinstance(text, str):
        raise CaseError(
            f"{key} is {shown_value(text)}; expected text, as it would stand in the file, such as '101', 'false' or '5 nm'; "
            "load_case(...).changed({key: value}) takes values of Python"
        )
    try:
        return parsed(f"value = {text}")["value"]
    except (CaseError, KeyError):
        return text
