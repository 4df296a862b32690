"""What charge the voltage across a membrane holds, and what potentials and fields that makes at its faces.

The voltage is PNP's.  Charges are per reference area of the case, that of the left face of the membrane.
Signs: V_m = phi(left) - phi(right); the displacement D = eps E points right.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from electrodiff.ladder import cells, donnan, walls
from electrodiff.ladder.charge_rows import Reading, expected, leaves_out, left_edge, read
from electrodiff.ladder.rung import Absent, Model, Rung, Setting
from electrodiff.ladder.slab import Face, Slab, find_faces, find_slab, inner_charge, let_through, why_no_capacitor
from electrodiff.regime.words import HOLDS, length, listed, millivolts, number, outlook, percent, surface_charge, worst
from electrodiff.theory.double_layer import grahame_potential_mixture
from electrodiff.units import thermal_voltage

# A membrane without charges of its own, at less than this part of RT/F, holds nothing that anybody would call charge.
_NO_VOLTAGE = 0.01
# A part of the charge below the last decimal of a difference in per cent.
_NOTHING = 5e-5


def capacitor(setting: Setting) -> Iterator[Rung | Absent]:
    """Charge that the voltage holds: flat slab, curved slab, with linear and with Gouy-Chapman layers; and their drops."""
    slab, membrane = find_slab(setting), setting.membrane
    if slab is None:
        # A liquid junction, or a gel without a bath on one side, is nothing that a reader takes for a capacitor.
        faces = find_faces(setting)
        if membrane is not None and faces is not None:
            yield Absent("capacitor", "capacitor", why_no_capacitor(membrane, faces))
        return
    if abs(slab.voltage) < _NO_VOLTAGE * thermal_voltage(setting.case.temperature) and not slab.is_charged:
        return
    yield from _charges(slab)
    yield from _drops(slab)


def _charges(slab: Slab) -> Iterator[Rung]:
    """Each model adds one thing to the one before it; the last step is from the last model to PNP."""
    charge = slab.charge
    if charge is None:
        return
    setting, curved = slab.setting, slab.flat_capacitance / slab.capacitance - 1
    # Beyond rounding, which a plane has too.
    is_curved = abs(curved) > 1e-12
    rows = [
        ("capacitor", "capacitor, slab alone", slab.flat_capacitance * slab.voltage, ("capacitor", "bulk_faces")),
        ("capacitor.curved", "capacitor, curved slab", slab.capacitance * slab.voltage, ("capacitor", "bulk_faces")),
        ("capacitor.debye", "capacitor, linear Debye layers", slab.linear_displacement, ("capacitor", "debye_hueckel")),
        ("capacitor.layers", "capacitor, Gouy-Chapman layers", slab.displacement, ("capacitor", "gouy_chapman")),
    ]
    values = [*(value for _, _, value, _ in rows), charge.value]
    shares = [(after - before) / charge.value for before, after in pairwise(values)]
    causes = [_curvature(slab), _linear_layers(slab), _bent_layers(slab), _what_remains(slab, shares[-1])]
    for index, (model, title, value, limits) in enumerate(rows):
        if model == "capacitor.curved" and not is_curved:
            continue
        left = list(zip(causes, shares, strict=True))[index:]
        shape = outlook(abs(curved)) if index == 0 else "holds"
        yield charge.row(model, title, value, worst(shape, expected(setting, *limits)), _why(slab, left))


def _why(slab: Slab, left: list[tuple[str, float]]) -> str:
    """What a model of the charge leaves out; nothing, if drops are low and hardly an ion is in the slab."""
    if max(abs(share) for _, share in left) < _NOTHING:
        return _why_nothing(slab)
    value = slab.charge.value if slab.charge is not None else 0.0
    return leaves_out("charge", value, left, surface_charge)


def _why_nothing(slab: Slab) -> str:
    if slab.is_charged:
        return "It has all that counts: the voltage, the surface charges, and the Debye layers beside them."
    enters = any(beta > 0 for beta in slab.membrane.partition.values())
    return f"{'Hardly an' if enters else 'No'} ion enters the slab: the voltage alone sets the charge beside it."


def _curvature(slab: Slab) -> str:
    case = slab.setting.case
    radius = (case.mesh.inner_radius or 0.0) + left_edge(case, slab.membrane.first)
    return f"the curvature of the membrane round a radius of {length(radius)}"


def _linear_layers(slab: Slab) -> str:
    if slab.is_charged:
        return "the surface charges and their Debye layers"
    return "the Debye layers in series with the slab"


def _bent_layers(slab: Slab) -> str:
    drops = (abs(drop) for drop in (slab.between_layers.left_drop, slab.between_layers.right_drop))
    return f"the rise of Debye layers' capacitance at drops of {listed([millivolts(drop) for drop in drops])}"


def _what_remains(slab: Slab, share: float) -> str:
    """What a planar slab between Gouy-Chapman layers leaves out, a share of the charge."""
    if abs(share) > slab.inner_share and slab.left.area != slab.right.area:
        return "the curvature of the Debye layers"
    thickness, screening = slab.membrane.thickness, slab.inner_debye_length
    if screening > thickness:
        return f"the ions in the slab, of Debye length {length(screening)} in its middle"
    return f"the ions in the slab, which is {number(thickness / screening)} of its Debye lengths thick"


def _drops(slab: Slab) -> Iterator[Rung]:
    between = slab.between_layers
    for face, drop in ((slab.left, -between.left_drop), (slab.right, between.right_drop)):
        reading = face.drop
        if reading is not None:
            # What the liquid must face: the slab's field, and what the face carries.
            held = -face.outward * between.displacement * slab.left.area / face.area - face.charge
            yield reading.row(
                "capacitor.layers",
                "capacitor, Gouy-Chapman layers",
                drop,
                expected(slab.setting, "capacitor", "gouy_chapman"),
                _why_drop(slab, face, held, drop, reading.value),
            )


def _why_drop(slab: Slab, face: Face, held: float, drop: float, real: float) -> str:
    """Of a Debye layer that holds a charge [C/m^2] and so has a drop, beside what it really has [V]."""
    size = abs(drop)
    of = f"{number(size / thermal_voltage(face.bulk.temperature))} RT/F"
    if not slab.is_charged:
        of = f"{percent(size / abs(slab.voltage))} of the voltage across the membrane"
    layer = f"A Debye layer of {length(face.bulk.debye_length)} that holds {surface_charge(held)}"
    text = f"{layer} takes {millivolts(size)}, {of}"
    beside = face.liquid_charge
    really = held if beside is None else beside.value / face.area
    if abs(really - held) > HOLDS * abs(held):
        text += f"; with the ions of the slab, PNP's holds {surface_charge(really)}"
    rest = size * (real / drop - really / held) if drop and held else 0.0
    if abs(rest) > HOLDS * size:
        curved = slab.left.area != slab.right.area
        cause = "its curvature" if curved else "the flow of ions through the liquid"
        text += f"; {cause} {'raises' if rest > 0 else 'lowers'} the drop by {millivolts(abs(rest))}"
    return f"{text}."


# ---- fields and potentials at the faces ------------------------------------------------------------------------------


def field_ratios(setting: Setting) -> Iterator[Rung | Absent]:
    """Gauss's law at both faces of a membrane: eps E jumps by the charge of the face."""
    slab = find_slab(setting)
    for face in find_faces(setting) or ():
        beside = face.membrane_permittivity
        water = face.bulk.relative_permittivity
        reading = read(setting, f"field_ratio.{face.interface}", f"ratio of fields at {face.interface}")
        if reading is None or (beside == water and face.charge == 0):
            continue
        ratio = max(water / beside, beside / water)
        if face.charge == 0:
            reason = (
                "The face has no charge, so eps E is the same on both its sides: the fields are as the permittivities, "
                f"{number(water)} in the liquid and {number(beside)} in the membrane."
            )
            yield reading.row("gauss", "Gauss, uncharged face", ratio, "holds", reason)
        elif slab is not None:
            yield _charged_ratio(slab, face, reading)


