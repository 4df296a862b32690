"""Equations as MathML, which browsers draw themselves: no script, no font and no other site is asked for.

docutils turns the LaTeX into MathML.  A LaTeX command that it does not know is a warning, so that the build fails.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")
# What MyST puts around an equation of several lines; MathML needs none of it.
_WRAPPED = re.compile(r"\\begin\{(split|equation\*?|gather\*?)\}(.*)\\end\{\1\}", re.DOTALL)
_LOGGER = logging.getLogger(__name__)


def without_tag(latex: str) -> tuple[str, str]:
    """The formula without its `\\tag{...}`, and what stood in that."""
    tags = _TAG.findall(latex)
    return _TAG.sub("", latex).strip(), tags[0] if tags else ""


def mathml(latex: str, as_block: bool) -> str:
    """MathML of a formula; raises MathError about a command that is not known."""
    wrapped = _WRAPPED.fullmatch(latex.strip())
    text = wrapped[2] if wrapped else latex
    if wrapped and "\\\\" in text:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    return str(tex2mathml(text.strip(), as_block=as_block))


def _written(node: Any, latex: str, as_block: bool) -> str:
    try:
        return mathml(latex, as_block)
    except (MathError, SyntaxError) as error:
        _LOGGER.warning("equation %r: %s", latex, error, location=node)
        return f"<code>{html.escape(latex)}</code>"


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line."""
    self.body.append(_written(node, node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, with its number if it has one."""
    latex, tag = without_tag(node.astext())
    number = get_node_equation_number(self, node) if node.get("number") else tag
    self.body.append(self.starttag(node, "div", CLASS="equation"))
    self.body.append(_written(node, latex, as_block=True))
    if number:
        self.body.append(f'<span class="eqno">({html.escape(str(number))})')
        if node.get("number"):
            self.add_permalink_ref(node, "Permalink to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit_math, None), block_renderers=(visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
