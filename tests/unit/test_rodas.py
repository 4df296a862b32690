"""Rodas5P, its coefficients against the conditions that make it what it says it is.

A Rosenbrock method of s stages has matrices alpha and Gamma (gamma on the diagonal) and weights b; the coefficients are
those of the form without products of the Jacobian, a = alpha Gamma^-1, c = 1/gamma - Gamma^-1, m = b Gamma^-1 (E. Hairer,
G. Wanner, Solving Ordinary Differential Equations II, section IV.7).  They are taken here as the fractions that the floating
numbers are, so that what is left of a condition is the rounding of the coefficients and not of the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from math import prod

import numpy as np
import pytest

from electrodiff.solvers.rodas import ORDER, STAGES, TABLEAU, WEIGHTS, interpolated

# 16 digits are given, of numbers up to 165: Gamma^-1 and the sums over eight stages take two or three of them.
ROUNDING = 2e-12

Matrix = list[list[Fraction]]
Vector = list[Fraction]


def exact(values: np.ndarray) -> Matrix:
    return [[Fraction(float(value)) for value in row] for row in np.atleast_2d(values)]


def times(matrix: Matrix, vector: Vector) -> Vector:
    return [sum((a * b for a, b in zip(row, vector, strict=True)), Fraction(0)) for row in matrix]


def product(first: Matrix, second: Matrix) -> Matrix:
    return [
        list(row) for row in zip(*(times(first, list(column)) for column in zip(*second, strict=True)), strict=True)
    ]


def inverse(matrix: Matrix) -> Matrix:
    """Of a lower triangular matrix."""
    size = len(matrix)
    result = [[Fraction(0)] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = sum((matrix[i][k] * result[k][j] for k in range(j, i)), Fraction(0))
            result[i][j] = (Fraction(i == j) - rest) / matrix[i][i]
    return result


class Method:
    """alpha, beta = alpha + Gamma, omega = beta^-1 and the weights."""

    def __init__(self, weights: np.ndarray) -> None:
        rate = 1 / Fraction(TABLEAU.gamma)
        c = exact(TABLEAU.c)
        self.gamma = inverse([[rate * (i == j) - c[i][j] for j in range(STAGES)] for i in range(STAGES)])
        self.alpha = product(exact(TABLEAU.a), self.gamma)
        self.beta = [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(self.alpha, self.gamma, strict=True)]
        self.omega = inverse(self.beta)
        (self.weights,) = product(exact(weights), self.gamma)

    def total(self, stages: Vector) -> Fraction:
        return sum((b * value for b, value in zip(self.weights, stages, strict=True)), Fraction(0))


FULL = Method(WEIGHTS)
EMBEDDED = Method(np.append(WEIGHTS[:-1], 0.0))


# ---- trees: one for each product of derivatives in the Taylor series of the solution --------------------------------


class Tree:
    """A differential ("y") or algebraic ("z") vertex with the trees that grow from it.

    Its order is the number of its differential vertices.
    """

    def __init__(self, kind: str, children: tuple[Tree, ...] = ()) -> None:
        self.kind, self.children = kind, children
        self.order = (kind == "y") + sum(child.order for child in children)

    def exact(self) -> Fraction:
        """What it weighs in the solution at the end of a step of 1."""
        value = prod((child.exact() for child in self.children), start=Fraction(1))
        return value / self.order if self.kind == "y" else value

    def stages(self, method: Method) -> Vector:
        """What it weighs in each stage of a Rosenbrock method."""
        grown = [child.stages(method) for child in self.children]
        if not grown:
            return [Fraction(1)] * STAGES
        if len(grown) == 1:
            return times(method.beta, grown[0])
        values = [
            prod(column, start=Fraction(1)) for column in zip(*(times(method.alpha, w) for w in grown), strict=True)
        ]
        return times(method.omega, values) if self.kind == "z" else values

    def __repr__(self) -> str:
        return self.kind + "".join(map(repr, self.children)).join("[]" if self.children else ("", ""))


@cache
def trees(order: int, with_algebraic: bool) -> tuple[Tree, ...]:
    """All trees of an order.  An algebraic vertex has two branches or more; alone on a branch it says nothing new."""
    branches = [children for children in forests(order - 1, with_algebraic) if [t.kind for t in children] != ["z"]]
    found = [Tree("y", children) for children in branches]
    if with_algebraic:
        found += [Tree("z", children) for children in forests(order, with_algebraic, least=2)]
    return tuple(found)


def forests(order: int, with_algebraic: bool, least: int = 0) -> Iterator[tuple[Tree, ...]]:
    """All multisets of at least so many trees that have this order together."""
    for parts in partitions(order):
        if len(parts) >= least:
            yield from choices(parts, with_algebraic)


def choices(parts: tuple[int, ...], with_algebraic: bool) -> Iterator[tuple[Tree, ...]]:
    """All multisets of trees of the orders `parts`, which fall."""
    if not parts:
        yield ()
        return
    number = parts.count(parts[0])
    for first in combinations_with_replacement(trees(parts[0], with_algebraic), number):
        for rest in choices(parts[number:], with_algebraic):
            yield (*first, *rest)


def partitions(total: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Whole numbers that fall and sum to a total."""
    if total == 0:
        yield ()
    for first in range(min(total, largest or total), 0, -1):
        for rest in partitions(total - first, first):
            yield (first, *rest)


