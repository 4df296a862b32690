"""Field types of the case records: numbers that know their dimension, and errors that know their place."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from electrodiff import units
from electrodiff.errors import shown_name, shown_names

# More letters than this fit into no table or figure.
LONGEST_NAME, LONGEST_TITLE = 100, 500


class FrozenTable(dict[str, Any]):
    """A table of a record, which like the record itself cannot be changed."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("the tables of a case cannot be changed in place; use case.replace(key, value)")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[FrozenTable], tuple[dict[str, Any]]]:
        """How it is sent to another process: whole, as it cannot be filled there."""
        return FrozenTable, (dict(self),)


class Record(BaseModel):
    """A frozen, validated record, tables included; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="after")
    def _freeze_tables(self) -> Self:
        for name, value in self.__dict__.items():
            if type(value) is dict:
                self.__dict__[name] = FrozenTable(value)
        return self


def problem(path: str, value: Any, remedy: str) -> PydanticCustomError:
    """Error about `value` at key `path` (relative to the record that raises it), with what to do about it."""
    return PydanticCustomError("case", "{remedy}", {"path": path, "value": value, "remedy": remedy})


def nearest(name: str, choices: Iterable[str]) -> str:
    """The text " (did you mean 'x'?)" for the choice closest to `name`, or nothing."""
    # Comparing takes the product of the lengths: nobody misspells a name of a page among a thousand.
    known = [choice for choice in choices if len(choice) <= LONGEST_NAME][:1000]
    found = difflib.get_close_matches(name, known, n=1) if len(name) <= LONGEST_NAME else []
    return f" (did you mean '{shown_name(found[0])}'?)" if found else ""


def check_known(ions: Iterable[str], path: str, table: Iterable[str]) -> None:
    """Raise an error if a table at a key names an ion that the case has not."""
    known = list(ions)
    for ion in table:
        check_known_at(known, f"{path}.{ion}", ion)


def check_known_at(ions: Iterable[str], path: str, ion: str) -> None:
    """Raise an error if what is named at a key is no ion of the case."""
    known = list(ions)
    if ion not in known:
        remedy = f"the case has no ion of this name{nearest(ion, known)}; its ions are {shown_names(known)}"
        raise problem(path, ion, remedy)


def checked_name(name: str) -> str:
    """A name that may become part of a key path, of a table and of a figure; raises an error about any other."""
    is_seen = name == name.strip() and name.isprintable()
    if not 1 <= len(name) <= LONGEST_NAME or not is_seen or {*name} & {*".|[]"}:
        remedy = (
            f"give it 1 to {LONGEST_NAME} letters; it must not contain dots, bars, brackets or control characters, nor begin "
            "or end with a space"
        )
        raise problem("", name, remedy)
    return name


def _checked_title(title: str) -> str:
    hidden = next((letter for letter in title if _is_hidden(letter)), None)
    if len(title) > LONGEST_TITLE or hidden:
        raise problem("", title, f"give it {LONGEST_TITLE} letters at most, and none that cannot be seen")
    return title


def _is_hidden(letter: str) -> bool:
    """Whether it moves the cursor or turns the direction of writing round, where it is printed."""
    # Joiners of letters are seen in what they join; that text may be in any script.
    is_control = unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") and letter not in "\n\t"
    return is_control or letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


_SEEN = r"[^.|\[\]\u0000-\u001f\u007f-\u009f\u2028\u2029]"
Name = Annotated[
    str,
    AfterValidator(checked_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": f"^{_SEEN}+$"}),
]
"""By which keys, tables and figures call a part of a case."""
Title = Annotated[str, AfterValidator(_checked_title), WithJsonSchema({"type": "string", "maxLength": LONGEST_TITLE})]
"""Text that is shown and nothing else."""


@dataclass(frozen=True)
class Profile:
    """A quantity that is piecewise linear along x [m]; constant beyond its first and last point."""

    x: tuple[float, ...]
    """Positions [m], increasing."""
    value: tuple[float, ...]
    """Value at each of them, in the SI unit of the field that has the profile."""

    def at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at positions x [m]."""
        return np.interp(x, self.x, self.value)


def largest(value: float | Profile) -> float:
    """The number, or the largest of a profile."""
    return max(value.value) if isinstance(value, Profile) else value


def mean(value: float | Profile) -> float:
    """The number, or the mean of a profile over its length."""
    if not isinstance(value, Profile):
        return value
    return float(np.trapezoid(value.value, value.x) / (value.x[-1] - value.x[0]))


