"""Rodas5P: a Rosenbrock-Wanner method of order 5 with an embedded one of order 4, for index-1 equations.

Eight stages, stiffly accurate, and of order 4 at least where boundary values change with time.  Coefficients (facts) of
G. Steinebach, BIT Numer. Math. 63 (2023) 27; the tests check them against the order conditions.
"""

from __future__ import annotations

import numpy as np

from electrodiff.fvm.kernels.arrays import Floats
from electrodiff.fvm.kernels.arrivals import interpolate
from electrodiff.fvm.kernels.stages import Tableau

ORDER = 5
STAGES = 8

_SIXTH = (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946)

_A = (
    (),
    (3.0,),
    (2.849394379747939, 0.45842242204463923),
    (-6.954028509809101, 2.489845061869568, -10.358996098473584),
    (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
    _SIXTH,
    (*_SIXTH, 1.0),
    (*_SIXTH, 1.0, 1.0),
)
_C = (
    (),
    (-14.155112264123755,),
    (-17.97296035885952, -2.859693295451294),
    (147.12150275711716, -1.41221402718213, 71.68940251302358),
    (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
    (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
    (
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ),
    (
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ),
)
_GAMMA = 0.21193756319429014
_TIME = (0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0)
_SLOPE = (0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069)
_DENSE_ROWS = (
    (
        25.948786856663858,
        -2.5579724845846235,
        10.433815404888879,
        -2.3679251022685204,
        0.524948541321073,
        1.1241088310450404,
        0.4272876194431874,
        -0.17202221070155493,
    ),
    (
        -9.91568850695171,
        -0.9689944594115154,
        3.0438037242978453,
        -24.495224566215796,
        20.176138334709044,
        15.98066361424651,
        -6.789040303419874,
        -6.710236069923372,
    ),
    (
        11.419903575922262,
        2.8879645146136994,
        72.92137995996029,
        80.12511834622643,
        -52.072871366152654,
        -59.78993625266729,
        -0.15582684282751913,
        4.883087185713722,
    ),
)


def _lower(rows: tuple[tuple[float, ...], ...]) -> Floats:
    """(s, s) matrix of the rows of a strictly lower triangle."""
    matrix = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        matrix[index, : len(row)] = row
    return matrix


DENSE = np.array(_DENSE_ROWS)
"""(3, s) of `interpolate`"""

WEIGHTS = np.array([*_A[-1], 1.0])
"""(s,) of the stages in the solution; those of the embedded one are the same but for the last, which is 0."""


def _flow_weights(gamma: float, c: Floats) -> Floats:
    """(s,) what passes in a step is the sum of these times the flows of the stages, K = gamma dt (F + (c / dt) K)."""
    return np.asarray(np.linalg.solve((np.eye(STAGES) / gamma - c).T, WEIGHTS))


TABLEAU = Tableau(
    gamma=_GAMMA,
    a=_lower(_A),
    c=_lower(_C),
    time=np.array(_TIME),
    slope=np.array([*_SLOPE, 0.0, 0.0, 0.0]),
    weight=WEIGHTS,
    flow_weight=_flow_weights(_GAMMA, _lower(_C)),
    dense=DENSE,
)


def interpolated(fraction: float, start: Floats, end: Floats, stages: Floats) -> Floats:
    """The state at a fraction of a step, of order 4, from its start, its end and its stages (s, N, m)."""
    state = np.empty_like(start)
    if start.ndim == 2:
        interpolate(fraction, DENSE, start, end, stages, state)
    else:
        flat = (len(start), -1)
        stages = stages.reshape(STAGES, *start.reshape(flat).shape)
        interpolate(fraction, DENSE, start.reshape(flat), end.reshape(flat), stages, state.reshape(flat))
    return state
