"""The state of an exploration: a case, what was moved in it, what was refused and why, and the case as TOML.

No page here: every number that the page shows is asked for by `Explorer`, `pictures`, `rivals` or `film`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from electrodiff import units
from electrodiff.case import case_text, parse_case
from electrodiff.checks import SIDES
from electrodiff.ends import Reservoir
from electrodiff.errors import CaseError
from electrodiff.explore.controls import Control, controls_of
from electrodiff.explore.stretching import stretched_profiles
from electrodiff.keys import set_key
from electrodiff.model import Case

# Accuracy while a slider moves: finer than a line is wide, and two to three times as quick as the default.
LIVE_ACCURACY = 1e-4


class Explorer:
    """A case and what was moved in it.

    Every change goes through the checks of the case; one that they refuse is kept apart with its sentence, in `mistakes`,
    and tried again with the next change.
    """

    def __init__(self, case: Case) -> None:
        self.start = case
        self.controls: dict[str, Control] = {control.key: control for control in controls_of(case)}
        self.balance: dict[str, str] = {side: balancing_ion(case, side) for side in self._baths(case)}
        """For each reservoir, by its side, the ion whose concentration keeps it neutral."""
        self.case = case
        self._given = dict(self.balance)
        self._moved: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self.mistakes: dict[str, str] = {}
        """By the key of a control: why what it says now cannot be."""

    @staticmethod
    def _baths(case: Case) -> list[str]:
        return [side for side in SIDES if isinstance(getattr(case, side), Reservoir)]

    # ---- what the controls say --------------------------------------------------------------------------------------

    def text(self, key: str) -> str:
        """What a control says now: as it was moved, even if that was refused; of an ion that balances its bath, what it
        has to be."""
        control = self.controls[key]
        if self.is_balanced(key) and key not in self._refused:
            side = key.partition(".")[0]
            return control.text(
                float(f"{self.case.concentrations('left' if side == 'left' else 'right')[control.ion]:.12g}")
            )
        return self._refused.get(key) or self._moved.get(key) or control.start

    def is_balanced(self, key: str) -> bool:
        """Whether a control is that of the ion that keeps its bath neutral."""
        side, _, rest = key.partition(".")
        return side in self.balance and rest == f"concentrations.{self.balance[side]}"

    def move(self, key: str, text: str) -> bool:
        """Set a control to a text such as "4.5 mM"; a number alone has its unit.  Return whether the case allows it.

        That of an ion that balances its bath cannot be set.  Raises KeyError for a control that is not there.
        """
        if self.is_balanced(key):
            return False
        return self._try({key: self._complete(self.controls[key], text)})

    def balance_with(self, side: str, ion: str) -> bool:
        """Let another ion keep a reservoir neutral.  Return whether the case allows it."""
        if ion not in balancing_ions(self.start):
            raise KeyError(ion)
        before = self.balance[side]
        # The ion that did so until now stays where it is; the new one is free to follow.
        kept = {f"{side}.concentrations.{before}": self.text(f"{side}.concentrations.{before}")}
        self.balance[side] = ion
        if self._try(kept):
            return True
        self._refused.clear()
        self.mistakes.clear()
        self.balance[side] = before
        return False

    def reset(self) -> None:
        """Back to the case as it was."""
        self._moved, self._refused, self.mistakes = {}, {}, {}
        self.balance = dict(self._given)
        self.case = self.start

    @staticmethod
    def _complete(control: Control, text: str) -> str:
        text = text.strip().replace("\N{MINUS SIGN}", "-")
        try:
            float(text)
        except ValueError:
            return text
        return f"{text} {control.unit}".strip()

    def _try(self, new: Mapping[str, str]) -> bool:
        """Move controls, with those that were refused before if they fit now."""
        everything = {**self._moved, **self._refused, **new}
        reason = ""
        for moved in (everything, {**self._moved, **new}):
            try:
                self.case = self.start.changed(self._changes(moved))
            except CaseError as error:
                reason = str(error)
                continue
            self._moved = moved
            self._refused = {key: text for key, text in self._refused.items() if key not in moved}
            self.mistakes = {key: text for key, text in self.mistakes.items() if key in self._refused}
            return True
        for key, text in new.items():
            self._refused[key] = text
            self.mistakes[key] = _sentence(text, reason)
        return False

    def _changes(self, moved: Mapping[str, str]) -> dict[str, Any]:
        """The keys of the case to change, with values as they would stand in its file."""
        changes: dict[str, Any] = {}
        faces = {key: text for key, text in moved.items() if key.startswith("interfaces.")}
        for key, text in moved.items():
            control = self.controls[key]
            if key not in faces and not self.is_balanced(key):
                changes[key] = _value(control, text)
            end = getattr(self.start, key.partition(".")[0], None)
            if key.endswith(".potential") and text != "floating" and getattr(end, "current", None) is not None:
                changes[key.replace("potential", "current")] = None
        thickness = {
            self._layer_of(key): meters for key, text in moved.items() if (meters := _thickness(key, text)) is not None
        }
        # First, so that a profile that was moved itself counts.
        changes = {**stretched_profiles(self.start, thickness), **changes} if thickness else changes
        if faces:
            changes["interfaces"] = self._interfaces(faces)
        for side, ion in self.balance.items():
            if ion != self._given[side] or any(key.startswith(f"{side}.concentrations.") for key in moved):
                changes[f"{side}.neutralise"] = ion
        return changes

    @staticmethod
    def _layer_of(key: str) -> str:
        return key.split(".")[1]

    def _interfaces(self, faces: Mapping[str, str]) -> list[dict[str, Any]]:
        """All interfaces that are charged, with those that were moved."""
        found = []
        for left, right in pairwise(self.start.layer_names):
            text = faces.get(f"interfaces.{left}|{right}.surface_charge")
            charge = self.start.surface_charge(left, right)
            if text is not None or charge:
                found.append({"between": [left, right], "surface_charge": text or f"{charge!r} C/m^2"})
        return found

    # ---- what is asked of it ----------------------------------------------------------------------------------------

    @property
    def is_changed(self) -> bool:
        """Whether it is another case than at the start."""
        return self.case != self.start

    def toml(self) -> str:
        """The case as TOML; as its file has it, units too, but for what was moved.

        Expectations of the original are left out once anything was moved.
        """
        if not self.is_changed:
            return case_text(self.start)
        case = self.case.changed({"expect": []}) if self.case.expect else self.case
        return self._edited(case) or case_text(case)

    def _edited(self, case: Case) -> str:
        """The original text with what was moved; nothing where that would not be the same case."""
        import tomli_w

        try:
            tree = tomllib.loads(case_text(self.start))
            tree.pop("expect", None)
            for key, value in self._changes(self._moved).items():
                set_key(tree, key, value)
            text = tomli_w.dumps(tree)
            return text if parse_case(text).changed({"expect": []}) == case else ""
        except (CaseError, TypeError):  # a layer that stands for another key, or a key that has to go
            return ""


def steady_case(case: Case, is_fine: bool) -> Case:
    """The case whose steady state is shown: as accurate as it asks for, or quick."""
    changes: dict[str, Any] = {"expect": []}
    if case.study.kind != "steady":
        changes["study"] = {"kind": "steady"}
    if not is_fine:
        changes |= {"mesh.nodes": None, "mesh.accuracy": max(LIVE_ACCURACY, case.mesh.accuracy)}
    return case.changed(changes)


def balancing_ions(case: Case) -> list[str]:
    """The ions that can keep a reservoir neutral."""
    return [ion for ion in case.ions if case.valence(ion)]


def balancing_ion(case: Case, side: str) -> str:
    """The ion that keeps a reservoir neutral: that of the case, else the one there is most of."""
    given = getattr(case, side).neutralise
    if given is not None:
        return str(given)
    present = case.concentrations("left" if side == "left" else "right")
    return max(balancing_ions(case), key=lambda ion: abs(case.valence(ion)) * present[ion])


def _thickness(key: str, text: str) -> float | None:
    """The thickness [m] that a control says; None of another control, and of a text that is none."""
    if not (key.startswith("layers.") and key.endswith(".thickness")):
        return None
    try:
        meters = units.to_si(text, units.LENGTH)
    except units.UnitError:
        return None
    return meters if meters > 0 else None


def _value(control: Control, text: str) -> Any:
    """A text as the value of a key: a number where the key takes no unit."""
    if control.dimension.unit:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _sentence(text: str, error: str) -> str:
    """What is wrong with a control, from the error of the case: without the key, which the page shows beside it."""
    remedy = error.partition("; ")[2] or error
    return f"{text}: {remedy}" if text else "Nothing stands here; " + remedy
