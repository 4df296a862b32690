"""Numbers in the words of the report, and what counts as a small one."""

from __future__ import annotations

import math

from electrodiff.regime.records import Outlook

# Errors of a shortcut, relative, or in R T / F for a potential: what a plot shows, and what an experiment does.
HOLDS, NEARLY = 0.01, 0.1
# A share that nobody asks the size of.
NOTHING = 1e-6
# Two numbers that nobody tells apart.
SAME = 1e-3
# Between these ratios a difference in per cent says more than a ratio does.
_HALF, _TWICE = 0.5, 2.0

_LENGTHS = (("nm", 1e-9), ("um", 1e-6), ("mm", 1e-3), ("m", 1.0))
_TIMES = (("ps", 1e-12), ("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("h", 3600.0), ("days", 86400.0))
# Years are read more easily than days beyond this many.
_YEAR = 365.25 * 86400.0


def outlook(error: float) -> Outlook:
    """What an expected error means for a limit."""
    return "holds" if error <= HOLDS else "nearly" if error <= NEARLY else "fails"


def worst(*outlooks: Outlook) -> Outlook:
    """The most pessimistic of some outlooks."""
    order: tuple[Outlook, ...] = ("holds", "nearly", "fails")
    return max(outlooks, key=order.index)


def number(value: float) -> str:
    """Three digits, or two where the first of them says enough: 0.81, 40, 2.6e-4."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "infinite"
    exponent = math.floor(math.log10(abs(value)))
    if -3 <= exponent <= 4:
        return f"{value:.{max(3, exponent + 1)}g}"
    mantissa, power = f"{value:.1e}".split("e")
    return f"{float(mantissa):g}e{int(power)}"


def _in_units(value: float, units: tuple[tuple[str, float], ...]) -> str:
    """With the largest unit that leaves a number above one."""
    fitting = [(unit, size) for unit, size in units if abs(value) >= 0.9995 * size] or [units[0]]
    unit, size = fitting[-1]
    return f"{number(value / size)} {unit}"


def length(value: float) -> str:
    """2.5 nm, 10 um; what is longer than a metre is as good as infinite."""
    return _in_units(value, _LENGTHS) if value <= 1.0 else "more than 1 m"


def times(ratio: float) -> str:
    """3.7 times a length, 0.81 times, 1/40 of it."""
    if ratio > 1e4:
        return "more than 1e4 times"
    return f"{number(ratio)} times" if ratio > 0.1 else f"1/{number(1 / ratio)} of"


def time(value: float) -> str:
    """1.2 ns, 0.1 s, 3 days, 2e+8 years."""
    return f"{number(value / _YEAR)} years" if value >= _YEAR else _in_units(value, _TIMES)


def millivolts(value: float) -> str:
    """-71.5 mV; 0 mV below a nanovolt, which is rounding."""
    return f"{number(value * 1e3) if abs(value) >= 1e-9 else '0'} mV"


def percent(share: float) -> str:
    """0.8 %; a factor where a percentage would be long."""
    if abs(share) >= 10:
        return f"{number(share)} times"
    return f"{number(share * 100)} %" if share == 0 or abs(share) >= NOTHING else f"less than {100 * NOTHING:g} %"


def relative(ratio: float) -> str:
    """A ratio before what it is of: "15 % more than", "1.5 % less than", "3.7 times", "12 % of", "the same as"."""
    if abs(ratio - 1) < NOTHING:
        return "the same as"
    if not _HALF < ratio < _TWICE:
        return f"{number(ratio)} times" if ratio > 1 else f"{percent(ratio)} of"
    return f"{percent(abs(ratio - 1))} {'more' if ratio > 1 else 'less'} than"


def exceeding(ratio: float, adjective: str) -> str:
    """By how much more of a kind something is: "1.1 % more concentrated", "17 times as concentrated"."""
    return f"{percent(ratio - 1)} more {adjective}" if ratio < _TWICE else f"{number(ratio)} times as {adjective}"


def concentration(value: float) -> str:
    """150 mM, 1.2 M."""
    return f"{number(value / 1e3)} M" if abs(value) >= 1e3 else f"{number(value)} mM"


def conductance(value: float) -> str:
    """3.5 S/m^2."""
    return f"{number(value)} S/m^2"


def surface_charge(value: float) -> str:
    """0.025 uC/cm^2."""
    return f"{number(value * 100)} uC/cm^2"


def current_density(value: float) -> str:
    """An outward current: 0.0108 uA/cm^2 outward."""
    return f"{number(abs(value) * 100)} uA/cm^2 {'outward' if value >= 0 else 'inward'}"


def makes(change: float) -> str:
    """What a change does to a membrane potential: makes it 3.88 mV more negative."""
    return f"makes the potential {millivolts(abs(change))} more {'negative' if change < 0 else 'positive'}"


def refills(pumped: float, leaking: float, ion: str) -> str:
    """How much of an ion is brought in, beside what leaks out: as much K as leaks out, 1.37 times the K that leaks out."""
    if leaking < 0 or not leaking:
        return f"{ion}, of which nothing leaks out" if not leaking else f"{ion}, which leaks in as well"
    off = abs(pumped - leaking) / leaking
    if off <= HOLDS:
        return f"{'as' if off <= SAME else 'about as'} much {ion} as leaks out"
    return (
        f"{number(pumped / leaking)} times the {ion} that leaks out" if pumped else f"none of the {ion} that leaks out"
    )


def the(name: str) -> str:
    """The name of a face in a sentence: an interface by its layers, "the left wall"."""
    return f"the {name}" if name.endswith(" wall") else name


def listed(words: list[str]) -> str:
    """ "K", "K and Na", "K, Na and Cl"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
