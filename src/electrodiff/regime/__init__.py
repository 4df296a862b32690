"""Which limits hold for a case, and why, before anything is solved: closed forms of `electrodiff.theory` only."""

from __future__ import annotations

from electrodiff.regime.records import Face, Group, LayerScales, Limit, Living, Neutrality, Outlook, Regime, Times
from electrodiff.regime.report import case_regime, regime_summary

__all__ = [
    "Face",
    "Group",
    "LayerScales",
    "Limit",
    "Living",
    "Neutrality",
    "Outlook",
    "Regime",
    "Times",
    "case_regime",
    "regime_summary",
]
