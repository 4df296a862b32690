"""A 95 % interval holds what is true 95 times of 100, over consecutive seeds of noise."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from scipy.stats import binom

import electrodiff as ed

SEEDS = 40
# Counts outside of these would be seen in one of a thousand tests, were the intervals right: 32 and 40 of 40.
LOW, HIGH = binom.ppf([0.0005, 0.9995], SEEDS, 0.95)


@pytest.fixture(scope="module")
def study() -> ModuleType:
    """`benchmarks/fit_coverage.py`, which does the same for 1000 seeds."""
    path = Path(__file__).parents[2] / "benchmarks" / "fit_coverage.py"
    spec = importlib.util.spec_from_file_location("fit_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["fit_coverage"] = module
    spec.loader.exec_module(module)
    return module


def test_every_true_permeability_lies_in_its_interval_as_often_as_it_should(study: ModuleType) -> None:
    found = study.coverage(0, SEEDS)
    assert found.converged == SEEDS
    assert all(LOW <= count <= HIGH for count in found.inside), found.inside


def test_intervals_that_are_half_as_wide_would_be_seen(study: ModuleType) -> None:
    """The same bounds refuse noise that is twice what sigma says: 67 of 100."""
    case = ed.load_case(ed.bundled_case("fit_permeabilities"))
    inside = 0
    for seed in range(8):
        data = study.data(seed)
        data["current_density"] = study.true_currents() + 2 * (data["current_density"] - study.true_currents())
        low, high = ed.fit(case, data, study.PARAMETERS).interval.T
        inside += int(((low <= study.TRUE) & (high >= study.TRUE)).sum())
    assert inside < binom.ppf(0.0005, 24, 0.95)


def test_the_data_of_the_case_are_made_as_they_say(study: ModuleType, tmp_path: Path) -> None:
    study.write(tmp_path / "x.csv")
    shipped = ed.bundled_case("fit_permeabilities").with_suffix(".csv").read_text(encoding="utf-8")
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == shipped
    found = ed.fit(ed.load_case(ed.bundled_case("fit_permeabilities")), tmp_path / "x.csv")
    assert found.p_value is not None
    assert 0.01 < found.p_value < 0.99
    assert found.warnings == ()
    low, high = found.interval.T
    assert ((low < study.TRUE) & (high > study.TRUE)).all()
