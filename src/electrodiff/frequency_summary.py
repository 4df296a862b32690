"""An impedance in a few numbers: the JSON summary, its expectations, and its table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from electrodiff import summary as steady
from electrodiff.impedance import Impedance
from electrodiff.profiles import Floats
from electrodiff.summary import Met, without_nan

CSV_NAME = "impedance.csv"


def expectations(result: Impedance) -> list[Met]:
    """Each expectation of the case, met or missed by the steady state about which the impedance is taken."""
    return steady.expectations(result.steady)


def summary(result: Impedance, wall_s: float) -> dict[str, Any]:
    """The object that `run --json` prints and summary.json holds: that of the steady state, and the impedance.

    wall_s: the time of the solve [s].
    """
    return {
        **steady.summary(result.steady, wall_s),
        "converged": result.converged,
        "message": result.message,
        "frequency_Hz": result.frequency.tolist(),
        "impedance_real_ohm_m2": without_nan(result.impedance.real.tolist()),
        "impedance_imag_ohm_m2": without_nan(result.impedance.imag.tolist()),
        "impedance_error_ohm_m2": without_nan(result.error.tolist()),
        "impedance_capacitance_F_m2": without_nan(result.capacitance.tolist()),
        "impedance_accuracy": {"reached": result.reached, "meshes": list(result.meshes)},
        "warnings": [*result.steady.warnings, *warnings(result)],
    }


def warnings(result: Impedance) -> list[str]:
    """What makes an impedance doubtful beside what makes its steady state so; one sentence each."""
    if not result.converged or result.reached is not False:
        return []
    worst = int(result.relative_error.argmax())
    frequency, error = result.frequency[worst], result.relative_error[worst]
    return [
        f"the relative error of the impedance at {frequency:.4g} Hz is {error:.1g}, above the accuracy "
        f"{result.case.mesh.accuracy:g} that was asked for; ask for less, or set mesh.nodes"
    ]


def write_csv(result: Impedance, path: Path) -> Path:
    """Impedance and admittances as a table, one row a frequency, SI units in the header."""
    columns: dict[str, Floats] = {
        "frequency_Hz": result.frequency,
        "impedance_real_ohm_m2": result.impedance.real,
        "impedance_imag_ohm_m2": result.impedance.imag,
        "impedance_error_ohm_m2": result.error,
        "impedance_capacitance_F_m2": result.capacitance,
    }
    parts = {f"ion_{ion}": row for ion, row in zip(result.case.ion_names, result.ion_admittance.T, strict=True)}
    for name, row in {**parts, "displacement": result.displacement_admittance}.items():
        columns[f"admittance_{name}_real_S_m2"] = row.real
        columns[f"admittance_{name}_imag_S_m2"] = row.imag
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path
