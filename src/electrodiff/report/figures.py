"""Figures inside a page: SVG with text as text, and with names of its parts that no other figure has."""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from electrodiff.report.typesetting import set_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
# How a part of an SVG file is called where it is used: url(#name) in a style, #name in a link.
_USED = re.compile(r"url\(#([^)]+)\)")
# What tells places in an SVG file, in points, of which a hundredth is a tenth of what a printer draws.
_PLACES = ("d", "points", "x", "y")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    name: str
    title: str
    caption: str
    svg: Markup


def picture(name: str, draw: Callable[[Any], Figure], of: Any, title: str = "") -> Picture:
    """What a figure function draws of a result, with the first sentence of its documentation as the caption."""
    caption = first_sentence(draw)
    heading = title or name.replace("_", " ").capitalize()
    return Picture(name, heading, caption, inline(draw(of), name, f"{heading}: {caption}"))


def first_sentence(draw: Callable[..., Any]) -> str:
    """What a function says it draws, in one sentence."""
    paragraph = " ".join((inspect.getdoc(draw) or "").partition("\n\n")[0].split()).replace("`", "")
    # A full stop within brackets or a number ends nothing.
    return set_text(re.split(r"(?<=[.;])\s", paragraph)[0].rstrip(".;")) + "." if paragraph else ""


def inline(figure: Figure, name: str, description: str) -> Markup:
    """A figure as an `svg` element that is as wide as its place allows, and described to whoever cannot see it."""
    from matplotlib import rc_context

    from electrodiff.plot.style import settings

    file = io.StringIO()
    # As text it can be searched, copied and read aloud, and takes a tenth of the room.
    with settings(), rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(file.getvalue())
    for part in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(part)
    _rename(root, name)
    # A style sheet inside a page is one of the whole page, unless it says where it holds.
    root.set("id", f"svg-{name}")
    for style in root.iter(f"{{{_SVG}}}style"):
        style.text = (style.text or "").replace("*{", f"#svg-{name} *{{")
    width = float(root.attrib.pop("width").removesuffix("pt"))
    root.attrib.pop("height")
    root.set("role", "img")
    root.set("aria-label", description)
    root.set("style", f"max-width: {width / 72:.2f}in")
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    # What stands in it was escaped by matplotlib, and is so again.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _rename(root: ElementTree.Element, name: str) -> None:
    """Put the name of the figure before every name in it, and where these are used."""
    for part in root.iter():
        for key, value in part.attrib.items():
            if key == "id":
                part.set(key, f"{name}-{value}")
            elif key in (f"{{{_XLINK}}}href", "href") and value.startswith("#"):
                part.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                part.set(key, _USED.sub(rf"url(#{name}-\1)", value))
            elif key in _PLACES:
                part.set(key, _NUMBER.sub(_shorter, value))


def _shorter(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
