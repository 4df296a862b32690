"""A small case for the tests of sweeps: a membrane between like baths, of two ions on a given mesh."""

from __future__ import annotations

from typing import Any

import electrodiff as ed

TEXT = """\
title = "Small membrane"
temperature = "310 K"

[ions.K]
[ions.A]
valence = -1
diffusivity = "2e-9 m^2/s"

[[layers]]
name = "inside"
thickness = "10 nm"
relative_permittivity = 80
[[layers]]
name = "membrane"
thickness = "5 nm"
relative_permittivity = 2
partition = { K = 1e-4, A = 2e-4 }
diffusivity = { K = "1e-11 m^2/s", A = "1e-11 m^2/s" }
[[layers]]
name = "outside"
thickness = "10 nm"
relative_permittivity = 80

[left]
concentrations = { K = "150 mM", A = "150 mM" }
potential = "-65 mV"
[right]
concentrations = { K = "15 mM", A = "15 mM" }
neutralise = "A"
potential = "0 mV"

[mesh]
nodes = 61
"""


def sweep_case(*axes: dict[str, Any], changes: dict[str, Any] | None = None, **study: Any) -> ed.Case:
    """The small case with a sweep over these axes."""
    whole = {"kind": "sweep", "axes": list(axes), **study}
    return ed.parse_case(TEXT).changed({**(changes or {}), "study": whole})


def of_file(study: str, case: str = TEXT) -> ed.Case:
    """The small case with a study as it stands in a file."""
    return ed.parse_case(f"{case}\n{study}")
