"""What all figure functions have in common: they draw a figure of their own, or into axes that they are given, in a style."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from matplotlib.figure import Figure

from electrodiff.plot.dress import all_artists, dress, dress_figure, dress_frame
from electrodiff.plot.style import PAPER, ion_label, settings, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Result = TypeVar("Result", contravariant=True)

# The label by which the curve of an ion is known inside a figure: its place in the case.
_ION = re.compile(r"_(\d+)")


class FigureFunction(Protocol[Result]):
    """A function from a result to its figure."""

    __name__: str

    def __call__(
        self, result: Result, /, *, ax: Axes | None = None, axes: Sequence[Axes] = (), style: str = PAPER
    ) -> Figure:
        """The figure of a result: a new one, or that of the axes that are given.

        ax: draw the first panel alone into it.  axes: draw the first panels into them, in the order in which they are read;
        the others are left out.  Neither title nor legend is drawn then; the curves of ions are labelled for `ax.legend()`.
        style: "paper", "slides" (larger text, thicker lines) or "dark".
        Raises ValueError for more axes than panels, and for an unknown style.
        """
        ...


def styled(draw: Callable[[Result, Sequence[Axes]], Figure]) -> FigureFunction[Result]:
    """A figure function from one that draws, in our settings, a sheet of which the first axes may be given."""

    @functools.wraps(draw)
    def draw_in_style(
        result: Result, /, *, ax: Axes | None = None, axes: Sequence[Axes] = (), style: str = PAPER
    ) -> Figure:
        look = style_of(style)
        guests = given_axes(ax, axes)
        if not guests:
            with settings(look):
                figure = draw(result, ())
                dress_figure(figure, look)
            return figure
        before = {artist for guest in guests for artist in all_artists(guest)}
        with settings(look):
            draw(result, guests)
        now = dict.fromkeys(artist for guest in guests for artist in all_artists(guest))
        dress([artist for artist in now if artist not in before], look)
        for guest in guests:
            dress_frame(guest, look)
            _settle(guest, result)
        return _figure_of(guests[0])

    # Else help() would show the parameters of `draw`.
    del draw_in_style.__wrapped__
    return draw_in_style


def given_axes(ax: Axes | None, axes: Sequence[Axes]) -> list[Axes]:
    """The axes that a caller gave, one way or the other."""
    if ax is not None and len(axes):
        raise ValueError("give either ax or axes, not both")
    return [ax] if ax is not None else list(axes)


def _figure_of(ax: Axes) -> Figure:
    """The figure that axes are in, which may be in one of its parts."""
    figure = ax.figure
    return figure if isinstance(figure, Figure) else figure.figure


def _settle(ax: Axes, result: object) -> None:
    """Finish axes that belong to somebody else: an x axis with its label, and curves of ions with their names."""
    ax.tick_params(axis="x", labelbottom=True)
    ax.xaxis.label.set_visible(True)
    case = getattr(result, "case", None)
    names = [] if case is None else [ion_label(ion, case.valence(ion)) for ion in case.ion_names]
    for line in ax.lines:
        match = _ION.fullmatch(str(line.get_label()))
        if match and int(match[1]) < len(names):
            line.set_label(names[int(match[1])])
