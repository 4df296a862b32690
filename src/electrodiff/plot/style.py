"""How everything looks: the styles and their settings, the curves of the ions, the shades of the layers, the words.

Colours are those of Okabe and Ito (2008), told apart by the colour-blind; line styles do the same in grey.  Figures are drawn
for paper, black on white; `dress` turns the finished figure into another style.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.patheffects import withStroke

from electrodiff.fields import Profile
from electrodiff.ions import KNOWN_IONS
from electrodiff.units import ELEMENTARY_CHARGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from electrodiff.model import Case, Layer


@dataclass(frozen=True)
class Style:
    """What a figure is made for."""

    font_size: float = 10.0
    """[pt] of all text in a figure 180 mm wide: at 10 pt, 5 pt, still legible, at half size."""
    width: float = 1.0
    """Of lines and dots, over those on paper."""
    dpi: int = 150
    pad: float = 3.5
    """Between the ticks of a y axis and their labels [pt]; the larger these are, the less room there is."""
    ground: str | None = None
    """Colour behind everything; None for white."""


STYLES = {
    "paper": Style(),
    # A sheet that fills a slide is enlarged twice: this is 22 pt there.
    "slides": Style(font_size=12.0, width=1.3, dpi=200, pad=1.5),
    "dark": Style(ground="#15181d"),
}
"""The styles by name."""
PAPER = "paper"
MM_PER_POINT = 25.4 / 72.0

FONT_FAMILY = "DejaVu Sans"
"""Comes with matplotlib, so that figures are the same everywhere."""
_SIZES: tuple[Any, ...] = (
    "font.size",
    "axes.titlesize",
    "axes.labelsize",
    "figure.titlesize",
    "legend.fontsize",
    "legend.title_fontsize",
    "xtick.labelsize",
    "ytick.labelsize",
)
_SETTINGS: dict[Any, Any] = {
    "font.family": FONT_FAMILY,
    "axes.linewidth": 0.8,
    "axes.titlepad": 4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.facecolor": "white",
    "figure.facecolor": "white",
    "hatch.linewidth": 0.6,
    "savefig.facecolor": "auto",
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.borderaxespad": 0.2,
    "lines.linewidth": 1.7,
    "lines.dashed_pattern": (4.0, 1.8),
    "svg.hashsalt": "electrodiff",  # the same names of SVG elements in every run
    "text.usetex": False,
    "xtick.direction": "out",
    "ytick.direction": "out",
}

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_WIDTHS = (3.2, 2.7, 2.2, 1.8)
LINE_STYLES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (8, 2)), (0, (5, 1.5, 1, 1.5, 1, 1.5)))
SOLUTION: dict[str, Any] = {"color": "#0072B2", "linewidth": 2.6}
"""A profile that belongs to no single ion."""
GUIDE: dict[str, Any] = {"color": "0.35", "linewidth": 0.8}
"""Interfaces, leader lines, marks."""

OVER_COLOURS = "_over_colours"
"""Label of lines and texts that stand over colours which are the same in every style: they stay what they are too."""
WALL_SHADE = "0.45"
HALO_WIDTH = 2.5
"""Of the white around a text over curves [pt]."""
# Lines over a layer with fixed charge.
_HATCH: dict[str, Any] = {"facecolor": "none", "edgecolor": "0.80", "hatch": "//", "linewidth": 0.0}

MINUS = "\N{MINUS SIGN}"
_SUPERSCRIPTS = str.maketrans("+-0123456789", "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# Decade from which a power of ten is easier to read than its zeros.
_LONG_EXPONENT = 3
# Of the logarithm of a power of ten that is a tick.
_TICK_ROUNDING = 1e-9

# Relative permittivities at which a layer has the lightest and the darkest shade: water and a lipid.
_WATER, _LIPID = 80.0, 2.0
_LIGHTEST, _DARKEST = 0.975, 0.84


def style_of(name: str) -> Style:
    """The style of this name.  Raises ValueError if there is none."""
    if name not in STYLES:
        raise ValueError(f"style is '{name}'; expected one of {', '.join(STYLES)}")
    return STYLES[name]


@contextmanager
def settings(style: Style = STYLES[PAPER]) -> Iterator[None]:
    """Our settings over matplotlib's defaults, whatever the user's settings, which are back at the end."""
    with rc_context():
        rcdefaults()
        rcParams.update(
            {
                **_SETTINGS,
                **dict.fromkeys(_SIZES, style.font_size),
                "figure.dpi": style.dpi,
                "ytick.major.pad": style.pad,
            }
        )
        yield


def font_size() -> float:
    """Size of all text in the figure that is being drawn [pt]."""
    return float(rcParams["font.size"])


def line_height() -> float:
    """Of a line of text in the figure that is being drawn [mm]."""
    return 1.25 * font_size() * MM_PER_POINT


def halo() -> withStroke:
    """White around a text that stands over curves."""
    return withStroke(linewidth=HALO_WIDTH, foreground="white")


def ion_style(index: int) -> dict[str, Any]:
    """Colour, line style and width of the ion at this place in the case; coinciding curves show by their widths."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": LINE_STYLES[index % len(LINE_STYLES)],
        "linewidth": LINE_WIDTHS[min(index, len(LINE_WIDTHS) - 1)],
    }


