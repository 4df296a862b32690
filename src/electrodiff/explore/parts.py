"""Small parts that the page and its bars are made of."""

from __future__ import annotations

from typing import Any

from bokeh.models import InlineStyleSheet
from bokeh.models.widgets.markups import Div

BUTTON = """
.bk-btn { font-size: 15px; padding: 4px 10px; }
:focus-visible { outline: 3px solid #0072b2; outline-offset: 1px; }
"""


def div(name: str, style: str, **options: Any) -> Div:
    """Words over the whole width, in a style of their own."""
    return Div(name=name, sizing_mode="stretch_width", stylesheets=[InlineStyleSheet(css=style)], **options)


def set_text(model: Any, text: str) -> None:
    """Change a text that is another one: every change is a message to the page."""
    if model.text != text:
        model.text = text
