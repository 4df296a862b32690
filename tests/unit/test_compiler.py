"""The cache of compiled kernels: an edit in any of their files is seen, and without one nothing is compiled twice."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import electrodiff
from electrodiff.fvm.kernels import compiler

PACKAGE = Path(electrodiff.__file__).parent
SOURCES = sorted(path.name for path in compiler.FOLDER.glob("*.py"))


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """A copy of the folder of kernels."""
    return Path(shutil.copytree(compiler.FOLDER, tmp_path / "kernels", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_copy_has_the_same_hash(kernels: Path) -> None:
    assert compiler.sources_hash(kernels) == compiler.sources_hash()


@pytest.mark.parametrize("name", SOURCES)
def test_the_hash_changes_with_every_file(kernels: Path, name: str) -> None:
    before = compiler.sources_hash(kernels)
    source = (kernels / name).read_bytes()
    # One character, and the length stays: the date and the size of the file are not what counts.
    (kernels / name).write_bytes(source[:-2] + b"#\n")
    assert compiler.sources_hash(kernels) != before
    (kernels / name).write_bytes(source)
    assert compiler.sources_hash(kernels) == before


def test_the_hash_changes_when_files_come_go_or_are_renamed(kernels: Path) -> None:
    hashes = [compiler.sources_hash(kernels)]
    (kernels / "new.py").write_text("")
    hashes.append(compiler.sources_hash(kernels))
    (kernels / "new.py").rename(kernels / "renamed.py")
    hashes.append(compiler.sources_hash(kernels))
    (kernels / "renamed.py").unlink()
    (kernels / "flux.py").unlink()
    hashes.append(compiler.sources_hash(kernels))
    assert len(set(hashes)) == 4


def test_the_hash_tells_which_file_has_which_contents(tmp_path: Path) -> None:
    hashes = set()
    for first, second in (("a = 1\n", "b = 2\n"), ("b = 2\n", "a = 1\n"), ("a = 1\nb = 2\n", "")):
        (tmp_path / "a.py").write_text(first)
        (tmp_path / "b.py").write_text(second)
        hashes.add(compiler.sources_hash(tmp_path))
    assert len(hashes) == 3


def test_the_hash_does_not_change_with_what_is_no_source(kernels: Path) -> None:
    before = compiler.sources_hash(kernels)
    (kernels / "__pycache__").mkdir()
    (kernels / "__pycache__" / "flux.cpython-311.pyc").write_bytes(b"x")
    (kernels / "flux.py").touch()
    assert compiler.sources_hash(kernels) == before


def test_all_compiled_code_lies_in_the_hashed_folder() -> None:
    """Otherwise an edit outside of it would not be seen."""
    outside = [path for path in PACKAGE.rglob("*.py") if path.parent != compiler.FOLDER]
    assert not [path for path in outside if "njit" in path.read_text(encoding="utf-8")]
    assert not [path for path in compiler.FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"]


def test_kernels_do_not_move_the_cache_of_others() -> None:
    before = numba.config.CACHE_DIR
    compiler.kernel(lambda x: x + 1)
    assert before == numba.config.CACHE_DIR


# ---- in other processes ------------------------------------------------------------------------------------------

# A kernel in one file that calls B(u) in another.
CALLER = """
from electrodiff.fvm.kernels.bernoulli import bernoulli
from electrodiff.fvm.kernels.compiler import kernel

@kernel
def probe(u):
    return bernoulli(u)[0]
"""
RUN = """
import json, sys
if sys.argv[1] == "fixed":
    # The control: the cache directory does not depend on the sources.
    from pathlib import Path
    from electrodiff.fvm.kernels import compiler
    compiler.sources_hash = lambda folder=None: "fixed"
from electrodiff.fvm.kernels import probe
value = probe.probe(2.0)
stats = probe.probe.stats
print(json.dumps({"file": probe.__file__, "value": value, "loaded": sum(stats.cache_hits.values())}))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, with a kernel that calls B(u) from another file."""
    copy = Path(shutil.copytree(PACKAGE, tmp_path / "electrodiff", ignore=shutil.ignore_patterns("__pycache__")))
    (copy / "fvm/kernels/probe.py").write_text(CALLER)
    return copy


def call(package: Path, how: str = "hashed", cache: str | None = None) -> dict:
    """B(2) from the copied package in a new process: its value, and how many kernels came from the disk."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, how],
        env={
            **os.environ,
            "PYTHONPATH": str(package.parent),
            "NUMBA_CACHE_DIR": cache or str(package.parent / "cache"),
        },
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    result: dict = json.loads(done.stdout)
    assert Path(result["file"]).is_relative_to(package)
    return result


def edit(package: Path) -> None:
    """Double B(u) at large u, in the file that is called."""
    path = package / "fvm/kernels/bernoulli.py"
    source = path.read_text()
    assert source.count("plus = v / math.expm1(v)\n") == 1
    path.write_text(source.replace("plus = v / math.expm1(v)\n", "plus = 2.0 * v / math.expm1(v)\n"))


B = 2 / (2.718281828459045**2 - 1)  # B(2) = u / (e^u - 1)


def test_an_edit_in_a_called_file_is_seen_by_its_caller(package: Path) -> None:
    assert call(package)["value"] == pytest.approx(B, rel=1e-15)
    edit(package)
    assert call(package)["value"] == pytest.approx(2 * B, rel=1e-15)


def test_without_the_hash_the_edit_would_not_be_seen(package: Path) -> None:
    """Shows that the test above can fail: numba looks at the file of the caller only."""
    assert call(package, "fixed")["value"] == pytest.approx(B, rel=1e-15)
    edit(package)
    assert call(package, "fixed")["value"] == pytest.approx(B, rel=1e-15)


def test_an_unchanged_kernel_is_compiled_once(package: Path) -> None:
    assert call(package)["loaded"] == 0
    assert call(package)["loaded"] == 1


def test_kernels_run_where_no_cache_can_be_kept(package: Path) -> None:
    result = call(package, cache="/dev/null/cache")
    assert result["value"] == pytest.approx(B, rel=1e-15)
    assert result["loaded"] == 0


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    """A kernel whose cache key differs from process to process would cost every run the two seconds it takes to compile."""
    script = (
        "import electrodiff as ed\n"
        "from electrodiff.fvm.kernels.newton import newton_point_ions, newton_sized_ions\n"
        "from electrodiff.fvm.kernels.faces import face_values\n"
        "steric = {'steric': {'model': 'bikerman'}, 'ions.Na.diameter': 0.5e-9}\n"
        "case = ed.load_case(ed.bundled_case('capacitor')).replace('mesh.nodes', 51)\n"
        "for each in (case, case.changed(steric)):\n"
        "    ed.solve(each).flux\n"
        "print(sum(sum(k.stats.cache_misses.values()) for k in (newton_point_ions, newton_sized_ions, face_values)))\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    missed = [
        int(subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True).stdout)
        for _ in range(2)
    ]
    assert missed == [3, 0]
