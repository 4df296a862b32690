"""Draws the figure of the README and of the landing page, docs/resting_potential.png, from the case and its ladder.

python docs/_ext/readme_figure.py
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

import electrodiff as ed

TARGET = Path(__file__).parents[1] / "resting_potential.png"


def readme_figure() -> Figure:
    """Potential and ions across the membrane, and the first block of the ladder."""
    case = ed.load_case(ed.bundled_case("resting_potential"))
    solution = ed.solve(case)
    figure = Figure(figsize=(11.0, 4.4), dpi=90, layout="constrained")
    columns = figure.add_gridspec(2, 2)
    top, bottom = figure.add_subplot(columns[0, 0]), figure.add_subplot(columns[1, 0])
    ed.plot.profiles(solution, axes=[top, bottom])
    top.set_xlabel("")
    bottom.legend(loc="center left", fontsize=8, ncols=2)
    ed.plot.ladder(ed.compare(case), axes=[figure.add_subplot(columns[:, 1])])
    return figure


if __name__ == "__main__":
    readme_figure().savefig(TARGET, metadata={"Software": "electrodiff"})
