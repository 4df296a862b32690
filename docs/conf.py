"""Settings of Sphinx for the documentation site; `make docs` assembles the pages first (`_ext/assemble.py`)."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from electrodiff import __version__  # noqa: E402

project = "electrodiff"
author = copyright = "The electrodiff developers"
version = release = __version__
language = "en"

extensions = ["myst_parser", "mathml"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_block", "attrs_inline"]
# Anchors like GitHub's, so that a link to a heading works there and here.
myst_heading_anchors = 5
# The documents speak of numbers, tildes and quotes of code: what is written is what stands there.
smartquotes = False
# The names of types in signatures are for reading: only those that are on the site become links.
nitpicky = False
html_math_renderer = "mathml"
math_number_all = False
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_title = "electrodiff"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "native"
