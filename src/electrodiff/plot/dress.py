"""A figure that was drawn for paper in another style: thicker lines, or light on dark.

Greys keep their order between ink and ground, so that layers stay shades of one another; colours are lightened.  One pass
over finished artists does what every figure would have to do by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis, Tick
from matplotlib.collections import Collection
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb, to_rgba
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text

from electrodiff.plot.style import HALO_WIDTH, OVER_COLOURS, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What is black on paper.
_INK = "#eceff2"
# The colours of Okabe and Ito, lightened until the darkest stands out from the ground by a contrast of 5.
_LIGHT = {
    "#0072B2": "#45A5F5",
    "#D55E00": "#FF8540",
    "#009E73": "#2CCB9F",
    "#CC79A7": "#EDA6CB",
    "#E69F00": "#F7BC45",
    "#56B4E9": "#A3DCFF",
}
_TABLE = {to_rgb(paper): to_rgb(dark) for paper, dark in _LIGHT.items()}
# Difference of red, green and blue up to which a colour is a grey, half a step of 8 bits.
_GREY = 2e-3
# Share of white in any other colour.
_LIGHTER = 0.3
# Red for positive, blue for negative, and as dark as the ground at zero.
_WHITE_AT_ZERO = "RdBu_r"
_DARK_NEGATIVE, _DARK_POSITIVE = ("#A3DCFF", "#45A5F5", "#1B4F7D"), ("#8A2F12", "#FF6B35", "#FFC9AE")

Colour = Any
"""Whatever matplotlib takes for one."""


def dress_figure(figure: Figure, style: Style) -> None:
    """Turn a whole figure of ours into a style, once, with the ticks that its axes make later."""
    if style.width == 1.0 and style.ground is None:
        # To look at every artist makes all ticks, which takes as long as to draw them.
        return
    dress(all_artists(figure), style)
    for ax in figure.axes:
        dress_ticks(ax, style)


def dress(artists: Iterable[Artist], style: Style) -> None:
    """Turn artists that were drawn for paper into a style: each one once."""
    for artist in artists:
        if style.width != 1.0:
            _thicken(artist, style.width)
        if style.ground is not None:
            _darken(artist, style.ground)


def dress_ticks(ax: Axes, style: Style) -> None:
    """Give its colours to the ticks that an axes makes later."""
    if style.ground is not None:
        ax.tick_params(which="both", color=_INK, labelcolor=_INK)


def dress_frame(ax: Axes, style: Style) -> None:
    """Give its colours to axes of somebody else, whatever theirs were: ground, spines, titles and labels."""
    if style.ground is None:
        return
    ax.set_facecolor(style.ground)
    for spine in ax.spines.values():
        spine.set_edgecolor(_INK)
    for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
        text.set_color(_INK)
    dress_ticks(ax, style)


def dark(colour: Colour, ground: str) -> tuple[float, ...]:
    """A colour on paper as it is on a dark ground, red, green, blue and opacity, which is the same."""
    red, green, blue, alpha = to_rgba(colour)
    if max(red, green, blue) - min(red, green, blue) < _GREY:
        part = 1.0 - red
        return (*(low + part * (high - low) for low, high in zip(to_rgb(ground), to_rgb(_INK), strict=True)), alpha)
    lighter = tuple(value + _LIGHTER * (1.0 - value) for value in (red, green, blue))
    return (*_TABLE.get((red, green, blue), lighter), alpha)


def _thicken(artist: Artist, factor: float) -> None:
    if isinstance(artist, Line2D):
        artist.set_linewidth(artist.get_linewidth() * factor)
        artist.set_markersize(artist.get_markersize() * factor)


def _darken(artist: Artist, ground: str) -> None:
    if artist.get_label() == OVER_COLOURS:
        return
    for kind, properties in _COLOURS.items():
        if isinstance(artist, kind):
            _change(artist, properties, ground)
    if isinstance(artist, Annotation) and artist.arrow_patch is not None:
        _darken(artist.arrow_patch, ground)
    if isinstance(artist, AxesImage | Collection) and artist.get_array() is not None:
        _darken_map(artist, ground)
    if artist.get_path_effects():
        artist.set_path_effects([withStroke(linewidth=HALO_WIDTH, foreground=ground)])


def _darken_map(artist: AxesImage | Collection, ground: str) -> None:
    """Let what is white at zero be dark there; a bar of its colours keeps its ticks, which a new map would reset."""
    if artist.get_cmap().name != _WHITE_AT_ZERO:
        return
    bar = artist.colorbar
    kept = None if bar is None else (bar.locator, bar.minorlocator, bar.formatter)
    artist.set_cmap(_dark_diverging(ground))
    if bar is not None and kept is not None:
        bar.locator, bar.minorlocator, bar.formatter = kept
        bar.update_ticks()


# What each kind of artist has a colour of.  That of the edge of a patch comes last: it is drawn in it, and so is its hatch.
_COLOURS: dict[type[Artist], Sequence[str]] = {
    Line2D: ("color", "markerfacecolor", "markeredgecolor"),
    Text: ("color",),
    Patch: ("facecolor", "edgecolor"),
    Collection: ("facecolor", "edgecolor"),
}


def _change(artist: Artist, properties: Sequence[str], ground: str) -> None:
    # Read all before any is set: markers that follow the line change with it.
    found = {name: getattr(artist, f"get_{name}")() for name in properties}
    if isinstance(artist, Collection) and artist.get_array() is not None:
        return  # its colours are data
    for name, colour in found.items():
        if isinstance(colour, str) and colour.lower() in ("none", "auto"):
            continue
        setter = getattr(artist, f"set_{name}")
        if isinstance(colour, np.ndarray) and colour.ndim == 2:
            setter([dark(row, ground) for row in colour])
        else:
            setter(dark(colour, ground))


def _dark_diverging(ground: str) -> Colormap:
    return LinearSegmentedColormap.from_list("dark_diverging", (*_DARK_NEGATIVE, ground, *_DARK_POSITIVE))


def all_artists(root: Artist) -> list[Artist]:
    """Everything in a figure, each once, without the containers that have no look of their own."""
    return [artist for artist in dict.fromkeys(root.findobj()) if not isinstance(artist, Axis | Tick)]
