"""The figures of the page: made once, then only given new columns, so that a slider's pictures follow its moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bokeh.models import (
    ColumnDataSource,
    CustomJSTickFormatter,
    FixedTicker,
    HoverTool,
    Range1d,
)
from bokeh.models.annotations.geometry import Span
from bokeh.plotting import figure

from electrodiff.explore.film import Film
from electrodiff.explore.pictures import Picture, Zoom, settled
from electrodiff.explore.rivals import Curves
from electrodiff.model import Case
from electrodiff.plot.scale import Limits

# Colours of Okabe and Ito (2008), told apart by the colour-blind; dashes do the same in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: tuple[Any, ...] = ("solid", [9, 4], [9, 3, 2, 3], [2, 3], [14, 4], [9, 3, 2, 3, 2, 3], [4, 4])
_MAIN = COLOURS[0]
# How a closed form is drawn over the solution.
FORM: dict[str, Any] = {"color": "#000000", "line_dash": [6, 4]}
# The curves that there may be, and the places of their looks.
CURVES = {"PNP": 0, "GHK": 1, "GHK + pump": 1, "chord circuit": 2, "chord circuit + pump": 2}
# Heights [px] of the panels, so that four of them and the numbers over them fill a projector of 1280 x 720.
_HEIGHT = 232
_FONT = "14px"
# Room at the left of every panel [px], so that axes under each other line up.
_LEFT = 74
# Colour of what only guides the eye.
_GUIDE = "#595959"


def look(index: int) -> dict[str, Any]:
    """Colour and dashes of a curve."""
    return {"color": COLOURS[index % len(COLOURS)], "line_dash": DASHES[index % len(DASHES)]}


def _figure(y_label: str, x_label: str = "", **options: Any) -> Any:
    """An empty panel in the style of the page."""
    plot = figure(
        height=_HEIGHT,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools="",
        min_border_left=_LEFT,
        min_border_right=14,
        min_border_top=6,
        x_range=Range1d(start=0.0, end=1.0),
        y_range=Range1d(start=0.0, end=1.0),
        **options,
    )
    plot.xaxis.axis_label, plot.yaxis.axis_label = x_label, y_label
    plot.grid.visible = False
    plot.outline_line_color = None
    for axis in plot.axis:
        axis.axis_label_text_font_size = axis.major_label_text_font_size = _FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_color = axis.major_label_text_color = "#1a1a1a"
        axis.axis_label_standoff = 4
        # Ticks are measured anew with every picture, which takes most of its time.
        axis.minor_tick_line_color = None
    return plot


def _set_range(target: Range1d, limits: Limits) -> None:
    if (target.start, target.end) != limits:
        target.update(start=limits[0], end=limits[1])


class Ticks:
    """Ticks at given places with given texts."""

    def __init__(self, axis: Any) -> None:
        self._shown: Sequence[tuple[float, str]] = ()
        self._ticker = FixedTicker(ticks=[], minor_ticks=[])
        self._axis = axis
        axis.ticker = self._ticker

    def show(self, ticks: Sequence[tuple[float, str]], label: str) -> None:
        """Put them there."""
        if list(ticks) == list(self._shown):
            return
        self._shown = ticks
        self._axis.axis_label = label
        self._axis.major_label_overrides = dict(ticks)
        self._ticker.ticks = [place for place, _ in ticks]


class StackView:
    """Potential, concentrations and charge density along the stack."""

    def __init__(self, case: Case) -> None:
        self._names = ["place", "x", "potential", *(f"c{i}" for i in range(len(case.ions)))]
        # Its own, so that it can be left as it is while a slider moves.
        self.charges = ColumnDataSource({"place": [], "x": [], "charge": []}, name="charges")
        self.source = ColumnDataSource({name: [] for name in self._names}, name="profiles")
        self._layers = ColumnDataSource({"left": [], "right": [], "middle": [], "shade": [], "name": [], "top": []})
        self.potential = _figure("potential [mV]", name="potential")
        self.concentration = _figure("concentration [mM]", y_axis_type="log", name="concentration")
        self.charge = _figure("", name="charge")
        self.charge.height = 250
        self._plots = {"potential": self.potential, "concentration": self.concentration, "charge": self.charge}
        self._ticks = [Ticks(plot.xaxis[0]) for plot in self._plots.values()]
        for plot in self._plots.values():
            plot.vstrip(
                x0="left", x1="right", source=self._layers, fill_color="shade", line_color=None, level="underlay"
            )
            plot.vspan(x="right", source=self._layers, line_color=_GUIDE, line_width=0.7, level="underlay")
        self._draw(case)
        self._limits: dict[str, Limits] = {}

    def _draw(self, case: Case) -> None:
        names = {"x": "middle", "y": "top", "text": "name"}
        self.potential.text(
            **names, source=self._layers, anchor="top_center", text_font_size="13px", text_color="#1a1a1a", y_offset=2
        )
        lines = {}
        lines["potential"] = self.potential.line("place", "potential", source=self.source, line_width=3, color=_MAIN)
        lines["charge"] = self.charge.line("place", "charge", source=self.charges, line_width=3, color=_MAIN)
        for plot in (self.potential, self.charge):
            plot.add_layout(
                Span(location=0.0, dimension="width", line_color="#8c8c8c", line_width=0.8, level="underlay")
            )
        for index in range(len(case.ions)):
            line = self.concentration.line("place", f"c{index}", source=self.source, line_width=3, **look(index))
            lines.setdefault("concentration", line)
        self.concentration.yaxis.formatter = CustomJSTickFormatter(code=_POWERS)
        shown = {"potential": [("potential", "@potential{0.00} mV")], "charge": [("charge", "@charge{0.000}")]}
        shown["concentration"] = [(ion, f"@c{i}{{0.000}} mM") for i, ion in enumerate(case.ions)]
        for name, plot in self._plots.items():
            tips = [("x", "@x{0.00} nm"), *shown[name]]
            plot.add_tools(HoverTool(tooltips=tips, mode="vline", renderers=[lines[name]]))

    def show(self, picture: Picture, is_whole: bool = True, limits: Mapping[str, Limits] | None = None) -> None:
        """Draw a state, in these limits or in those it needs; the charge only if it is to be drawn as a whole."""
        for name, plot in self._plots.items():
            if plot is self.charge and not is_whole:
                continue
            wanted = settled(self._limits.get(name), picture.limits[name], name == "concentration")
            self._limits[name] = wanted if limits is None else limits[name]
            _set_range(plot.y_range, self._limits[name])
        self._layers_and_ticks(picture)
        self.source.data = {name: picture.columns[name] for name in self._names}
        if not is_whole:
            return
        label = f"charge [{picture.charge_unit}]"
        if self.charge.yaxis.axis_label != label:
            self.charge.yaxis.axis_label = label
        self.charges.data = {name: picture.columns[name] for name in ("place", "x", "charge")}

    def forget_limits(self) -> None:
        """Choose the limits of the axes anew with the next picture."""
        self._limits.clear()

    def _layers_and_ticks(self, picture: Picture) -> None:
        columns = picture.stack.columns
        top = self._limits["potential"][1]
        wanted = {**columns, "top": [top] * len(columns["left"])}
        if wanted != self._layers.data:
            self._layers.data = wanted
        for ticks in self._ticks:
            ticks.show(picture.stack.ticks, picture.stack.label)


class ZoomView:
    """One Debye layer, magnified, with the closed form over it."""

    def __init__(self, name: str) -> None:
        self.source = ColumnDataSource({"distance": [], "density": [], "closed": []}, name=f"{name} source")
        self.plot = _figure("", name=name)
        self.plot.title = None
        self.plot.line("distance", "density", source=self.source, line_width=4, color=_MAIN)
        self.plot.line("distance", "closed", source=self.source, line_width=2, **FORM)
        self._mark = Span(location=1.0, dimension="height", line_color=_GUIDE, line_dash=[2, 3], line_width=1.5)
        self.plot.add_layout(self._mark)
        self.plot.add_layout(
            Span(location=0.0, dimension="width", line_color="#8c8c8c", line_width=0.8, level="underlay")
        )
        self._marked = 1.0
        self._limits: Limits | None = None
        self._depth: float | None = None

    def show(self, zoom: Zoom, limits: Limits | None = None) -> None:
        """Draw it."""
        self._limits = settled(self._limits, zoom.limits) if limits is None else limits
        _set_range(self.plot.y_range, self._limits)
        # A depth that hardly changes is a curve that hardly changes.
        if self._depth is None or abs(zoom.depth / self._depth - 1.0) > 0.02:
            self._depth = zoom.depth
        _set_range(self.plot.x_range, (self._depth, 0.0) if zoom.is_left else (0.0, self._depth))
        texts = {self.plot.xaxis[0]: "distance from the interface [nm]", self.plot.yaxis[0]: f"charge [{zoom.unit}]"}
        for axis, text in texts.items():
            if axis.axis_label != text:
                axis.axis_label = text
        # A mark that would hardly move stays: every change is a message of its own.
        if abs(self._marked / zoom.debye_length - 1.0) > 0.01:
            self._mark.location = self._marked = zoom.debye_length
        self.source.data = dict(zoom.columns)


class CurveView:
    """Current-voltage curves of PNP and of its rivals, and where the state shown is on them."""

    def __init__(self) -> None:
        self.plot = _figure("", "membrane potential, left minus right [mV]", name="curves")
        self.plot.height = 250
        self.source = ColumnDataSource({"potential": [], **{title: [] for title in CURVES}}, name="iv")
        self._marks = ColumnDataSource({"x": [], "y": []})
        for title, index in CURVES.items():
            width = 4 if index == 0 else 2.5
            self.plot.line("potential", title, source=self.source, line_width=width, **look(index))
        self.plot.scatter("x", "y", source=self._marks, size=11, fill_color="white", line_color="black", line_width=2)
        for dimension in ("width", "height"):
            self.plot.add_layout(Span(location=0.0, dimension=dimension, line_color="#8c8c8c", level="underlay"))
        self._limits: Limits | None = None

    def show(self, curves: Curves) -> None:
        """Draw them."""
        across, up = curves.limits
        self._limits = settled(self._limits, up)
        _set_range(self.plot.x_range, across)
        _set_range(self.plot.y_range, self._limits)
        self.plot.yaxis.axis_label = f"current density [{curves.unit}]"
        missing = curves.potential * float("nan")
        columns = {title: curves.currents.get(title, missing) for title in CURVES}
        self.source.data = {"potential": curves.potential, **columns}
        zero = [] if curves.zero is None else [curves.zero]
        self._marks.data = {"x": zero, "y": [0.0] * len(zero)}


class SeriesView:
    """Membrane potential and total current in time, and the moment that is shown."""

    def __init__(self) -> None:
        self.source = ColumnDataSource({"place": [], "potential": [], "current": []}, name="series")
        self.potential, self.current = _figure("potential [mV]"), _figure("")
        for plot, name in ((self.potential, "potential"), (self.current, "current")):
            plot.height = 190
            plot.line("place", name, source=self.source, line_width=3, color=_MAIN)
        self._ticks = [Ticks(plot.xaxis[0]) for plot in (self.potential, self.current)]
        self._marks = [Span(location=0.0, dimension="height", line_color=COLOURS[1], line_width=2.5) for _ in range(2)]
        for plot, mark in zip((self.potential, self.current), self._marks, strict=True):
            plot.add_layout(mark)

    def show(self, film: Film) -> None:
        """Draw a course in time."""
        columns, unit, (across, potential, current) = film.series
        self.source.data = columns
        for plot, limits in ((self.potential, potential), (self.current, current)):
            _set_range(plot.x_range, across)
            _set_range(plot.y_range, limits)
        self.current.yaxis.axis_label = f"total current [{unit}]"
        for ticks in self._ticks:
            ticks.show(*film.ticks)

    def point_at(self, place: float) -> None:
        """Mark a moment."""
        for mark in self._marks:
            mark.location = place


# Powers of ten from 10^-3 to 10^3 written out, others as such.
_POWERS = """
const exponent = Math.round(Math.log10(tick));
if (Math.abs(Math.log10(tick) - exponent) > 1e-6) return "";
if (Math.abs(exponent) <= 3) return String(Number(Math.pow(10, exponent).toPrecision(1)));
const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
return "10" + (exponent < 0 ? "⁻" : "") + String(Math.abs(exponent)).split("").map(d => raised[Number(d)]).join("");
"""
