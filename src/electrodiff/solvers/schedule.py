"""The course of a transient in pieces: between two corners of its protocol nothing jumps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from electrodiff.materials import resolved
from electrodiff.model import Case
from electrodiff.protocol import Sine, corners

__all__ = ["Segment", "Sine", "case_at_start", "segments"]


@dataclass(frozen=True)
class Segment:
    """A time from `start` to `end` [s] in which what the ends are given goes linearly from `first` to `last`, plus sines.

    `last` is the same object as `first` unless there is a ramp, and `first` is the same as the `last` of the segment before
    unless something jumps.  Both are steady cases without expectations.
    """

    start: float
    end: float
    first: Case
    last: Case
    sines: tuple[Sine, ...]


def segments(case: Case) -> tuple[Segment, ...]:
    """The segments of a transient, from 0 to its end without a gap.  Raises CaseError if the study is another."""
    return tuple(
        Segment(one.time, other.time, one.after, other.before, one.sines)
        for one, other in pairwise(corners(resolved(case)))
    )


def case_at_start(case: Case) -> Case:
    """The case before any change: a steady one, without expectations.  Raises CaseError if the study is no transient."""
    return corners(resolved(case))[0].before
