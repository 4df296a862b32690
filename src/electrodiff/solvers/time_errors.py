"""Estimated errors of everything a run in time reports, from marches of the same case on coarser lines.

The run A has a line of its own and the study's tolerance.  Three companions have

    B: half of its cells, the same tolerance;    C: half of its cells, TOLERANCES times the tolerance;
    D: a quarter of its cells, that of C,

and together they have about as many steps times nodes as A.  The steps of C and D do not end at the outputs, which would
make them the same for many tolerances; a run whose steps are kept short by its outputs is better than its estimate.  At each
output the error of each number is estimated as

    SAFETY |A - B| / (r - 1)  +  |B - C| / (TOLERANCES^ORDER - 1)  +  rounding,      r = |C - D| / |A - B|.

Both terms are what is left of a geometric series.  In space the error falls by r with each halving of the cells: by 4 if the
line is fine enough, and D is there to tell.  In time it falls with the power ORDER of the tolerance, or faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from electrodiff.errors import ConvergenceError
from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.romberg import SAFETY
from electrodiff.grid.line import Line
from electrodiff.study import TransientStudy
from electrodiff.transient import Transient

# C's tolerance over B's, and the power of the tolerance with which errors fall at least, as a test of orders demands.
TOLERANCES, ORDER = 10.0, 0.7

# The ratio of a scheme of second order; and the least that is believed in, where the line is too coarse for one, where
# something jumps between two nodes, and where the line cannot be halved twice.
SECOND_ORDER, LEAST = 4.0, 1.5

Integers = NDArray[np.int64]

Again = Callable[[Line, float], Transient]
"""The case on another line, at a multiple of its tolerance.  Raises ConvergenceError."""


def with_estimates(run: Transient, line: Line, again: Again) -> Transient:
    """The run with its estimated errors, or without them and why.  line: that of the run."""
    lines = line.nested()[-2::-1][:2]
    if not lines:
        fewest = 2 * int(line.cells.size) + 1
        return _noted(
            run,
            f"no error estimates: {line.nodes} nodes leave no mesh of half the cells; let mesh.nodes be {fewest} or more",
        )
    try:
        errors = error_estimates(run, lines, again)
    except ConvergenceError as error:
        return _noted(run, f"no error estimates: on half the cells, {error}")
    meshes = " and ".join(str(coarser.nodes) for coarser in lines)
    return replace(_noted(run, f"errors estimated from meshes of {meshes} nodes"), error=errors)


def _noted(run: Transient, note: str) -> Transient:
    return replace(run, message=f"{run.message}; {note}")


def error_estimates(run: Transient, lines: Sequence[Line], again: Again) -> dict[str, Floats]:
    """Estimated errors (T,) of every scalar and of the total current, and (T, n) of the fluxes of the ions, by name.

    lines: that with half of the cells of the run and, if there is one, that with a quarter.
    """
    marches = [again(lines[0], 1.0), *(again(line, TOLERANCES) for line in lines)]
    table, *coarser = [_series(march) for march in (run, *marches)]
    roundings, pieces = _roundings(run), _pieces(run)
    return {
        name: estimated_error(values, *(other[name] for other in coarser), pieces=pieces) + roundings[name]
        for name, values in table.items()
    }


def estimated_error(
    run: Floats, half: Floats, coarse: Floats, quarter: Floats | None = None, *, pieces: Integers | None = None
) -> Floats:
    """Estimated error (T, ...) of what A says, but for rounding, from what B, C and D say; NaN where A says nothing.

    pieces (T,): a number for each output, the same for those between which nothing jumps; one piece if left out.
    """
    pieces = np.zeros(len(run), dtype=np.int64) if pieces is None else pieces
    last, time = _with_neighbours(run - half, pieces), _with_neighbours(half - coarse, pieces)
    before = np.full_like(run, np.nan) if quarter is None else _with_neighbours(coarse - quarter, pieces)
    # Without any change the ratio does not matter; where D says nothing the worst is believed.
    ratio = np.divide(before, last, out=np.full_like(run, SECOND_ORDER), where=last > 0)
    ratio = np.fmin(np.fmax(ratio, LEAST), SECOND_ORDER)
    error = SAFETY * last / (ratio - 1) + time / (TOLERANCES**ORDER - 1)
    return np.where(np.isnan(run), np.nan, error)


def _with_neighbours(change: Floats, pieces: Integers) -> Floats:
    """The size of a change (T, ...), or that of the output before or after it: a change of sign is not an error of zero.

    Not across a jump, after which errors are those of another course.
    """
    size = np.abs(change)
    result = size.copy()
    alike = np.flatnonzero(pieces[1:] == pieces[:-1])
    result[alike] = np.fmax(result[alike], size[alike + 1])
    result[alike + 1] = np.fmax(result[alike + 1], size[alike])
    return result


def _pieces(run: Transient) -> Integers:
    """(T,) how many jumps were before each output; one at the time of a jump is of the moment before it."""
    study = run.case.study
    assert isinstance(study, TransientStudy), "a run is one of a transient"
    return np.searchsorted(np.array(study.jump_times()), run.time, side="left")


def _series(transient: Transient) -> dict[str, Floats]:
    names = [*transient.frames[0].scalars(), "total_current_density"]
    return {**{name: transient.scalar(name) for name in names}, "ion_flux": transient.ion_flux}


def _roundings(run: Transient) -> dict[str, Floats]:
    """What rounding can do to each series: that of a state, once for each step until then, as steps add theirs up.

    The total current is the same at every x, and by what it differs it is not known.
    """
    steps = 1 + np.searchsorted(run.steps.time, run.time * (1 - 1e-12))
    tables = [frame.roundings() for frame in run.frames]
    table = {name: steps * np.array([entry[name] for entry in tables]) for name in tables[0]}
    fluxes = np.stack([table[f"flux.{ion}"] for ion in run.case.ion_names], axis=1)
    return {**table, "total_current_density": table["current_density"] + run.current_spread, "ion_flux": fluxes}
