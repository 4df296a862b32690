"""A result as one page: `report_page` of a result, and `write_report` of a stored one.

One HTML file with everything in it - case, regime, ladder, numbers, figures, how to get them again - and nothing outside it:
it runs no script, asks for no other file, and prints.

>>> import electrodiff as ed
>>> page = ed.report.report_page(ed.solve(case))
"""

from __future__ import annotations

from electrodiff.report.origin import Origin, origin_of
from electrodiff.report.page import report_page, write_report

__all__ = ["Origin", "origin_of", "report_page", "write_report"]
