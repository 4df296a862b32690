"""Every kind of study that a case may ask for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Discriminator

from electrodiff.fields import Record
from electrodiff.study import ImpedanceStudy, IVStudy, SteadyStudy, TransientStudy, with_kind
from electrodiff.sweep_study import SweepStudy

Study = Annotated[
    Annotated[SteadyStudy | IVStudy | TransientStudy | ImpedanceStudy | SweepStudy, Discriminator("kind")],
    BeforeValidator(with_kind),
]
STUDIES: dict[str, type[Record]] = {
    "steady": SteadyStudy,
    "iv": IVStudy,
    "transient": TransientStudy,
    "impedance": ImpedanceStudy,
    "sweep": SweepStudy,
}
