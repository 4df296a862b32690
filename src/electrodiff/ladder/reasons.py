"""Why a shortcut and PNP agree or differ, in one sentence: the limit that decides it, and what the numbers say.

The first half is the regime's, known before any solve; the second is never more than the numbers of the row allow.  The
limit is the first of the shortcut, what it is known for, unless another one fails and the numbers say that it matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from electrodiff.ladder.crossing import Crossing
from electrodiff.ladder.rung import Rung
from electrodiff.ladder.words import sentence
from electrodiff.regime.records import Limit, Outlook
from electrodiff.regime.words import concentration, listed, millivolts, number, percent
from electrodiff.theory.ghk_conductance import ghk_conductance_chord, ghk_conductance_equilibrium

# What a limit says of a membrane, by its outlook.
_CLAIMS: dict[str, dict[Outlook, str]] = {
    "constant_field": {
        "holds": "the field in the membrane is constant",
        "nearly": "the field in the membrane is nearly constant",
        "fails": "the field in the membrane is not constant",
    },
    "even_resistance": {
        "holds": "the membrane resists as if it were even",
        "nearly": "the membrane is not quite even",
        "fails": "the membrane is not even",
    },
    "electroneutral_membrane": {
        "holds": "the membrane is electroneutral",
        "nearly": "the membrane is nearly electroneutral",
        "fails": "the membrane is not electroneutral",
    },
    "resistive_membrane": {
        "holds": "the membrane is all the resistance",
        "nearly": "the membrane is not quite all the resistance",
        "fails": "the membrane is not all the resistance",
    },
    "bulk_faces": {
        "holds": "the faces have the concentrations of the bulk",
        "nearly": "the faces have not quite the concentrations of the bulk",
        "fails": "the faces do not have the concentrations of the bulk",
    },
    "linear_conductances": {
        "holds": "the conductances are as good as constant",
        "nearly": "the conductances are nearly constant",
        "fails": "the conductances are not constant",
    },
    # Its reasons are whole sentences.
    "henderson": {"holds": "", "nearly": "", "fails": ""},
}
# The limit that is broken by what lies between a shortcut and PNP.
_LIMITS = {
    "faces": "bulk_faces",
    "charge": "bulk_faces",
    "barrier": "even_resistance",
    "bend": "constant_field",
    "baths": "resistive_membrane",
    "batteries": "linear_conductances",
    "composition": "henderson",
    "space charge": "electroneutral_membrane",
}

# A difference of less than this, over the scale of its row, is not worth a word: 0.03 mV, a tenth of a per cent.
_SILENT = 1e-3
# Errors that are larger than what they add up to by this have cancelled.
_CANCELLED = 2.0
# From here on a ratio says more than a difference in per cent.
_FACTOR = 2.0


@dataclass(frozen=True)
class Account:
    """All that a reason is made of."""

    crossing: Crossing
    short: str
    """Name of the shortcut in a sentence."""
    rung: Rung
    limits: Sequence[Limit]
    """The limits of the shortcut; what it is known for comes first."""
    contributions: Mapping[str, float]
    """What each cause adds on the way from the prediction to PNP [SI]."""
    others: Sequence[Rung]
    """The other rows of the shortcut."""

    @property
    def cause(self) -> str | None:
        """What takes the prediction furthest."""
        sizes = {cause: abs(value) for cause, value in self.contributions.items()}
        return max(sizes, key=sizes.__getitem__, default=None)

    @property
    def broken(self) -> Limit | None:
        """The limit that the main cause breaks, if the regime expected it to fail."""
        name = _LIMITS[self.cause] if self.cause else None
        return next((limit for limit in self.limits if limit.name == name and limit.outlook == "fails"), None)

    @property
    def failing(self) -> Limit | None:
        """The first of the limits that fails."""
        return next((limit for limit in self.limits if limit.outlook == "fails"), None)

    @property
    def is_silent(self) -> bool:
        """Whether the difference is not worth a word."""
        return abs(self.rung.difference) <= _SILENT * self.rung.scale

    @property
    def due(self) -> str:
        """What most of the difference is due to, unless the first limit has said so."""
        if self.cause is None or (self.limits and _LIMITS[self.cause] == self.limits[0].name):
            return ""
        return f", mostly due to {_MEASURED[self.cause](self.crossing)}"


def reason(account: Account) -> str:
    """One sentence."""
    crossing, rung = account.crossing, account.rung
    common = crossing.common_rest
    if rung.quantity == "resting_potential" and common is not None and rung.verdict == "agrees":
        return sentence(equilibrium(crossing, common))
    text = _agreement(account) if rung.verdict == "agrees" else _difference(account)
    return sentence(_gate(crossing) + text + _binding(account))


def _binding(account: Account) -> str:
    """The limit that lets a shortcut hold no more than nearly, where the sentence is about another one."""
    limits = account.limits
    if account.rung.outlook != "nearly" or limits[0].outlook == "nearly":
        return ""
    bound = next(limit for limit in limits if limit.outlook == "nearly")
    if not account.is_silent and account.due and account.cause and _LIMITS[account.cause] == bound.name:
        return ""  # the sentence has said so
    return f" (nearly: {_named(account, bound) or bound.short or bound.because})"


def equilibrium(crossing: Crossing, common: float) -> str:
    """Why ions that share one Nernst potential rest there in any model."""
    if len(crossing.ions) == 1:
        return (
            f"only {crossing.ions[0]} passes: nothing flows at its Nernst potential, whatever the membrane is made of"
        )
    ions = listed(list(crossing.ions))
    all_of_them = "both" if len(crossing.ions) == 2 else "all"
    return f"{ions} are {all_of_them} at equilibrium at {millivolts(common)}, and rest there whatever the membrane is made of"


def _gate(crossing: Crossing) -> str:
    """Whose gates are how far open."""
    fraction, gates = crossing.solution.open_fraction, crossing.gates
    parts = [f"{percent(fraction[name])} of {ion} channels" for ion, names in gates.items() for name in names]
    return f"with {listed(parts)} open, " if parts else ""


def _agreement(account: Account) -> str:
    rung, failing = account.rung, account.broken or account.failing
    is_rest = rung.quantity == "resting_potential"
    telling = [other for other in account.others if other.verdict != "agrees"]
    if is_rest and telling:
        but = f"but the {telling[0].label} is {off(telling[0])}"
        if failing:
            return f"{_claim(account, failing)}; the potential hides it, {but}"
        return f"{_claim(account)}; {account.short} holds for the potential, {but}"
    if failing:
        hidden = f"the potential hardly shows it, by {size(rung)}" if is_rest else f"here that makes {size(rung)} only"
        return f"{_claim(account, failing)}; {hidden}"
    return f"{_claim(account)}; {account.short} holds" + (
        "" if account.is_silent else f" but for {size(rung)}{account.due}"
    )


def _difference(account: Account) -> str:
    rung, broken = account.rung, account.broken
    does_not_apply = broken is not None and rung.verdict == "differs"
    found = "does not apply" if does_not_apply else f"is {off(rung)}"
    if account.cause == "charge":
        return f"{_charge(account.crossing)}; {account.short}, which has no such charge, {found}"
    largest = max(map(abs, account.contributions.values()), default=0.0)
    if largest > _CANCELLED * abs(rung.difference):
        cancelled = millivolts(largest) if rung.dimension.unit == "V" else percent(largest / rung.scale)
        found = f"is {off(rung)}, what is left of errors of up to {cancelled}"
    if account.cause == "batteries":
        return f"{_steepest(account)}; {account.short} {found}"
    if broken:
        return f"{_claim(account, broken)}; {account.short} {found}"
    verb = "nearly applies," if rung.verdict == "near" and rung.outlook == "nearly" else "is"
    return f"{_claim(account)}; {account.short} {verb} {off(rung)}{account.due}"


def _claim(account: Account, limit: Limit | None = None) -> str:
    """What a limit says of the membrane, and why; the first one if none is given."""
    limit = limit or next(iter(account.limits), None)
    if limit is None:
        return "nothing was expected"
    return ": ".join(filter(None, (_named(account, limit), limit.short or limit.because)))


def _named(account: Account, limit: Limit) -> str:
    """What a limit says of the membrane."""
    claim = _CLAIMS[limit.name][limit.outlook]
    return claim.replace("membrane", "junction") if account.crossing.membrane.is_junction else claim


def _charge(crossing: Crossing) -> str:
    """What fixed charge does to the ions that pass."""
    X = crossing.membrane.fixed_charge
    drawn, kept = ([ion for ion, z in crossing.valences.items() if z * sign * X > 0] for sign in (-1, 1))
    effects = [f"draws {listed(drawn)} in" if drawn else "", f"keeps {listed(kept)} out" if kept else ""]
    return f"the membrane's fixed charge, {concentration(X)}, {' and '.join(filter(None, effects))}"


def _steepest(account: Account) -> str:
    """The ion whose conductance follows the voltage: that of the row, or the one with the largest effect."""
    crossing, (_, _, ion) = account.crossing, account.rung.quantity.partition(".")
    if not ion:
        currents = crossing.solution.ion_current
        ion = max(crossing.ions, key=lambda each: abs(currents[each]) * abs(1 - 1 / _gain(crossing, each)))
    gain = _gain(crossing, ion)
    if math.isinf(gain):
        return f"{ion}, absent from one side, has neither a battery nor a fixed conductance"
    claim = f"{_CLAIMS[account.broken.name][account.broken.outlook]}: " if account.broken else ""
    at = millivolts(crossing.voltage)
    return f"{claim}at {at} the conductance of {ion} is {number(gain)} times that at its Nernst potential"


def _gain(crossing: Crossing, ion: str) -> float:
    """Conductance of an ion at V_m over that at its Nernst potential, by GHK; infinite if it is absent from one side."""
    z, T, sides = crossing.valences[ion], crossing.temperature, (crossing.inside[ion], crossing.outside[ion])
    if min(sides) == 0:
        return math.inf
    chord = ghk_conductance_chord(1.0, z, *sides, crossing.voltage, T)
    return float(chord / ghk_conductance_equilibrium(1.0, z, *sides, T))


def size(rung: Rung) -> str:
    """How large a difference is: "0.18 mV", "24 %"."""
    if rung.dimension.unit == "V":
        return millivolts(abs(rung.difference))
    if rung.relative_difference is None:
        return f"{percent(abs(rung.difference) / rung.scale)} of the largest ion current"
    return percent(abs(rung.relative_difference))


def off(rung: Rung) -> str:
    """By how much a prediction misses: "6.0 mV too positive", "24 % too small", "12 times PNP's value"."""
    if rung.dimension.unit == "V":
        return f"{millivolts(abs(rung.difference))} too {'positive' if rung.difference > 0 else 'negative'}"
    if rung.relative_difference is None:
        return f"off by {size(rung)}"
    ratio = rung.predicted / rung.pnp
    if ratio <= 0:
        return "of the wrong sign" if ratio < 0 else "zero instead"
    if max(ratio, 1 / ratio) >= _FACTOR:
        return f"{number(ratio)} times PNP's value" if ratio > 1 else f"{percent(ratio)} of PNP's value"
    return f"{percent(abs(ratio - 1))} too {'large' if ratio > 1 else 'small'}"


# ---- causes, as PNP shows them -------------------------------------------------------------------------------------


def _faces(crossing: Crossing) -> str:
    outside = crossing.voltage - crossing.profile.slab_voltage
    if any(crossing.membrane.surface_charges):
        return f"the charge of its faces, which takes {millivolts(abs(outside))} of the voltage"
    if outside * crossing.voltage <= 0:
        return "the Debye layers beside it"
    return f"the Debye layers ({percent(outside / crossing.voltage)} of V_m)"


def _barrier(crossing: Crossing) -> str:
    several = len(crossing.membrane.layers) > 1
    return "layers that are not alike" if several else "a barrier that is not the same all through"


def _bend(crossing: Crossing) -> str:
    return f"the ions in it, which bend the potential by {millivolts(crossing.profile.bend)}"


def _baths(crossing: Crossing) -> str:
    shares = {ion: 1 - factor for ion, factor in crossing.profile.factors["baths"].items()}
    ion = max(shares, key=shares.__getitem__)
    others = [other for other in shares if other != ion]
    less = f", less to {listed(others)}" if others else ""
    return f"the baths ({percent(shares[ion])} of the resistance to {ion}{less})"


def _batteries(_crossing: Crossing) -> str:
    return "conductances that follow the voltage"


def _composition(_crossing: Crossing) -> str:
    return "a composition that does not change linearly"


def _space_charge(_crossing: Crossing) -> str:
    return "the charge that is in it nevertheless"


_MEASURED = {
    "faces": _faces,
    "charge": lambda _crossing: "its fixed charge",
    "barrier": _barrier,
    "bend": _bend,
    "baths": _baths,
    "batteries": _batteries,
    "composition": _composition,
    "space charge": _space_charge,
}
