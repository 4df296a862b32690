"""The bar that plays a course in time: a button, a slider of moments, and series over time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bokeh.models import Column, InlineStyleSheet, Row
from bokeh.models.widgets.buttons import Button, Toggle
from bokeh.models.widgets.sliders import Slider

from electrodiff.explore import words
from electrodiff.explore.film import Film
from electrodiff.explore.parts import BUTTON, div
from electrodiff.explore.readouts import moment_readouts
from electrodiff.explore.views import SeriesView

if TYPE_CHECKING:
    from electrodiff.explore.page import Page

# Time between two pictures of a film [ms].
_FRAME = 80


class FilmBar:
    """Plays a course in time: a button, a slider of moments, and series over time."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._film: Film | None = None
        self.is_shown = False
        """Whether a moment is shown instead of the steady state."""
        self._is_asked = self._is_telling = False
        self._is_drawn = True
        sheet = InlineStyleSheet(css=BUTTON)
        self._play = Toggle(label="play the course in time", name="play", stylesheets=[sheet])
        self._back = Button(label="back to the steady state", name="back", stylesheets=[sheet], disabled=True)
        self._moment = Slider(
            start=0,
            end=1,
            step=1,
            value=0,
            title="moment",
            show_value=False,
            disabled=True,
            name="moment",
            sizing_mode="stretch_width",
            stylesheets=[InlineStyleSheet(css=".noUi-connect { background: #d55e00 !important; }")],
        )
        self._words = div("film_words", words.PLAIN_STYLE)
        self._series = SeriesView()
        for plot in (self._series.potential, self._series.current):
            plot.visible = False
        self._play.on_change("active", lambda _attribute, _old, _new: self._on_play())
        self._back.on_click(self.show_steady)
        self._moment.on_change("value", lambda _attribute, _old, _new: self._on_moment())
        page.every(_FRAME, self._step)

    def models(self) -> dict[str, Any]:
        """Its parts of the page by name."""
        row = Row(children=[self._play, self._back, self._moment], sizing_mode="stretch_width", spacing=10)
        return {
            "film": Column(children=[row, self._words], sizing_mode="stretch_width"),
            "series_potential": self._series.potential,
            "series_current": self._series.current,
        }

    def forget(self) -> None:
        """The case has changed: the course in time is another one."""
        self._film, self._is_asked = None, False
        self._play.active = False
        self._back.disabled = self._moment.disabled = True
        self._words.text = ""
        self.is_shown = False
        for plot in (self._series.potential, self._series.current):
            plot.visible = False

    def _on_play(self) -> None:
        self._play.label = "pause" if self._play.active else "play the course in time"
        if not self._play.active:
            return
        if self._film is None:
            if not self._is_asked:
                self._is_asked = True
                self._words.text = words.paragraph("computing the course in time ...")
                self._page.request_film(self._say)
            return
        if self._moment.value >= self._moment.end:
            self._show(0)

    def _say(self, text: str) -> None:
        """Called in the thread of the worker."""
        self._page.later(partial(setattr, self._words, "text", words.paragraph(text)))

    def ready(self, film: Film | None, failure: str) -> None:
        """It has been computed, or could not be."""
        self._is_asked = False
        if film is None:
            self._play.active = False
            self._words.text = words.paragraph(f"There is no course in time: {failure}.")
            return
        self._film = film
        self._words.text = ""
        self._series.show(film)
        for plot in (self._series.potential, self._series.current):
            plot.visible = True
        self._is_telling = True
        self._moment.update(end=max(len(film.moments) - 1, 1), value=0, disabled=False)
        self._is_telling = False
        self._back.disabled = False
        self._show(0)

    def drawn(self) -> None:
        """The page has drawn the last moment."""
        self._is_drawn = True

    def _step(self) -> None:
        """The next moment, if the film plays and the page keeps up."""
        if self._film is None or not self._play.active:
            return
        moment = int(self._moment.value) + 1
        if moment >= len(self._film.moments):
            self._play.active = False
        else:
            self._show(moment)

    def _on_moment(self) -> None:
        if not self._is_telling and self._film is not None:
            self._draw(min(int(self._moment.value), len(self._film.moments) - 1))

    def _show(self, moment: int) -> None:
        self._is_telling = True
        self._moment.value = moment
        self._is_telling = False
        self._draw(moment)

    def _draw(self, moment: int) -> None:
        film = self._film
        assert film is not None, "asked before"
        self.is_shown = True
        lines = [f"moment {moment + 1} of {len(film.moments)} in the course in time"]
        self._page.draw(film.pictures[moment], tuple(moment_readouts(film, moment)), lines, True, film.limits)
        self._series.point_at(film.place(moment))

    def show_steady(self) -> None:
        """Show the steady state again."""
        self._play.active = False
        self.is_shown = False
        self._page.show_steady()