def missed(method: Method, order: int, with_algebraic: bool) -> dict[str, float]:
    """By how much the method misses the condition of each tree of an order."""
    return {repr(t): float(method.total(t.stages(method)) - t.exact()) for t in trees(order, with_algebraic)}


def largest(errors: dict[str, float]) -> float:
    return max(map(abs, errors.values()))


# ---- the conditions -------------------------------------------------------------------------------------------------


def test_there_are_as_many_trees_as_there_should_be():
    """Rooted trees of orders 1 to 6 (Cayley), and of orders 1 to 3 for index 1 (Hairer and Wanner, table VI.4.1)."""
    assert [len(trees(order, False)) for order in range(1, 7)] == [1, 1, 2, 4, 9, 20]
    assert [len([t for t in trees(order, True) if t.kind == "y"]) for order in (1, 2, 3)] == [1, 1, 2]
    assert [len([t for t in trees(order, True) if t.kind == "z"]) for order in (1, 2, 3)] == [0, 1, 3]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_solution_has_order_5_for_differential_equations(order):
    assert largest(missed(FULL, order, False)) < ROUNDING


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_embedded_solution_has_order_4(order):
    assert largest(missed(EMBEDDED, order, False)) < ROUNDING


def test_orders_are_not_higher():
    """Or else the conditions would be no test: a wrong one is missed by 1e-4 or more."""
    assert largest(missed(FULL, ORDER + 1, False)) > 1e-4
    assert largest(missed(EMBEDDED, ORDER, False)) > 1e-4


def missed_for_index_1(method: Method, order: int) -> float:
    """Of order p are the differential unknowns if all their trees up to p are right, and the algebraic ones, whose errors
    do not add up from step to step, if theirs up to p - 1 are.
    """
    errors = missed(method, order, True)
    return largest({name: error for name, error in errors.items() if name[0] == "y"}) + largest(
        missed(method, order - 1, True) if order > 1 else {"": 0.0}
    )


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_solution_has_order_5_for_differential_and_algebraic_unknowns_of_index_1(order):
    assert missed_for_index_1(FULL, order) < ROUNDING


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_embedded_solution_has_order_4_for_index_1(order):
    assert missed_for_index_1(EMBEDDED, order) < ROUNDING


def test_conditions_see_an_error_in_the_last_digits_of_a_coefficient():
    weights = WEIGHTS.copy()
    weights[2] += 1e-9
    assert largest(missed(Method(weights), 2, False)) > 1e-11


def test_method_is_stiffly_accurate():
    """The last row of beta is that of the weights: algebraic equations hold at the end of a step to a Newton update."""
    for method, row in ((FULL, -1), (EMBEDDED, -2)):
        assert [float(x - b) for x, b in zip(method.beta[row], method.weights, strict=True)] == pytest.approx(
            [0.0] * STAGES, abs=ROUNDING
        )
        assert float(sum(method.alpha[row])) == pytest.approx(1, abs=ROUNDING)


def test_times_and_slopes_of_the_stages_are_the_sums_of_their_rows():
    assert [float(sum(row)) for row in FULL.alpha] == pytest.approx(TABLEAU.time.tolist(), abs=ROUNDING)
    assert [float(sum(row)) for row in FULL.gamma] == pytest.approx(TABLEAU.slope.tolist(), abs=ROUNDING)


def stability(method: Method, z: complex) -> complex:
    """R(z) = 1 + z b (1 - z beta)^-1 1: what y' = z y becomes in a step of 1."""
    beta = np.array(method.beta, dtype=float)
    b = np.array(method.weights, dtype=float)
    return complex(1 + z * b @ np.linalg.solve(np.eye(STAGES) - z * beta, np.ones(STAGES)))


def test_what_is_infinitely_stiff_is_gone_after_one_step():
    """R(infinity) = 1 - b beta^-1 1 = 0, of both solutions."""
    for method in (FULL, EMBEDDED):
        assert abs(float(1 - method.total(times(method.omega, [Fraction(1)] * STAGES)))) < ROUNDING


def test_nothing_that_decays_grows_in_a_step_however_long():
    """On the imaginary axis |R| <= 1, and R has no pole to the left of it (all are at 1/gamma): A-stable."""
    assert TABLEAU.gamma > 0
    sizes = [abs(stability(FULL, 1j * y)) for y in np.logspace(-3, 6, 2000)]
    assert max(sizes) <= 1 + 1e-12
    assert abs(stability(FULL, -1.0) - np.exp(-1)) < 1e-4
    assert abs(stability(FULL, -1e8)) < 1e-6


# ---- the method itself, on equations with a known solution ----------------------------------------------------------


