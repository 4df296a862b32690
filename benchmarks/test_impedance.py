"""Benchmarks of the impedance, of spectra that have been proved first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import electrodiff as ed
from electrodiff.theory.double_layer import debye_length
from electrodiff.units import VACUUM_PERMITTIVITY


def blocking_impedance(case: ed.Case, frequency: np.ndarray) -> np.ndarray:
    """Z = 2/(s eps k^2) [tanh(k L)/(k lambda^2) + s L/D],   k^2 = 1/lambda^2 + s/D,   s = 2 pi i f,   L the half gap.

    J. R. Macdonald, Phys. Rev. 92 (1953) 4.
    """
    layer, diffusivity = case.layers[0], case.ions["K"].diffusivity
    half, concentration = layer.thickness / 2, layer.initial["K"]
    assert isinstance(concentration, float)
    assert diffusivity is not None
    s, eps = 2j * math.pi * frequency, VACUUM_PERMITTIVITY * case.relative_permittivity(layer)
    debye = float(debye_length(concentration, case.relative_permittivity(layer), case.temperature))
    k = np.sqrt(1 / debye**2 + s / diffusivity)
    return np.asarray(2 / (s * eps * k**2) * (np.tanh(k * half) / (k * debye**2) + s * half / diffusivity))


@pytest.mark.benchmark(group="impedance")
def test_time_of_the_spectrum_of_a_blocking_cell(benchmark: BenchmarkFixture) -> None:
    """To the closed form of Macdonald, at every frequency."""
    case = ed.load_case(ed.bundled_case("impedance_blocking_cell"))
    pedantic: Any = benchmark.pedantic
    result = pedantic(ed.solve_impedance, (case,), rounds=3, warmup_rounds=1)
    benchmark.extra_info.update(frequencies=result.frequency.size, nodes=result.meshes[-1])
    expected = blocking_impedance(case, result.frequency)
    assert np.abs(result.impedance / expected - 1).max() <= 1e-6