class InKT(float):
    """An energy in units of the thermal energy k T, which is R T per mole."""


def in_rt(energy: float, temperature: float) -> float:
    """An energy in J/mol or kT as a multiple of R T."""
    return float(energy) if isinstance(energy, InKT) else energy / (units.GAS_CONSTANT * temperature)


_IN_KT = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*kT\s*")


@dataclass(frozen=True)
class SI:
    """Annotation of a float field: the SI number of text such as "5 nm", or an SI number.

    In a case file a dimensional value must carry its unit; a dimensionless one must not.  The field may be restricted
    to positive or non-negative numbers and may allow one keyword instead of a number.
    """

    dimension: units.Dimension
    lower_bound: Literal["", "positive", "not negative"] = ""
    keyword: str = ""
    profile: bool = False
    """Whether the field may also be a profile along the layer or the stack, `{ x = [...], value = [...] }`."""
    example: str = ""
    """What is told to give, if that of the dimension will not do."""

    @property
    def _expected(self) -> str:
        kind = f"a {self.dimension.name} with a unit, such as" if self.dimension.unit else "a plain number, such as"
        quote = "'" if self.dimension.unit else ""
        alternative = f", or '{self.keyword}'" if self.keyword else ""
        return f"expected {kind} {quote}{self.example or self.dimension.example}{quote}{alternative}"

    def validate(self, value: Any, info: ValidationInfo) -> float | str | Profile:
        """SI number, the keyword or a profile; raises an error that says what was expected."""
        if self.keyword and value == self.keyword:
            return self.keyword
        if self.profile and isinstance(value, Profile | dict):
            return self._profile(value, info)
        return self._checked(value, info)

    def _profile(self, value: Any, info: ValidationInfo) -> Profile:
        if isinstance(value, Profile):
            return value
        example = '{ x = ["0 nm", "5 nm"], value = [...] }'
        if set(value) != {"x", "value"} or not all(isinstance(item, list | tuple) for item in value.values()):
            raise problem("", value, f"expected a profile with two lists, such as {example}")
        x = tuple(float(SI(units.LENGTH)._checked(item, info)) for item in value["x"])
        numbers = tuple(self._checked(item, info) for item in value["value"])
        if len(x) != len(numbers) or len(x) < 2:
            raise problem("", value, f"x and value need the same number of points, two at least, such as {example}")
        if any(after <= before for before, after in pairwise(x)):
            raise problem("", value, "its points are out of order; x must increase from point to point")
        return Profile(x, numbers)

    def _checked(self, value: Any, info: ValidationInfo) -> float:
        from_file = bool(info.context and info.context.get("from_file"))
        number = self._number(value, allow_bare=not self.dimension.unit or not from_file)
        if self.lower_bound == "positive" and not number > 0:
            raise problem("", value, f"it must be greater than zero; {self._expected}")
        if self.lower_bound == "not negative" and not number >= 0:
            raise problem("", value, f"it must not be negative; {self._expected}")
        self._check_size(value, number)
        return number

    def _number(self, value: Any, allow_bare: bool) -> float:
        if isinstance(value, InKT):
            return value
        if isinstance(value, str) and self.dimension is units.ENERGY and _IN_KT.fullmatch(value):
            return InKT(value.replace("kT", ""))
        if isinstance(value, str) and self.dimension.unit:
            try:
                return units.to_si(value, self.dimension)
            except units.UnitError as error:
                reason = f"{error}; " if str(error) else ""
                raise problem("", value, f"{reason}{self._expected}") from error
        if isinstance(value, bool) or not isinstance(value, int | float) or not allow_bare:
            raise problem("", value, self._expected)
        try:
            number = float(value)
        except OverflowError:  # a whole number of more than 308 digits
            number = math.inf
        if not math.isfinite(number):
            raise problem("", value, f"it must be finite; {self._expected}")
        return number

    def _check_size(self, value: Any, number: float) -> None:
        """A number far beyond anything physical is a slip, and would only overflow later."""
        smallest, largest = self.dimension.sensible
        if number != 0 and not smallest <= abs(number) <= largest:
            unit = f" {self.dimension.unit}" if self.dimension.unit else ""
            raise problem("", value, f"it must lie between {smallest:g}{unit} and {largest:g}{unit}; {self._expected}")

    def serialise(self, value: float | str | Profile) -> Any:
        """What stands in a case file: "5e-09 m", a plain number, the keyword, or a profile of such."""
        if isinstance(value, Profile):
            x = [f"{position!r} m" for position in value.x]
            return {"x": x, "value": [self.serialise(number) for number in value.value]}
        if isinstance(value, InKT):
            return f"{float(value)!r} kT"
        return value if isinstance(value, str) or not self.dimension.unit else f"{value!r} {self.dimension.unit}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic validates and writes the field."""
        write = core_schema.plain_serializer_function_ser_schema(self.serialise, when_used="json")
        return core_schema.with_info_plain_validator_function(self.validate, serialization=write)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What an editor is told about the field."""
        number = self._number_schema()
        if not self.profile:
            return number
        lists = {
            "x": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "value": {"type": "array", "items": number, "minItems": 2},
        }
        profile = {"type": "object", "properties": lists, "required": ["x", "value"], "additionalProperties": False}
        return {"anyOf": [number, profile]}

    def _number_schema(self) -> dict[str, Any]:
        if not self.dimension.unit:
            bound = {"positive": {"exclusiveMinimum": 0}, "not negative": {"minimum": 0}}.get(self.lower_bound, {})
            number: dict[str, Any] = {"type": "number", **bound}
            return {"anyOf": [number, {"const": self.keyword}]} if self.keyword else number
        examples = [self.example or self.dimension.example, *([self.keyword] if self.keyword else [])]
        return {"type": "string", "description": f"{self.dimension.name} with a unit", "examples": examples}


Length = Annotated[float, SI(units.LENGTH, "positive")]
Radius = Annotated[float, SI(units.LENGTH, "not negative")]
Temperature = Annotated[float, SI(units.TEMPERATURE, "positive")]
Diffusivity = Annotated[float, SI(units.DIFFUSIVITY, "positive")]
DiffusivityProfile = Annotated[float | Profile, SI(units.DIFFUSIVITY, "positive", profile=True)]
Permeability = Annotated[float, SI(units.PERMEABILITY, "not negative")]
Concentration = Annotated[float, SI(units.CONCENTRATION, "not negative")]
ConcentrationProfile = Annotated[float | Profile, SI(units.CONCENTRATION, "not negative", profile=True)]
ChargeProfile = Annotated[float | Profile, SI(units.CONCENTRATION, profile=True)]
Charge = Annotated[float, SI(units.CHARGE)]
Potential = Annotated[float, SI(units.POTENTIAL)]
PotentialOrFloating = Annotated[float | Literal["floating"], SI(units.POTENTIAL, keyword="floating")]
SurfaceCharge = Annotated[float, SI(units.SURFACE_CHARGE)]
Time = Annotated[float, SI(units.TIME, "not negative")]
Duration = Annotated[float, SI(units.TIME, "positive")]
Frequency = Annotated[float, SI(units.FREQUENCY, "positive")]
Angle = Annotated[float, SI(units.ANGLE)]
CurrentDensity = Annotated[float, SI(units.CURRENT_DENSITY)]
Energy = Annotated[float | Profile, SI(units.ENERGY, profile=True)]
AreaProfile = Annotated[float | Profile, SI(units.AREA, "positive", profile=True)]
RadiusProfile = Annotated[float | Profile, SI(units.LENGTH, "positive", profile=True)]
Rate = Annotated[float, SI(units.FLUX, "not negative")]
Density = Annotated[float, SI(units.DENSITY, "not negative")]
ConductancePerArea = Annotated[float, SI(units.CONDUCTANCE_PER_AREA, "not negative")]
SingleConductance = Annotated[float, SI(units.CONDUCTANCE, "not negative")]
Turnover = Annotated[float, SI(units.TURNOVER, "not negative")]
MolarEnergy = Annotated[float, SI(units.ENERGY, example="-55 kJ/mol")]
CountPerCycle = Annotated[float, SI(units.NUMBER, example="3, or -2 for ions that are moved inward")]
MoleculesPerCycle = Annotated[float, SI(units.NUMBER, "not negative", example="1")]
WorkingPart = Annotated[float, SI(units.NUMBER, "not negative", example="0.5 for half of it; 0 blocks it")]
HillExponent = Annotated[float, SI(units.NUMBER, "not negative", example="2")]
OpenProbability = Annotated[float, SI(units.NUMBER, "not negative", example="0.3")]
PositiveNumber = Annotated[float, SI(units.NUMBER, "positive", example="1e-6")]
PartitionProfile = Annotated[float | Profile, SI(units.NUMBER, "not negative", profile=True, example="1e-4")]
Permittivity = Annotated[float | Literal["water"], SI(units.RELATIVE_PERMITTIVITY, "positive", keyword="water")]
