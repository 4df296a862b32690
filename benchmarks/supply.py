"""Does what is handed out install and work?  python benchmarks/supply.py wheel|oldest|newest|pythons|audit

--tests PATH... and --python VERSION... choose some of the tests and of the Pythons.

    wheel    sdist and wheel are built, the wheel again from the sdist; it goes into an empty environment, with the versions
             of constraints.txt, and the tests of the sdist are run from there, without the sources
    oldest   the same wheel with the oldest versions that pyproject.toml admits (constraints-oldest.txt), on the oldest Python
    newest   the same with the newest versions there are, on the newest Python that this machine has
    pythons  the first one, on each of its Pythons from 3.11 to 3.13
    audit    pip-audit on constraints.txt; what could not be looked up is a failure, not a pass

Every environment compiles the kernels for itself, which takes minutes.  Folders are made in build/supply.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "supply"
PINNED, OLDEST = ROOT / "constraints.txt", ROOT / "constraints-oldest.txt"
PYTHONS = ("3.11", "3.12", "3.13")
# What needs no browser and no site.
TESTS = ("unit", "cli", "cases", "orders", "limits", "kernels", "test_textbook.py", "test_course.py")
# Libraries of years ago call what the newest ones below them call outdated.
OLD_FRIENDS = ("-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning")


def run(command: Sequence[str | Path], folder: Path = ROOT, **variables: str) -> None:
    """Run a command and show it; raises SystemExit if it fails."""
    print("$", *(str(part).replace(f"{ROOT}/", "") for part in command), flush=True)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_CONSTRAINT"))}
    done = subprocess.run([str(part) for part in command], cwd=folder, env={**clean, **variables}, check=False)
    if done.returncode:
        raise SystemExit(f"supply.py: {command[0]} ... ended with {done.returncode}")


def fresh(name: str, python: str = sys.executable) -> Path:
    """The Python of a new empty environment of a Python."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    run([python, "-m", "venv", folder])
    return folder / "bin" / "python"


def install(python: Path, *packages: str | Path, constraint: Path | None = None) -> None:
    """Install packages, with the versions of a file of constraints."""
    held: tuple[str | Path, ...] = ("--constraint", constraint) if constraint else ()
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *held, *packages])


def members(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, but for what says when it was made."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def built() -> tuple[Path, Path]:
    """The unpacked sdist and the wheel; raises SystemExit if the wheel of the sdist is another one."""
    distributions = BUILD / "dist"
    shutil.rmtree(distributions, ignore_errors=True)
    python = fresh("builder")
    install(python, "hatchling", constraint=PINNED)
    run([python, "-m", "hatchling", "build", "-d", distributions])
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as archive:
        archive.extractall(distributions, filter="data")
    source = next(path for path in distributions.iterdir() if path.is_dir())
    run([python, "-m", "hatchling", "build", "-t", "wheel", "-d", distributions / "again"], source)
    wheel, again = next(distributions.glob("*.whl")), next((distributions / "again").glob("*.whl"))
    if members(wheel) != members(again):
        raise SystemExit("supply.py: the wheel that the sdist makes is not the wheel that the repository makes")
    return source, wheel


def tried(name: str, constraint: Path | None, tests: Sequence[str], python: str) -> None:
    """Install the wheel into an empty environment and run the tests from there."""
    source, wheel = built()
    # Without it, nothing but the wheel can be imported.
    shutil.rmtree(source / "src")
    interpreter = fresh(name, python)
    install(interpreter, f"{wheel}[dev]", constraint=constraint)
    run([interpreter, "-m", "pip", "check"])
    where = {"NUMBA_CACHE_DIR": str(BUILD / f"{name}-kernels"), "MPLCONFIGDIR": str(BUILD / f"{name}-figures")}
    warned = OLD_FRIENDS if constraint == OLDEST else ()
    chosen = [f"tests/{test}" for test in tests]
    run([interpreter, "tests/compile_kernels.py"], source, **where)
    run([interpreter, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *warned, *chosen], source, **where)


def of_this_machine(versions: Sequence[str]) -> list[str]:
    """The Pythons of these versions that are there, and run."""
    found = []
    for version in versions:
        paths = [shutil.which(f"python{version}"), *_managed(version)]
        works = [path for path in paths if path and _runs(path)]
        print(f"Python {version}: {'tried' if works else 'not on this machine'}", flush=True)
        found += works[:1]
    return found


def wanted(task: str, versions: Sequence[str]) -> list[str]:
    """The Pythons that a task is about, of these versions."""
    found = of_this_machine(versions)
    return {"wheel": [sys.executable], "oldest": found[:1], "newest": found[-1:], "pythons": found}[task]


def _managed(version: str) -> list[str]:
    """Where a manager of Pythons may have put a version."""
    return [str(path) for path in sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]


def _runs(path: str) -> bool:
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


def audit() -> None:
    """Look up every pinned version; `--strict`, since a service that cannot be reached finds nothing either."""
    python = fresh("audit")
    install(python, "pip-audit")
    run([python, "-m", "pip_audit", "-r", PINNED, "--no-deps", "--disable-pip", "--strict"])


def main(arguments: Sequence[str] | None = None) -> None:
    """One of the tasks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("task", choices=("wheel", "oldest", "newest", "pythons", "audit"))
    parser.add_argument("--tests", nargs="+", default=TESTS, help="files or folders below tests/")
    parser.add_argument("--python", nargs="+", choices=PYTHONS, default=PYTHONS, help="versions, instead of all")
    options = parser.parse_args(arguments)
    if options.task == "audit":
        audit()
    else:
        constraint = {"oldest": OLDEST, "newest": None}.get(options.task, PINNED)
        for python in wanted(options.task, options.python):
            tried(f"{options.task}-{Path(python).resolve().name}", constraint, options.tests, python)
    print(f"{options.task}: passed")


if __name__ == "__main__":
    main()
