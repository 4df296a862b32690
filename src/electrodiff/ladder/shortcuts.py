"""The shortcuts for the potential and the currents of a membrane, and what lies between each of them and PNP."""

from __future__ import annotations

from functools import partial

from electrodiff.ladder.crossing import Crossing
from electrodiff.ladder.electroneutral import (
    henderson,
    lewis_sargent,
    no_charged_layer,
    no_lewis_sargent,
    no_planck_layer,
    planck,
    teorell_meyer_sievers,
)
from electrodiff.ladder.goldman import chord_circuit, ghk, ghk_between_layers, no_slab
from electrodiff.ladder.rung import Model
from electrodiff.ladder.shortcut import Shortcut, Stage, rows

_CAUSES = ("faces", "barrier", "bend")


def _goldman_stages(crossing: Crossing) -> list[Stage]:
    """GHK with what the faces see, then with the barrier, then with the field; the baths are left.

    Fixed charge makes one of the first three: where its potential begins, outside the faces or inside, is no matter.
    """
    parts = {"charge": _CAUSES} if crossing.is_charged else {cause: (cause,) for cause in _CAUSES}
    product = dict.fromkeys(crossing.ions, 1.0)
    stages = []
    for cause, names in parts.items():
        for name in names:
            product = {ion: factor * crossing.profile.factors[name][ion] for ion, factor in product.items()}
        stages.append(Stage(cause, ghk, crossing.corrected(product)))
    return stages


def _planck_stages(crossing: Crossing) -> list[Stage]:
    """Planck between what the baths have left at the faces; the charge of a layer that is not quite neutral is left."""
    return [Stage("baths", planck, crossing.between_stirred_faces())]


GHK = Shortcut(
    name="ghk",
    title="GHK voltage equation",
    current_title="GHK current equation",
    short="GHK",
    limits=("constant_field", "even_resistance", "bulk_faces", "resistive_membrane"),
    predict=ghk,
    stages=_goldman_stages,
    last_cause="baths",
)
GHK_FACES = Shortcut(
    name="ghk_faces",
    title="GHK with face values",
    current_title="GHK with face values",
    short="GHK at the faces",
    limits=("constant_field", "even_resistance", "resistive_membrane"),
    predict=ghk_between_layers,
    stages=lambda crossing: _goldman_stages(crossing)[1:],
    last_cause="baths",
    absent=no_slab,
)
CHORD_CIRCUIT = Shortcut(
    name="chord_circuit",
    title="circuit, fixed conductances",
    current_title="circuit, fixed conductances",
    short="the circuit",
    limits=("linear_conductances", "constant_field", "even_resistance", "bulk_faces", "resistive_membrane"),
    predict=chord_circuit,
    stages=lambda crossing: [Stage("batteries", ghk, crossing), *_goldman_stages(crossing)],
    last_cause="baths",
)
PLANCK = Shortcut(
    name="planck",
    title="Planck",
    current_title="Planck",
    short="Planck",
    limits=("electroneutral_membrane", "resistive_membrane"),
    predict=planck,
    stages=_planck_stages,
    last_cause="space charge",
    absent=no_planck_layer,
)
HENDERSON = Shortcut(
    name="henderson",
    title="Henderson",
    current_title=None,
    short="Henderson",
    limits=("electroneutral_membrane", "henderson", "resistive_membrane"),
    predict=henderson,
    stages=lambda crossing: [Stage("composition", planck, crossing), *_planck_stages(crossing)],
    last_cause="space charge",
    concerns=lambda crossing: no_planck_layer(crossing) is None,
)
LEWIS_SARGENT = Shortcut(
    name="lewis_sargent",
    title="Lewis and Sargent",
    current_title=None,
    short="the equation",
    limits=("electroneutral_membrane", "henderson"),
    predict=lewis_sargent,
    last_cause="space charge",
    concerns=lambda crossing: crossing.membrane.is_junction,
    absent=no_lewis_sargent,
)
TEORELL_MEYER_SIEVERS = Shortcut(
    name="teorell_meyer_sievers",
    title="Teorell, Meyer and Sievers",
    current_title=None,
    short="the theory",
    limits=("electroneutral_membrane", "resistive_membrane"),
    predict=teorell_meyer_sievers,
    stages=lambda crossing: [Stage("baths", teorell_meyer_sievers, crossing.between_stirred_faces())],
    last_cause="space charge",
    concerns=lambda crossing: crossing.is_charged,
    absent=no_charged_layer,
)
SHORTCUTS = (GHK, GHK_FACES, CHORD_CIRCUIT, PLANCK, HENDERSON, LEWIS_SARGENT, TEORELL_MEYER_SIEVERS)

MODELS: tuple[Model, ...] = tuple(partial(rows, shortcut) for shortcut in SHORTCUTS)
