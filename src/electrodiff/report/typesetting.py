"""What the terminal writes in plain letters, as a page has it: `+- 2e-7 uA/cm^2` becomes `± 2·10⁻⁷ µA/cm²`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_RAISED = str.maketrans("+-0123456789", "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_GREEK = {"lambda": "λ", "phi": "φ", "sigma": "\N{GREEK SMALL LETTER SIGMA}", "omega": "ω", "psi": "ψ", "eps": "ε"}

MINUS = "\N{MINUS SIGN}"


def _power(match: re.Match[str]) -> str:
    mantissa, exponent = match.groups()
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    sign = mantissa.rstrip("0123456789.")
    return f"{sign}{power}" if mantissa in ("1", "-1", "+1") else f"{mantissa}·{power}"


# In this order: a power of ten before the minus sign in front of it, a prefix before what is raised behind it.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\+-"), "±"),
    (re.compile(r"(?:^|(?<=\d ))x (?=\d)"), "\N{MULTIPLICATION SIGN} "),
    (re.compile(r"(?<=[\w)]) - (?=[\w(])"), f" {MINUS} "),
    (re.compile(r"(?<![\w.])([+-]?\d+(?:\.\d+)?)e([+-]?\d+)(?!\w)"), _power),
    (re.compile(r"(?<![\w.)\]^])-(?=\d)"), MINUS),
    (re.compile(r"\bu(?=[ACFlmMsSVW]\b)"), "µ"),
    (re.compile(r"\b([GMkm]?)ohm\b"), r"\1Ω"),
    (re.compile(rf"\b({'|'.join(_GREEK)})\b"), lambda match: _GREEK[match[1]]),
    (re.compile(r"(?<=[\w)])\^(-?\d+)"), lambda match: match[1].translate(_RAISED)),
)


def set_text(text: str) -> str:
    """A text of our own, set."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class Typesetter:
    """Sets texts in which names of the case stand, and leaves these as they were given."""

    def __init__(self, names: Iterable[str]) -> None:
        # Longest first, since a name may begin with another; most cases have none that would change.
        odd = sorted({name for name in names if set_text(name) != name}, key=len, reverse=True)
        self._odd = re.compile(f"({'|'.join(map(re.escape, odd))})") if odd else None

    def __call__(self, text: str) -> str:
        """The text, set."""
        if self._odd is None:
            return set_text(text)
        # Every second part is a name.
        return "".join(
            part if index % 2 else set_text(part) for index, part in enumerate(self._odd.split(text)) if part
        )
