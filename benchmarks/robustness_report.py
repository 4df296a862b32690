"""What a run of `robustness` says: failures and what they have in common, fallbacks, times, and what was drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

import robustness_stack as stack
from electrodiff import Case, Profile, Reservoir, Wall
from robustness_charges import unscreened_potential

# Of a sentence that says what failed, its kind: the first of these that it starts with.
KINDS = (
    "not converged: met a singular system",
    "not converged: did not converge",
    "not converged",
    "exception in solve",
    "exception in quantities",
    "exception in check",
    "warning",
    "quantities",
    "time",
    "activity of trapped",
    "activity of free",
    "Poisson's equation with closed-form",
    "Poisson's equation with its own",
    "net charge of the pocket",
    "the amount",
    "flux of",
    "read flux",
    "net current",
    "pinned",
    "the left end",
    "the right end",
)
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
# Failures whose case files are given in full.
LISTED = 50


class Outcome(Protocol):
    """What is read of an outcome (see `robustness.Outcome`)."""

    @property
    def index(self) -> int: ...
    @property
    def failures(self) -> tuple[str, ...]: ...
    @property
    def seconds(self) -> float: ...
    @property
    def nodes(self) -> int: ...
    @property
    def iterations(self) -> int: ...
    @property
    def fallbacks(self) -> tuple[str, ...]: ...
    @property
    def refused(self) -> tuple[str, ...]: ...
    @property
    def features(self) -> dict[str, bool]: ...
    @property
    def numbers(self) -> dict[str, list[float]]: ...
    @property
    def toml(self) -> str: ...


def kind_of(failure: str) -> str:
    """What kind of failure a sentence speaks of."""
    return next((kind for kind in KINDS if failure.startswith(kind)), failure[:40])


# ---- what a case is like ------------------------------------------------------------------------------------------


def features(case: Case) -> dict[str, bool]:
    """What may make a case hard."""
    ends = (case.left, case.right)
    reservoirs = [end for end in ends if isinstance(end, Reservoir)]
    found = numbers(case)
    largest = {kind: max(map(abs, values), default=0.0) for kind, values in found.items()}
    trapped = [ion for ion, stretches in stack.trapped_runs(case).items() if stretches and case.valence(ion)]
    return {
        "steric": case.steric is not None,
        "trapped ions": bool(trapped),
        "pocket behind ion-free layers": any(_is_inner(case, pocket) for pocket in stack.pockets(case)),
        "two reservoirs": len(reservoirs) == 2,
        "one reservoir": len(reservoirs) == 1,
        "no reservoir": not reservoirs,
        "floating end": any(end.is_floating for end in reservoirs),
        "given current": any(bool(end.current) for end in reservoirs),
        "metal wall beyond 0.2 V": any(isinstance(end, Wall) and abs(end.potential or 0.0) > 0.2 for end in ends),
        "charged wall": any(isinstance(end, Wall) and bool(end.surface_charge) for end in ends),
        "curved": case.mesh.geometry != "planar",
        "channel": case.mesh.area is not None or case.mesh.radius is not None,
        "voltage beyond 0.2 V": largest["potential [V]"] > 0.2,
        "fixed charge beyond 100 mM": largest["fixed charge [mM]"] > 100,
        "surface charge beyond 0.05 C/m2": largest["surface charge [C/m2]"] > 0.05,
        "partition below 1e-10": any(0 < beta < 1e-10 for beta in found["partition"]),
        "absent ion": any(beta == 0 for beta in found["partition"]),
        "unscreened charge beyond 0.1 V": unscreened_potential(case) > 0.1,
        "one ion": len(case.ions) == 1,
        "five or six ions": len(case.ions) >= 5,
        "one layer": len(case.layers) == 1,
        "four or five layers": len(case.layers) >= 4,
        "thicker than 10 um": sum(layer.thickness for layer in case.layers) > 1e-5,
    }


def _is_inner(case: Case, pocket: list[int]) -> bool:
    return pocket[0] > 0 and pocket[-1] < len(case.layers) - 1


def numbers(case: Case) -> dict[str, list[float]]:
    """Every number of a case by its kind."""
    baths = [case.concentrations(side) for side, end in _sides(case) if isinstance(end, Reservoir)]
    ends = (case.left, case.right)
    mesh = case.mesh
    profile = mesh.area if mesh.area is not None else mesh.radius
    sections = list(profile.value) if isinstance(profile, Profile) else [] if profile is None else [profile]
    return {
        "ions": [float(len(case.ions))],
        "layers": [float(len(case.layers))],
        "valence": [float(z) for z in case.valences],
        "thickness [nm]": [1e9 * layer.thickness for layer in case.layers],
        "relative permittivity": [case.relative_permittivity(layer) for layer in case.layers],
        "partition": [stack.partition(case, index, ion) for index in range(len(case.layers)) for ion in case.ions],
        "diffusivity [m2/s]": [case.free_diffusivity(ion) for ion in case.ions]
        + _floats(given for layer in case.layers for given in layer.diffusivity.values()),
        "concentration of reservoirs [mM]": [c for bath in baths for c in bath.values()],
        "initial concentration [mM]": _floats(c for layer in case.layers for c in layer.initial.values()),
        "fixed charge [mM]": [stack.fixed_charge(case, index) for index in range(len(case.layers))],
        "surface charge [C/m2]": [
            case.surface_charge(a.name, b.name) for a, b in zip(case.layers, case.layers[1:], strict=False)
        ]
        + _floats(getattr(end, "surface_charge", None) for end in ends),
        "potential [V]": _floats(getattr(end, "potential", None) for end in ends),
        "current density [A/m2]": _floats(getattr(end, "current", None) for end in ends),
        "diameter [nm]": [1e9 * ion.diameter for ion in case.ions.values() if ion.diameter],
        "inner radius [nm]": [1e9 * mesh.inner_radius] if mesh.inner_radius else [],
        "area of a channel [nm2]": [1e18 * each for each in sections] if mesh.area is not None else [],
        "radius of a channel [nm]": [1e9 * each for each in sections] if mesh.radius is not None else [],
    }


def _sides(case: Case) -> list[tuple[stack.Side, object]]:
    return [("left", case.left), ("right", case.right)]


def _floats(values: Iterable[object]) -> list[float]:
    return [value for value in values if isinstance(value, float)]


# ---- the summary --------------------------------------------------------------------------------------------------


def summary(seed: int, outcomes: Sequence[Outcome], total: float, workers: int) -> str:
    """The report of a run in Markdown, without its failures' case files."""
    failed = [outcome for outcome in outcomes if outcome.failures]
    parts = [
        f"# Robustness: {len(outcomes)} random cases, seed {seed}\n",
        f"**{len(failed)} failures** in {len(outcomes)} cases.\n",
        _refusals(outcomes),
        _times(outcomes, total, workers),
        _fallbacks(outcomes),
        _failures(failed),
        _common(outcomes) if failed else "",
        _distributions(outcomes),
    ]
    return "\n".join(part for part in parts if part)


