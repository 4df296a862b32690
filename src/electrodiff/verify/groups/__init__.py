"""The rows of each group, one module or more for each."""

from __future__ import annotations

from electrodiff.verify.groups import (
    equilibrium,
    equilibrium_capacitors,
    equilibrium_walls,
    fixed_charge,
    frequency,
    junction,
    living_cell,
    living_cell_stopped,
    membrane,
    membrane_entry,
    steric,
    theory,
    time,
)
from electrodiff.verify.records import Row

_MODULES = (
    *(equilibrium, equilibrium_walls, equilibrium_capacitors),
    *(membrane, membrane_entry),
    junction,
    fixed_charge,
    time,
    frequency,
    *(living_cell, living_cell_stopped),
    steric,
    theory,
)

ROWS: tuple[Row, ...] = tuple(row for module in _MODULES for row in module.ROWS)
"""All rows, group by group."""

GROUPS = tuple(dict.fromkeys(row.group for row in ROWS))
"""Names of the groups, in order."""
