"""Runs the rows: every case is solved once, whatever number of rows reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from electrodiff.case import case_text
from electrodiff.errors import CaseError, ElectrodiffError
from electrodiff.fields import nearest
from electrodiff.model import Case
from electrodiff.solvers.studies import solve_study
from electrodiff.verify.discrepancies import DISCREPANCIES
from electrodiff.verify.groups import GROUPS, ROWS
from electrodiff.verify.records import Check, Disagreement, Discrepancy, Reader, Row

Watch = Callable[[int, int], None]
"""Called after every row with how many are done, of how many."""


def selected(names: Sequence[str] = (), quick: bool = False, rows: Sequence[Row] = ROWS) -> list[Row]:
    """The rows of these names or groups, all without any; a quick selection leaves out the slow ones.

    Raises CaseError for a name that neither a row nor a group has.
    """
    known = [*GROUPS, *(row.name for row in rows)]
    for name in names:
        if name not in known:
            raise CaseError(
                f"verify has no row and no group called '{name}'{nearest(name, known)}; the groups are {', '.join(GROUPS)}"
            )
    wanted = [row for row in rows if not names or row.name in names or row.group in names]
    # A row that is asked for by its own name is wanted, however long it takes.
    return [row for row in wanted if not (quick and row.slow and row.name not in names)]


class Solver:
    """Solves cases, each of them once."""

    def __init__(self) -> None:
        self._results: dict[str, Any] = {}

    def reading(self, case: Callable[[], Case] | None, read: Reader) -> Any:
        """What a reader takes from the result of a case, and a message; None and why if there is no result."""
        try:
            return read(None if case is None else self._solved(case())), ""
        except ElectrodiffError as error:
            return None, str(error)

    def _solved(self, case: Case) -> Any:
        text = case_text(case)
        if text not in self._results:
            self._results[text] = solve_study(case)
        return self._results[text]


def verify(rows: Iterable[Row], watch: Watch | None = None) -> list[Check]:
    """The rows with what the program gives for them; `watch` is called after every one."""
    rows, solver, checks = list(rows), Solver(), []
    for row in rows:
        reading, message = solver.reading(row.case, row.read)
        value, estimate = (None, None) if reading is None else reading
        checks.append(Check(row, value, estimate, row.expected_value, message))
        if watch is not None:
            watch(len(checks), len(rows))
    return checks


def disagreements(discrepancies: Iterable[Discrepancy] = DISCREPANCIES) -> list[Disagreement]:
    """The published numbers that the program does not give, with what it does give."""
    solver, found = Solver(), []
    for entry in discrepancies:
        reading, message = solver.reading(entry.case, entry.read)
        value, estimate = (None, None) if reading is None else reading
        found.append(Disagreement(entry, value, estimate, message))
    return found