def _charged_ratio(slab: Slab, face: Face, reading: Reading) -> Rung:
    """Of a charged face, with the displacement of the slab between Gouy-Chapman layers."""
    inner = slab.displacement / face.area
    outer = inner + face.outward * face.charge
    fields = inner / face.membrane_permittivity, outer / face.bulk.relative_permittivity
    # As `field_ratio` has it: of the lower permittivity over the higher, of the right over the left if they are equal.
    left, right = fields if face.side == "right" else fields[::-1]
    predicted = left / right if _rises(face) else right / left
    reason = (
        f"The face has {surface_charge(face.charge)}, and eps E jumps by that: it is {surface_charge(inner)} in the "
        f"membrane and {surface_charge(outer)} in the liquid."
    )
    known = expected(slab.setting, "capacitor", "gouy_chapman")
    return reading.row("gauss", "Gauss, charged face", predicted, known, reason)


def _rises(face: Face) -> bool:
    """Whether the permittivity is higher right of the face."""
    inner, outer = face.membrane_permittivity, face.bulk.relative_permittivity
    return inner < outer if face.side == "right" else outer < inner


def charged_faces(setting: Setting) -> Iterator[Rung | Absent]:
    """Grahame's potential at each charged face of a membrane, which leaves out the field that the membrane lets through."""
    for face in find_faces(setting) or ():
        drop, beside = face.drop, face.liquid_charge
        if face.charge == 0 or drop is None or beside is None or face.is_thin:
            continue
        bulk = face.bulk
        water = (bulk.relative_permittivity, bulk.temperature)
        psi = grahame_potential_mixture(face.charge, bulk.valences, bulk.concentrations, *water)
        reason = _why_grahame(face, beside.value / face.area)
        alone = (psi, None) if face.side == "left" else (None, psi)
        known = worst(expected(setting, "gouy_chapman", "point_ions"), let_through(setting, *alone))
        yield drop.row(f"grahame.{face.side}", "Grahame, charged face", face.outward * psi, known, reason)


def _why_grahame(face: Face, held: float) -> str:
    """Grahame's liquid holds minus the charge of the face; PNP's holds this."""
    off = abs(held / face.charge) - 1
    liquid = (
        f"the liquid beside it holds {surface_charge(held)} against {surface_charge(face.charge)} on the face, "
        f"{percent(abs(off))} {'more' if off > 0 else 'less'}."
    )
    if face.setting.membrane is not None and inner_charge(face.setting.membrane):
        return f"Grahame's wall stands alone, this face beside the charges inside the membrane: {liquid}"
    return f"Grahame's wall lets no field through, the membrane does: {liquid}"


# The potential of a cell before the charge that it takes.
MODELS: tuple[Model, ...] = (
    cells.donnan_compartment,
    capacitor,
    field_ratios,
    charged_faces,
    cells.charging,
    *donnan.MODELS,
    *walls.MODELS,
)
