"""The built-in validation: rows of numbers that the program must give, each from a closed form or a publication.

    records       what a row, a check and a discrepancy are        sources     where the numbers are from, by key
    groups        the rows, one module a group                     runner      solves their cases, and compares
    discrepancies published numbers that are not reproduced, and why

Expected values never come from the solver: they are closed forms, written out here or in `electrodiff.theory`, quadrature,
collocation and transforms with scipy (`quadrature`, `collocation`), or printed in a publication.
"""

from __future__ import annotations

from electrodiff.verify.groups import GROUPS, ROWS
from electrodiff.verify.records import Check, Disagreement, Discrepancy, Reading, Row
from electrodiff.verify.runner import disagreements, selected, verify
from electrodiff.verify.sources import SOURCES, Source

__all__ = [
    "GROUPS",
    "ROWS",
    "SOURCES",
    "Check",
    "Disagreement",
    "Discrepancy",
    "Reading",
    "Row",
    "Source",
    "disagreements",
    "selected",
    "verify",
]
