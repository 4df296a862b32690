"""The ladder: one case through every model that applies to it, beside PNP, with the reason for each difference."""

from __future__ import annotations

from electrodiff.ladder.comparison import compare, ladder_json
from electrodiff.ladder.rung import Absent, Curve, Ladder, Model, Rung, Setting

__all__ = ["Absent", "Curve", "Ladder", "Model", "Rung", "Setting", "compare", "ladder_json"]
