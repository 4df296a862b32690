"""What the two sides of a membrane and its state without current are called: of a cell, or of any other membrane.

Physiologists speak of inside, outside and rest; of a film or a junction in the laboratory these words say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from electrodiff.membrane import Membrane


@dataclass(frozen=True)
class Terms:
    """Words for the sides of a membrane and for what crosses it."""

    left: str
    """Where the left solution is: "with 12 mM inside"."""
    right: str
    at_rest: str
    """Without net current: "the current of Na at rest"."""
    rest: str
    """The potential there."""
    outward: str
    """Way of a positive current, from left to right."""
    inward: str


_OF_A_CELL = Terms("inside", "outside", "at rest", "resting potential", "outward", "inward")
_OF_A_FILM = Terms(
    "on the left", "on the right", "at zero current", "zero-current potential", "to the right", "to the left"
)

# Beginnings of the words that name what is in or around a cell or an organelle.
_COMPARTMENTS = (
    *("intracell", "extracell", "cyto", "cell", "axo", "lumen", "matrix", "vesic", "vacuol", "organell"),
    *("interstit", "plasma", "blood", "serum", "ringer", "saline", "intermembrane"),
)
# What anything may have; between one salt, two ions, it is a film in the laboratory, as cells live on several.
_SIDES = ("inside", "outside")
_IONS_OF_A_CELL = 3


def is_of_a_cell(membrane: Membrane) -> bool:
    """Whether a bath beside a membrane is called after a part of a cell; "inside" and "outside" count with several salts."""
    baths = (*membrane.left_bath, *membrane.right_bath)
    words = {word for bath in baths for word in re.findall("[a-z]+", bath.name.lower())}
    charged = [ion for ion, z in membrane.valences.items() if z]
    told = (*_COMPARTMENTS, *(_SIDES if len(charged) >= _IONS_OF_A_CELL else ()))
    return any(word.startswith(told) for word in words)


def terms_of(membrane: Membrane) -> Terms:
    """The words for a membrane."""
    return _OF_A_CELL if is_of_a_cell(membrane) else _OF_A_FILM
