"""A slider and a field for each number of a case, and words beside them when a number cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from bokeh.models import Column, InlineStyleSheet, Row
from bokeh.models.widgets.inputs import Checkbox, Select, TextInput
from bokeh.models.widgets.markups import Div
from bokeh.models.widgets.sliders import Slider

from electrodiff.explore.controls import STEPS, Control, bath_name
from electrodiff.explore.model import Explorer, balancing_ions
from electrodiff.plot.style import ion_label

_FIELD_WIDTH = 96

_STYLE = """
:host, .bk-input { font-size: 15px; }
.bk-slider-title { font-size: 15px; color: #1a1a1a; }
.noUi-connect { background: #0072b2 !important; }
.bk-input { padding: 2px 6px; height: 30px; }
:focus-visible { outline: 3px solid #0072b2; outline-offset: 1px; }
"""
_REMARK = "font-size: 14px; line-height: 1.3; color: #9c2a00; border-left: 3px solid #d55e00; padding-left: 6px;"


def plain(text: str) -> str:
    """A text that Bokeh does not take for mathematics, whatever the names in it."""
    return text.replace("$$", "$ $").replace("\\(", "\\ (").replace("\\[", "\\ [")


class ControlRow:
    """One control: a slider, a field beside it, and below them what is wrong."""

    def __init__(self, control: Control, name: str, moved: Callable[[str, str], None], sheet: InlineStyleSheet) -> None:
        self.control = control
        self._shown: tuple[Any, ...] = ()
        self._moved = moved
        self._is_telling = False
        label = plain(f"{control.label} {name}".strip())
        position = control.scale.position(control.value)
        self.slider = Slider(
            start=0,
            end=STEPS,
            step=1,
            value=position,
            title=label,
            show_value=False,
            sizing_mode="stretch_width",
            stylesheets=[sheet],
            name=control.key,
            margin=(0, 4, 0, 6),
        )
        # The label stands over the slider; a screen reader reads it at the field too.
        self.field = TextInput(
            value=control.start,
            width=_FIELD_WIDTH,
            stylesheets=[sheet],
            name=f"{control.key} field",
            align="end",
            margin=0,
            html_attributes={"aria-label": f"{label}, number"},
        )
        self.remark = Div(visible=False, sizing_mode="stretch_width", name=f"{control.key} remark", margin=(2, 0, 4, 6))
        self.free = (
            None
            if not control.keyword
            else Checkbox(
                label="found, for no net current", active=control.is_keyword, stylesheets=[sheet], margin=(0, 0, 0, 6)
            )
        )
        self.slider.on_change("value", self._on_slider)
        self.field.on_change("value", self._on_field)
        if self.free is not None:
            self.free.on_change("active", self._on_free)
        first = Row(children=[self.slider, self.field], sizing_mode="stretch_width", spacing=8)
        second = [self.free] if self.free is not None else []
        self.layout = Column(children=[first, *second, self.remark], sizing_mode="stretch_width", spacing=0)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """While the page is told something, it is not the page that moves."""
        self._is_telling = True
        try:
            yield
        finally:
            self._is_telling = False

    def _on_slider(self, _attribute: str, _old: Any, position: int) -> None:
        if not self._is_telling:
            self._moved(self.control.key, self.control.at(int(position)))

    def _on_field(self, _attribute: str, _old: Any, text: str) -> None:
        if not self._is_telling:
            number = self.control.number(_with_unit(text, self.control))
            if number is not None:
                with self._telling():
                    self.slider.value = self.control.scale.position(number)
            self._moved(self.control.key, text)

    def _on_free(self, _attribute: str, _old: Any, is_free: bool) -> None:
        if not self._is_telling:
            at = self.control.at(int(self.slider.value))
            self._moved(self.control.key, self.control.keyword if is_free else at)

    def show(self, explorer: Explorer, moved: bool) -> None:
        """Show what the explorer says of it.  moved: by the page itself, so that its slider is where it should be."""
        key, control = self.control.key, self.control
        text, remark, is_balanced = explorer.text(key), explorer.mistakes.get(key, ""), explorer.is_balanced(key)
        wanted = (text, remark, is_balanced, moved and self.slider.value)
        if wanted == self._shown:
            return
        self._shown = wanted
        is_free = bool(control.keyword) and text == control.keyword
        number = control.number(text)
        with self._telling():
            _update(self.field, value=text, disabled=is_free or is_balanced)
            if number is not None and not moved:
                _update(self.slider, value=control.scale.position(number))
            _update(self.slider, disabled=is_free or is_balanced)
            if self.free is not None:
                _update(self.free, active=is_free)
        _update(self.remark, text=f'<div role="alert" style="{_REMARK}">{escape(remark)}</div>', visible=bool(remark))

    def rest_at(self, millivolts: float) -> None:
        """Put the slider of a potential that is found at what was found, from where it goes on when it is held."""
        with self._telling():
            _update(self.slider, value=self.control.scale.position(millivolts))


def _with_unit(text: str, control: Control) -> str:
    try:
        float(text)
    except ValueError:
        return text
    return f"{text} {control.unit}".strip()


def _update(model: Any, **values: Any) -> None:
    """Change what differs: everything else would be sent to the page for nothing."""
    changed = {name: value for name, value in values.items() if getattr(model, name) != value}
    if changed:
        model.update(**changed)


class Panel:
    """All controls of a case, in groups."""

    def __init__(self, explorer: Explorer, changed: Callable[[], None]) -> None:
        self._explorer, self._changed = explorer, changed
        case = explorer.start
        # One for all: every message to the page counts all models.
        self._sheet = InlineStyleSheet(css=_STYLE)
        names = {ion: ion_label(ion, case.valence(ion)) for ion in case.ions}
        self.rows = {
            key: ControlRow(control, names.get(control.ion, ""), self._move, self._sheet)
            for key, control in explorer.controls.items()
        }
        self.balance = {side: self._balance(side) for side in explorer.balance}

    def groups(self) -> dict[str, Column]:
        """The controls of every group, by its heading."""
        found: dict[str, list[Any]] = {}
        for row in self.rows.values():
            found.setdefault(row.control.group, []).append(row.layout)
        for side, select in self.balance.items():
            members = found[bath_name(self._explorer.start, "left" if side == "left" else "right")]
            members.insert(len(members) - 1, select)
        return {name: Column(children=rows, sizing_mode="stretch_width", spacing=4) for name, rows in found.items()}

    def _balance(self, side: str) -> Select:
        case = self._explorer.start
        options: list[str | tuple[Any, str]] = [
            (ion, plain(ion_label(ion, case.valence(ion)))) for ion in balancing_ions(case)
        ]
        select = Select(
            title="kept neutral by",
            options=options,
            value=self._explorer.balance[side],
            sizing_mode="stretch_width",
            name=f"{side}.neutralise",
            margin=(0, 0, 0, 6),
            stylesheets=[self._sheet],
        )

        def chosen(_attribute: str, _old: Any, ion: str) -> None:
            if ion == self._explorer.balance[side] or ion not in balancing_ions(case):
                return
            self._explorer.balance_with(side, ion)
            self.show()
            self._changed()

        select.on_change("value", chosen)
        return select

    def _move(self, key: str, text: str) -> None:
        is_allowed = self._explorer.move(key, text)
        self.show(moved=key)
        if is_allowed:
            self._changed()

    def show(self, moved: str = "") -> None:
        """Show what the explorer says of all of them; one was moved by the page itself."""
        for key, row in self.rows.items():
            row.show(self._explorer, key == moved)
        for side, select in self.balance.items():
            _update(select, value=self._explorer.balance[side])

    def show_rest(self, voltage: float) -> None:
        """Move the sliders of potentials that are found to the membrane potential [V]."""
        for key, row in self.rows.items():
            if self._explorer.text(key) == row.control.keyword and row.control.keyword:
                sign = 1.0 if key.startswith("left") else -1.0
                row.rest_at(sign * 1e3 * voltage)