def stage_updates(rate_of, jacobian, mass, time: float, y: np.ndarray, dt: float, slope) -> list[np.ndarray]:
    """The stages of a step of mass y' = rate_of(t, y), with numpy: (1/(gamma dt) mass - J) k = f + sum c/dt mass k."""
    matrix = mass / (TABLEAU.gamma * dt) - jacobian(time, y)
    stages: list[np.ndarray] = []
    for i in range(STAGES):
        at = y + sum((TABLEAU.a[i, j] * stages[j] for j in range(i)), np.zeros_like(y))
        old = sum((TABLEAU.c[i, j] / dt * stages[j] for j in range(i)), np.zeros_like(y))
        right = rate_of(time + TABLEAU.time[i] * dt, at) + mass @ old + dt * TABLEAU.slope[i] * slope(time, y)
        stages.append(np.linalg.solve(matrix, right))
    return stages


def index_one(steps: int, weights: np.ndarray = WEIGHTS) -> tuple[np.ndarray, float]:
    """Error at the end, and the largest in the middle of steps, of y' = z - t y, 0 = z - y^2 - g(t), y = 1/(1+t)."""

    def g(t: float) -> float:
        y = 1 / (1 + t)
        return -(y**2) + t * y - y**2

    def rate_of(t: float, u: np.ndarray) -> np.ndarray:
        return np.array([u[1] - t * u[0], u[1] - u[0] ** 2 - g(t)])

    def jacobian(t: float, u: np.ndarray) -> np.ndarray:
        return np.array([[-t, 1.0], [-2 * u[0], 1.0]])

    def slope(t: float, u: np.ndarray) -> np.ndarray:
        y, dy = 1 / (1 + t), -1 / (1 + t) ** 2
        return np.array([-u[0], 4 * y * dy - y - t * dy])

    def solution(t: float) -> np.ndarray:
        return np.array([1 / (1 + t), -1 / (1 + t) ** 2 + t / (1 + t)])

    y, dt, between = solution(0.0), 2.0 / steps, 0.0
    for n in range(steps):
        stages = stage_updates(rate_of, jacobian, np.diag([1.0, 0.0]), n * dt, y, dt, slope)
        end = y + sum(w * k for w, k in zip(weights, stages, strict=True))
        middle = interpolated(0.4, y, end, np.array(stages))
        between = max(between, float(np.abs(middle - solution((n + 0.4) * dt)).max()))
        y = end
    return np.abs(y - solution(2.0)), between


def fitted_order(errors: list[float]) -> float:
    return float(-np.polyfit(np.arange(len(errors)), np.log2(errors), 1)[0])


@pytest.mark.parametrize("unknown", [0, 1])
def test_error_falls_with_the_fifth_power_of_the_step_also_where_things_are_given_in_time(unknown):
    errors = [float(index_one(steps)[0][unknown]) for steps in (4, 8, 16, 32)]
    assert fitted_order(errors) == pytest.approx(5, abs=0.3)


def test_error_of_the_embedded_solution_falls_with_the_fourth_power():
    embedded = np.append(WEIGHTS[:-1], 0.0)
    errors = [float(index_one(steps, embedded)[0].max()) for steps in (4, 8, 16, 32)]
    assert fitted_order(errors) == pytest.approx(4, abs=0.3)


def test_between_the_ends_of_a_step_the_error_falls_with_the_fourth_power():
    errors = [index_one(steps)[1] for steps in (32, 64, 128, 256)]
    assert fitted_order(errors) == pytest.approx(4, abs=0.2)


def test_interpolation_gives_the_start_and_the_end_of_a_step():
    random = np.random.default_rng(1)
    start, end, stages = random.normal(size=3), random.normal(size=3), random.normal(size=(STAGES, 3))
    np.testing.assert_array_equal(interpolated(0.0, start, end, stages), start)
    np.testing.assert_array_equal(interpolated(1.0, start, end, stages), end)


def following(stiffness: float, steps: int) -> float:
    """Largest error of y' = -s (y - sin t) + cos t, whose solution is sin t, up to t = 2 (Prothero and Robinson)."""

    def rate_of(t: float, u: np.ndarray) -> np.ndarray:
        return -stiffness * (u - np.sin(t)) + np.cos(t)

    def slope(t: float, _u: np.ndarray) -> np.ndarray:
        return np.array([stiffness * np.cos(t) - np.sin(t)])

    def jacobian(_t: float, _u: np.ndarray) -> np.ndarray:
        return np.array([[-stiffness]])

    y, dt, worst = np.array([0.0]), 2.0 / steps, 0.0
    for n in range(steps):
        y = y + WEIGHTS @ np.array(stage_updates(rate_of, jacobian, np.eye(1), n * dt, y, dt, slope))
        worst = max(worst, abs(float(y[0]) - np.sin((n + 1) * dt)))
    return worst


def test_order_is_4_where_a_solution_follows_what_is_given_however_stiff():
    """The largest error of all stiffnesses: here methods lose order, those that are not made for it down to 2 or 1."""
    stiffnesses = np.logspace(-1, 6, 29)
    errors = [max(following(s, steps) for s in stiffnesses) for steps in (4, 8, 16, 32, 64)]
    assert fitted_order(errors) == pytest.approx(4, abs=0.2)
