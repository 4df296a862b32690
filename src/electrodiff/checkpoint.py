"""Checkpoints of a run in time: all that going on takes, in a file that is whole at any moment.

A run that goes on from its checkpoint takes the same steps, to the last bit, as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import electrodiff
from electrodiff.case import case_text, parse_case
from electrodiff.errors import CaseError
from electrodiff.grid.mesh import line_mesh
from electrodiff.model import Case
from electrodiff.profiles import Floats
from electrodiff.solvers.march import Moment
from electrodiff.solvers.schedule import segments
from electrodiff.solvers.transient import Run
from electrodiff.whole import npz, write_whole

NAME = "checkpoint.npz"
"""Of the file in the folder of the results."""

# Seconds between two checkpoints: what a kill loses at most; and no more than a tenth of the time goes into writing them.
INTERVAL, SHARE = 1.0, 0.1

_REMEDY = "run the case again without --resume"


class Checkpoints:
    """Writes the checkpoints of a run into a file, now and then."""

    def __init__(self, path: Path, clock: Callable[[], float] = perf_counter) -> None:
        """path: the file; clock: seconds that go by."""
        self._path, self._clock = path, clock
        self._due = clock() + INTERVAL

    def keep(self, run: Run) -> bool:
        """Write one if the last is old enough; whether it was."""
        start = self._clock()
        if start < self._due:
            return False
        save_checkpoint(run, self._path)
        end = self._clock()
        self._due = end + max(INTERVAL, (end - start) / SHARE)
        return True


def save_checkpoint(run: Run, path: Path) -> None:
    """Write a run into a file, which is moved to its place when it is whole and on the disk."""
    write_whole(path, npz(_packed(run)))


def drop_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a run that is over."""
    (folder / NAME).unlink(missing_ok=True)


def load_checkpoint(path: Path, case: Case) -> Run:
    """The run of a case that a file holds.  Raises CaseError if there is none, or it is of another case or version."""
    try:
        # Opened here, as numpy leaves a broken file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            data = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise CaseError(f"{path}: there is no checkpoint; {_REMEDY}") from None
    except Exception:  # a file may hold anything
        raise CaseError(f"{path}: this is not a checkpoint that can be read; {_REMEDY}") from None
    version = str(data.get("version", "?"))
    if version != electrodiff.__version__:
        raise CaseError(
            f"{path}: this checkpoint was written by version {version}, this is {electrodiff.__version__}; {_REMEDY}"
        )
    try:
        if not _is_of(case, str(data["case"])):
            raise CaseError(
                f"{path}: this checkpoint is of another case ('{data['title']}'); choose another --out, or {_REMEDY}"
            )
        with np.errstate(all="ignore"):
            run = _unpacked(case, data)
        _check_shapes(run)
        return run
    except CaseError:
        raise
    except Exception:  # numbers may be anything
        raise CaseError(f"{path}: this checkpoint is damaged; {_REMEDY}") from None


def _is_of(case: Case, text: str) -> bool:
    """Whether a case is the one of this text; its title, its expectations and its error estimates do not change a run."""
    if case_text(case) == text:
        return True
    try:
        other = parse_case(text)
    except CaseError:
        return False
    return _essence(case) == _essence(other)


def _essence(case: Case) -> dict[str, Any]:
    return case.model_dump(exclude={"title": True, "expect": True, "study": {"error_estimates"}})


def _packed(run: Run) -> dict[str, Any]:
    """The arrays of a run; none of them needs pickle."""
    moment = run.moment
    return {
        "version": np.array(electrodiff.__version__),
        "title": np.array(run.case.title),
        "case": np.array(case_text(run.case)),
        "x": run.mesh.x,
        "layer": run.mesh.layer,
        "segment": np.array(run.segment),
        **{f"moment_{field.name}": np.asarray(getattr(moment, field.name)) for field in fields(Moment)},
        "moment_content_is_compact": np.array(moment.content.flags.c_contiguous),
        "amounts": run.amounts,
        "time": np.array(run.time),
        "segments": np.array(run.segments, dtype=np.int64),
        "states": np.array(run.states),
        "gates": np.array(run.gates),
        "totals": np.array(run.totals).reshape(-1, 2),
        "residuals": np.array(run.residuals),
        "steps": np.array(run.steps).reshape(-1, 3),
        "step_totals": np.array(run.step_totals).reshape(-1, 2),
        "step_residuals": np.array(run.step_residuals).reshape(-1, run.amounts.size),
    }


def _check_shapes(run: Run) -> None:
    """Compiled code trusts the shapes of what it is given, and numbers that are none lead nowhere."""
    nodes, ions, outputs = run.mesh.nodes, len(run.case.ions), len(run.time)
    moment = run.moment
    expected = {
        "state": (moment.state, (nodes, ions + 1)),
        "content": (moment.content, (nodes, ions)),
        "passed": (moment.passed, (3, ions)),
        "amounts": (run.amounts, (ions,)),
        **{f"state {index}": (state, (nodes, ions + 1)) for index, state in enumerate(run.states)},
        **{f"gate {index}": (gate, moment.gate.shape) for index, gate in enumerate(run.gates)},
    }
    for name, (values, shape) in expected.items():
        if values.shape != shape or values.dtype != np.float64 or not np.isfinite(values).all():
            raise ValueError(name)
    lengths = {len(each) for each in (run.segments, run.states, run.gates, run.totals, run.residuals)}
    if lengths - {outputs} or moment.gate.ndim != 1 or not 0 <= run.segment < len(segments(run.case)):
        raise ValueError("outputs")


def _unpacked(case: Case, data: Mapping[str, Any]) -> Run:
    return Run(
        case=case,
        mesh=line_mesh(case, data["x"], data["layer"]),
        segment=int(data["segment"]),
        moment=_moment(data),
        amounts=data["amounts"],
        time=data["time"].tolist(),
        segments=data["segments"].tolist(),
        states=list(data["states"]),
        gates=list(data["gates"]),
        totals=[(total, spread) for total, spread in data["totals"].tolist()],
        residuals=list(data["residuals"]),
        steps=[(end, size, error) for end, size, error in data["steps"].tolist()],
        step_totals=[(total, spread) for total, spread in data["step_totals"].tolist()],
        step_residuals=list(data["step_residuals"]),
    )


def _moment(data: Mapping[str, Any]) -> Moment:
    values = {field.name: data[f"moment_{field.name}"] for field in fields(Moment)}
    plain = {name: value.item() for name, value in values.items() if value.ndim == 0}
    content = values["content"]
    if not data["moment_content_is_compact"]:
        content = _as_columns(content)
    return Moment(**{**values, **plain, "content": content})


def _as_columns(content: Floats) -> Floats:
    """The same numbers as columns of a wider array, as the integrator has them.

    Kernels are compiled for the one or the other, and the two may round differently.
    """
    return np.column_stack([content, np.zeros(len(content))])[:, :-1]
