"""The page: controls at the left, numbers and figures at the right; what moves where it is told by a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import resources
from typing import Any

from bokeh.document import Document
from bokeh.models import ColumnDataSource, CustomJS, InlineStyleSheet, Row
from bokeh.models.widgets.buttons import Button
from bokeh.models.widgets.markups import Div, PreText
from jinja2 import Template

from electrodiff.explore import words
from electrodiff.explore.film import can_play, film_of
from electrodiff.explore.film_bar import FilmBar
from electrodiff.explore.model import Explorer
from electrodiff.explore.parts import BUTTON, div, set_text
from electrodiff.explore.pictures import Picture, Zoom, outer_zooms
from electrodiff.explore.readouts import Readout, Steady, Tasks
from electrodiff.explore.rivals import Block, Curves
from electrodiff.explore.views import COLOURS, CURVES, FORM, CurveView, StackView, ZoomView, look
from electrodiff.explore.widgets import Panel
from electrodiff.explore.worker import Answer, Worker
from electrodiff.model import Case
from electrodiff.plot.scale import Limits
from electrodiff.plot.style import ion_label

_COPY = """
const said = text => { button.label = text; setTimeout(() => { button.label = "copy as TOML"; }, 2000); };
const failed = () => said("select it at the left, below");
if (navigator.clipboard) navigator.clipboard.writeText(toml.text).then(() => said("copied"), failed);
else failed();
"""
# The next picture is asked for when this one has been drawn.
_DRAWN = """
requestAnimationFrame(() => { drawn.data = {serial: state.data.serial, count: [drawn.data.count[0] + 1]}; });
"""
_STALE = "document.body.classList.toggle('stale', trouble.visible);"


class Page:
    """One page in one browser: its case, its worker, its models."""

    def __init__(self, case: Case, document: Document) -> None:
        self.explorer = Explorer(case)
        self._document = document
        self._panel = Panel(self.explorer, self._changed)
        self._stack, self._curves = StackView(case), CurveView()
        self._zooms = (ZoomView("zoom0"), ZoomView("zoom1"))
        self._zoom_titles = tuple(div(f"zoom{i}_title", words.PLAIN_STYLE) for i in range(2))
        self._curves_title = div("curves_title", words.PLAIN_STYLE)
        keys = (words.key(ion_label(ion, case.valence(ion)), *look(i).values()) for i, ion in enumerate(case.ions))
        self._ions = div("ions", words.PLAIN_STYLE, text=words.heading("Concentrations", keys="".join(keys)))
        self._potential_title = div(
            "potential_title", words.PLAIN_STYLE, text=words.heading("Potential", "along the stack, from left to right")
        )
        self._charge_title = div(
            "charge_title", words.PLAIN_STYLE, text=words.heading("Charge density", "mobile and fixed")
        )
        self._readouts = div("readouts", words.READOUTS_STYLE)
        self._trouble = div("trouble", words.TROUBLE_STYLE, visible=False)
        self._ladder = div("ladder", words.LADDER_STYLE)
        self._toml = PreText(text=self.explorer.toml(), name="toml", sizing_mode="stretch_width", styles=_SCROLLS)
        self._state = ColumnDataSource({"serial": [0], "is_fine": [False]}, name="state")
        self._drawn = ColumnDataSource({"serial": [0], "count": [0]}, name="drawn")
        self._film = FilmBar(self) if can_play(case) else None
        self._steady: Steady | None = None
        self._serial = 0
        tasks = Tasks()
        self.worker = Worker({"state": tasks.state, "curves": tasks.curves, "ladder": tasks.ladder}, self._post)
        self._wire()
        self._panel.show()

    # ---- what the page is made of ------------------------------------------------------------------------------------

    def models(self) -> dict[str, Any]:
        """The parts of the page by name."""
        parts: dict[str, Any] = {
            "buttons": self._buttons(),
            "readouts": self._readouts,
            "trouble": self._trouble,
            "toml": self._toml,
            "potential": self._stack.potential,
            "concentration": self._stack.concentration,
            "charge": self._stack.charge,
            "ions": self._ions,
            "potential_title": self._potential_title,
            "charge_title": self._charge_title,
            "curves_title": self._curves_title,
            "curves": self._curves.plot,
            "ladder": self._ladder,
        }
        for index, (view, title) in enumerate(zip(self._zooms, self._zoom_titles, strict=True)):
            parts |= {f"zoom{index}": view.plot, f"zoom{index}_title": title}
        return parts | (self._film.models() if self._film else {})

    def groups(self) -> dict[str, Any]:
        """The controls by their headings."""
        return self._panel.groups()

    @property
    def has_film(self) -> bool:
        """Whether there is a course in time."""
        return self._film is not None

    def _buttons(self) -> Row:
        sheet = InlineStyleSheet(css=BUTTON)
        reset = Button(label="reset", name="reset", stylesheets=[sheet])
        reset.on_click(self._reset)
        copy = Button(label="copy as TOML", name="copy", stylesheets=[sheet])
        copy.js_on_click(CustomJS(args={"toml": self._toml, "button": copy}, code=_COPY))
        return Row(children=[reset, copy], spacing=6)

    def _wire(self) -> None:
        # What nothing draws has to hang on something drawn to reach the browser.
        self._readouts.tags = [self._state, self._drawn]
        self._state.js_on_change("data", CustomJS(args={"state": self._state, "drawn": self._drawn}, code=_DRAWN))
        self._drawn.on_change("data", lambda _attribute, _old, _new: self._on_drawn())
        self._trouble.js_on_change("visible", CustomJS(args={"trouble": self._trouble}, code=_STALE))

    # ---- what happens ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Solve the case as it is."""
        self._serial = self.worker.submit(self.explorer.case)

    def _changed(self) -> None:
        """The case is another one."""
        if self._film:
            self._film.forget()
        self._serial = self.worker.submit(self.explorer.case)

    def _reset(self) -> None:
        self.explorer.reset()
        self._panel.show()
        self._stack.forget_limits()
        self._changed()

    def _post(self, answer: Answer) -> None:
        """Called by the worker in its thread; the page may be changed only in turn with what comes from it."""
        self._document.add_next_tick_callback(partial(self._on_answer, answer))

    def _on_answer(self, answer: Answer) -> None:
        if answer.task == "errand":
            if self._film and answer.serial == self._serial:
                self._film.ready(answer.value, answer.failure)
        elif answer.failure:
            self._on_failure(answer)
        else:
            shows: Mapping[str, Callable[[Answer], None]] = {
                "state": self._show_steady,
                "curves": self._show_curves,
                "ladder": self._show_ladder,
            }
            shows[answer.task](answer)

    def _on_failure(self, answer: Answer) -> None:
        """Say why there is no picture, and keep the last good one."""
        if answer.task == "state":
            self._show_text(answer)
            text = answer.failure[:1].upper() + answer.failure[1:]
            kept = " The figures show the last numbers that have one." if self._steady else ""
            self._trouble.text = words.paragraph(f"{text}.{kept}")
            self._trouble.visible = True
            self._tell_state(answer)
        elif not self._trouble.visible:
            target = {"curves": self._curves_title, "ladder": self._ladder}[answer.task]
            target.text = words.paragraph(answer.failure)

    def _on_drawn(self) -> None:
        self.worker.shown()
        if self._film:
            self._film.drawn()

    def _tell_state(self, answer: Answer) -> None:
        self._state.data = {"serial": [answer.serial], "is_fine": [answer.is_fine]}

    # ---- what is shown ---------------------------------------------------------------------------------------------

    def _show_steady(self, answer: Answer) -> None:
        self._steady = answer.value
        if self._trouble.visible:
            self._trouble.visible = False
        if not (self._film and self._film.is_shown):
            self.show_steady(answer.is_fine)
        if answer.is_fine:
            self._panel.show_rest(self._steady.solution.membrane_potential)
        self._show_text(answer)
        self._tell_state(answer)

    def _show_text(self, answer: Answer) -> None:
        """The case as TOML; not while a slider moves, when nobody copies it."""
        if answer.is_fine and answer.serial == self._serial:
            set_text(self._toml, self.explorer.toml())

    def show_steady(self, rests: bool = True) -> None:
        """Draw the last steady state; headings with numbers in them change only when sliders rest."""
        if self._steady is not None:
            solution = self._steady.solution
            nodes = f"{solution.iterations} Newton steps on up to {max(solution.meshes)} nodes"
            lines = [f"steady state, solved in {nodes}", *solution.warnings]
            self.draw(self._steady.picture, self._steady.readouts, lines, rests)

    def draw(
        self,
        picture: Picture,
        readouts: tuple[Readout, ...],
        lines: Sequence[str],
        rests: bool,
        limits: Mapping[str, Limits] | None = None,
    ) -> None:
        """Draw a state, steady or not, with what is said of it."""
        self._stack.show(picture, rests, limits)
        for view, title, zoom in zip(self._zooms, self._zoom_titles, outer_zooms(picture.zooms), strict=True):
            self._show_zoom(view, title, zoom, rests)
        set_text(self._readouts, words.readouts_html(readouts) + words.paragraphs(lines))

    @staticmethod
    def _show_zoom(view: ZoomView, title: Div, zoom: Zoom | None, rests: bool) -> None:
        if zoom is None:
            set_text(title, words.heading("No other Debye layer", "that would screen anything, or lie beside a face"))
        else:
            if rests or not view.plot.visible:
                keys = words.key("PNP", COLOURS[0]) + (words.key(zoom.form, *FORM.values()) if zoom.form else "")
                set_text(title, words.heading(f"Debye layer: {zoom.title}", zoom.facts, keys))
            view.show(zoom)
        if view.plot.visible != (zoom is not None):
            view.plot.visible = zoom is not None

    def _show_curves(self, answer: Answer) -> None:
        curves: Curves | None = answer.value
        self._curves.plot.visible = curves is not None
        if curves is None:
            self._curves_title.text = words.heading(
                "No current-voltage curve", "no ion goes from one bath to the other"
            )
            return
        zero = "" if curves.zero is None else f", no current at {curves.zero:.2f} mV".replace("-", "\N{MINUS SIGN}")
        keys = "".join(
            words.key(title, *look(index).values()) for title, index in CURVES.items() if title in curves.currents
        )
        set_text(self._curves_title, words.heading(f"Current-voltage curve{zero}", keys=keys))
        self._curves.show(curves)

    def _show_ladder(self, answer: Answer) -> None:
        blocks: tuple[Block, ...] = answer.value
        self._ladder.text = words.ladder_html(blocks)

    # ---- for the film ----------------------------------------------------------------------------------------------

    def request_film(self, say: Callable[[str], None]) -> None:
        """Have the course in time of the case computed."""

        def progress(text: str) -> None:
            self.worker.go_on()
            say(text)

        self.worker.send(lambda case: film_of(case, progress))

    def later(self, task: Callable[[], None]) -> None:
        """Do something in turn with what comes from the page."""
        self._document.add_next_tick_callback(task)

    def every(self, milliseconds: int, task: Callable[[], None]) -> None:
        """Do something again and again."""
        self._document.add_periodic_callback(task, milliseconds)


_SCROLLS: dict[str, str | None] = {"overflow": "auto", "max-height": "340px", "font-size": "13px"}


def template() -> Any:
    """The frame of the page."""
    # Every name of the case is escaped where it is written, as in Bokeh's own frame.
    return Template((resources.files("electrodiff.explore") / "page.html").read_text(encoding="utf-8"))


def build(document: Document, case: Case, variables: Mapping[str, Any]) -> Page:
    """Make a document the page of a case.  variables: what else its frame needs (see `server`)."""
    page = Page(case, document)
    parts = page.models()
    groups = []
    for index, (title, column) in enumerate(page.groups().items()):
        name = f"group{index}"
        parts[name] = column
        # The baths are what most people move; of the rest there is too much to be seen at once.
        groups.append({"title": title, "root": name, "is_open": title.startswith(("Bath", "Wall"))})
    for name, model in parts.items():
        model.name = name
        document.add_root(model)
    document.title = case.title or "electrodiff"
    document.template = template()
    document.template_variables.update(variables, heading=document.title, groups=groups, has_film=page.has_film)
    page.start()
    return page
