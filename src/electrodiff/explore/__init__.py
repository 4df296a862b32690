"""A live page in the browser: sliders for the numbers of a case, and what follows from them.

`controls` says what of a case can be moved, `model` holds what it was moved to, `pictures` and `rivals` make the numbers of
the figures, `film` those of a course in time; none of these knows of a page.  `worker` computes beside the page, `page`
draws it with Bokeh, and `server` serves it to this machine alone.
"""

from __future__ import annotations

from electrodiff.explore.controls import Control, controls_of
from electrodiff.explore.model import Explorer

__all__ = ["Control", "Explorer", "controls_of"]
