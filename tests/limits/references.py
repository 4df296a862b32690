"""Problems whose exact answers are known: from closed forms or from quadrature to round-off, never from this solver.

`REFERENCES` has them all.  An expected value is right to about 1e-12 of itself, or of the scale of its problem if it is
a small difference; baths are 40 Debye lengths thick, or their finite thickness is part of the answer.
"""

from __future__ import annotations

from references_closed import CLOSED_CELLS
from references_curved import CURVED
from references_films import FILMS
from references_flux import FLUXES
from references_goldman import GOLDMAN_FLUXES
from references_slabs import SLABS
from references_tools import Reference
from references_traces import TRACE_FLUXES
from references_unipolar import UNIPOLAR
from references_walls import WALLS

__all__ = ["REFERENCES", "Reference"]

REFERENCES: list[Reference] = [
    *WALLS,
    *SLABS,
    *FILMS,
    *CLOSED_CELLS,
    *CURVED,
    *FLUXES,
    *GOLDMAN_FLUXES,
    *TRACE_FLUXES,
    *UNIPOLAR,
]
