"""A sweep in a NetCDF file: what its dataset holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodiff.case import parse_case
from electrodiff.sweep_dataset import label
from electrodiff.sweep_result import PointResults, Sweep, kept_names

if TYPE_CHECKING:
    import xarray


def sweep_attributes(result: Sweep) -> dict[str, Any]:
    """What the file says of a sweep beside what it says of every result."""
    # By which readers know the values of the keys for coordinates; one with a space in its name cannot be said so.
    names = [label(key) for axis in result.study.axes for key in axis.targets]
    return {"design": result.study.design, "coordinates": " ".join(name for name in names if " " not in name)}


def read_sweep(dataset: xarray.Dataset) -> Sweep:
    """The sweep that a dataset holds."""
    case = parse_case(str(dataset.attrs["case"]), "stored case")
    names = kept_names(case)
    values, errors = (
        np.column_stack([dataset[f"{label(name)}{suffix}"].to_numpy().ravel() for name in names])
        for suffix in ("", "_error")
    )
    iterations, nodes, route = (
        dataset[name].to_numpy().ravel().astype(np.int64) for name in ("iterations", "nodes", "route")
    )
    converged = dataset["converged"].to_numpy().ravel().astype(bool)
    texts = dataset["reason"].to_numpy().ravel()
    reasons = {point: str(texts[point]) for point in np.flatnonzero(~converged).tolist()}
    results = PointResults(names, values, errors, converged, iterations, nodes, route, reasons)
    result = Sweep(case, results, str(dataset.attrs["solver"]), converged.size)
    if math.prod(result.shape) != converged.size:
        raise ValueError(f"it has {converged.size} points, and its case {math.prod(result.shape)}")
    return result