def failure_list(outcomes: Sequence[Outcome]) -> str:
    """Every failure with its reasons, and the case files of the first ones."""
    failed = [outcome for outcome in outcomes if outcome.failures]
    texts = [
        f"\n## Failure {outcome.index}\n\n" + "\n".join(f"- {text}" for text in outcome.failures) for outcome in failed
    ]
    files = [f"\n\n```toml\n{outcome.toml}```\n" if number < LISTED else "\n" for number, outcome in enumerate(failed)]
    return "".join(text + file for text, file in zip(texts, files, strict=True))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _refusals(outcomes: Sequence[Outcome]) -> str:
    refused = Counter(reason for outcome in outcomes for reason in outcome.refused)
    drawn = len(outcomes) + refused.total()
    rows = [(reason, count, f"{100 * count / drawn:.1f} %") for reason, count in refused.most_common()]
    rate = f"{drawn} cases were drawn, {100 * refused.total() / drawn:.1f} % of which were refused and drawn anew:\n"
    return f"{rate}\n{_table(('rule', 'cases', 'of those drawn'), rows)}"


def _times(outcomes: Sequence[Outcome], total: float, workers: int) -> str:
    seconds = np.array([outcome.seconds for outcome in outcomes])
    median, most, longest = np.quantile(seconds, [0.5, 0.9, 1.0])
    slowest = outcomes[int(seconds.argmax())].index
    nodes = [int(value) for value in np.quantile([outcome.nodes for outcome in outcomes], [0.5, 1.0])]
    steps = [int(value) for value in np.quantile([outcome.iterations for outcome in outcomes], [0.5, 1.0])]
    return (
        f"Time of a solve: median {1e3 * median:.1f} ms, 90 % below {1e3 * most:.1f} ms, longest {longest:.2f} s (case "
        f"{slowest}); all with their checks {total:.0f} s in {workers} processes. Nodes: median {nodes[0]}, most {nodes[1]}; "
        f"Newton steps: median {steps[0]}, most {steps[1]}.\n"
    )


