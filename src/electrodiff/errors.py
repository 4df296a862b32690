"""What can go wrong, as exceptions whose text is a sentence with a remedy."""


class ElectrodiffError(Exception):
    """Anything this package raises on purpose."""


class CaseError(ElectrodiffError, ValueError):
    """A case that cannot be used: the text names where, the value, and what to write instead."""


class ConvergenceError(ElectrodiffError, RuntimeError):
    """A solve that did not converge: the text names the quantity, the place, and what to try."""


class ResultError(ElectrodiffError, ValueError):
    """A stored result that cannot be read: missing, truncated, or not written by this program."""
