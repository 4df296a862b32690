"""Keeps what pytest-benchmark measured, with the machine and its load, for the page of the documentation.

    python -m pytest benchmarks --benchmark-json build/benchmarks.json
    python benchmarks/store.py build/benchmarks.json

Writes `results/GROUP.json` for each group of benchmarks.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("numpy", "scipy", "numba")


def stored(measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By group: where and when it was measured, and of each benchmark its times [s] and what was counted."""
    machine = measured["machine_info"]
    heading = {
        "date": measured["datetime"][:10],
        "processor": machine["cpu"].get("brand_raw", machine["machine"]),
        "processors": machine["cpu"].get("count"),
        "load": round(os.getloadavg()[0], 1),
        "python": machine["python_version"],
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    groups: dict[str, dict[str, Any]] = {}
    for each in measured["benchmarks"]:
        times = {f"{key}_s": each["stats"][key] for key in ("min", "median", "iqr")}
        row = {"name": each["name"], **times, "rounds": each["stats"]["rounds"], "counted": each["extra_info"]}
        groups.setdefault(each["group"] or "other", {**heading, "benchmarks": []})["benchmarks"].append(row)
    return groups


def main(arguments: list[str]) -> None:
    """Entry point."""
    RESULTS.mkdir(exist_ok=True)
    for group, data in stored(json.loads(Path(arguments[0]).read_text(encoding="utf-8"))).items():
        target = RESULTS / f"{group}.json"
        target.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