def _fallbacks(outcomes: Sequence[Outcome]) -> str:
    used = Counter(name for outcome in outcomes for name in set(outcome.fallbacks))
    none = sum(not outcome.fallbacks for outcome in outcomes)
    return _table(("fallback", "cases"), [("none", none), *used.most_common()])


def _failures(failed: Sequence[Outcome]) -> str:
    if not failed:
        return ""
    first = Counter(kind_of(outcome.failures[0]) for outcome in failed)
    every = Counter(kind for outcome in failed for kind in {kind_of(text) for text in outcome.failures})
    rows = [(kind, first[kind], count) for kind, count in every.most_common()]
    return _table(("what failed", "cases, as the first", "cases"), rows)


def _common(outcomes: Sequence[Outcome]) -> str:
    """For each feature, how many of the cases with it and without it failed."""
    rows = []
    for name in outcomes[0].features:
        groups = [[bool(o.failures) for o in outcomes if o.features[name] is has] for has in (True, False)]
        shares = [100 * sum(group) / len(group) if group else 0.0 for group in groups]
        rows.append((name, len(groups[0]), f"{shares[0]:.1f} %", f"{shares[1]:.1f} %", shares[0] - shares[1]))
    rows.sort(key=lambda row: -row[-1])
    return _table(("feature", "cases with it", "of them failed", "of the others failed"), [row[:-1] for row in rows])


def _distributions(outcomes: Sequence[Outcome]) -> str:
    """Quantiles of the sizes of every kind of number, of those that are not zero."""
    rows = []
    for kind in outcomes[0].numbers:
        values = np.abs([value for outcome in outcomes for value in outcome.numbers[kind]])
        sizes = values[values > 0]
        quantiles = np.quantile(sizes, QUANTILES).tolist() if sizes.size else []
        zeros = f"{100 * (1 - sizes.size / values.size):.0f} %" if values.size else ""
        rows.append((kind, values.size, zeros, *(f"{value:.3g}" for value in quantiles)))
    head = ("drawn", "numbers", "zero", *(f"{100 * q:.0f} %" for q in QUANTILES))
    return _table(head, rows) + "\n(Quantiles of the sizes of those that are not zero.)\n\n" + _shares(outcomes)


def _shares(outcomes: Sequence[Outcome]) -> str:
    names = list(outcomes[0].features)
    counts = {name: sum(outcome.features[name] for outcome in outcomes) for name in names}
    rows = [(name, f"{100 * count / len(outcomes):.1f} %") for name, count in counts.items()]
    return _table(("feature", "of the cases"), rows)