def ion_label(name: str, valence: int) -> str:
    """`K⁺`, `Ca²⁺`, `A⁻`; the digits of a known formula are lowered, as in `HCO₃⁻`.

    In Unicode: the first use of matplotlib's mathtext would cost a quarter of a second.
    """
    formula = name.translate(_SUBSCRIPTS) if name in KNOWN_IONS else name
    if valence == 0:
        return formula
    count = "" if abs(valence) == 1 else str(abs(valence))
    return formula + f"{count}{'+' if valence > 0 else '-'}".translate(_SUPERSCRIPTS)


def layer_shade(case: Case, layer: Layer) -> str:
    """Grey of a layer: the lower its permittivity, the darker."""
    fraction = math.log(_WATER / case.relative_permittivity(layer)) / math.log(_WATER / _LIPID)
    return f"{_LIGHTEST - (_LIGHTEST - _DARKEST) * min(max(fraction, 0.0), 1.0):.3f}"


def shade(ax: Axes, left: float, right: float, case: Case, layer: Layer) -> None:
    """Fill the part of an axes that shows a layer: its grey, hatched if it has fixed charge."""
    ax.axvspan(left, right, color=layer_shade(case, layer), linewidth=0, zorder=-2)
    if fixed_charge_label(layer):
        ax.axvspan(left, right, zorder=-1.5, **_HATCH)


def fixed_charge_label(layer: Layer) -> str:
    """`−200 mM fixed`, `−4 e fixed`; nothing for a layer without fixed charge."""
    if layer.total_fixed_charge is not None:
        value, unit = layer.total_fixed_charge / ELEMENTARY_CHARGE, "e"
    elif isinstance(layer.fixed_charge, Profile):
        return "fixed charge" if any(layer.fixed_charge.value) else ""
    else:
        value, unit = layer.fixed_charge, "mM"
    return f"{_short(value)} {unit} fixed" if value else ""


def _short(value: float) -> str:
    """A number as given: three digits at most, no zeros at the end."""
    text = f"{value:.3g}"
    return number(value) if "e" in text else text.replace("-", MINUS)


def number(value: float, digits: int = 3) -> str:
    """A number for the reader: so many significant digits, a true minus sign, and powers of ten as such."""
    text = f"{value:#.{digits}g}" if 1e-3 <= abs(value) < 10.0**digits else f"{value:.{digits}g}"
    mantissa, _, exponent = text.rstrip(".").partition("e")
    if exponent:
        mantissa = f"{mantissa}·{power_of_ten(int(exponent))}"
    return mantissa.replace("-", MINUS)


def power_of_ten(exponent: int) -> str:
    """`10⁻⁴`."""
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def log_tick(value: float, _position: float | None) -> str:
    """Label of a tick of a logarithmic axis: `0.01`, `1`, `20`, `100`, but `10⁻⁴` and `2·10⁴`."""
    exponent = math.floor(math.log10(value) + _TICK_ROUNDING)
    digit = round(value / 10.0**exponent, 9)
    if -_LONG_EXPONENT < exponent < _LONG_EXPONENT:
        return f"{digit * 10.0**exponent:.9g}"
    return power_of_ten(exponent) if digit == 1 else f"{digit:g}·{power_of_ten(exponent)}"
