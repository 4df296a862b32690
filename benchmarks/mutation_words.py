"""What mutations put into cases: units, numbers, expressions and names that are none, and slips of the keyboard."""

from __future__ import annotations

import string
from random import Random

# Letters of other scripts that look like the Latin ones.
LOOK_ALIKE = dict(
    zip("aceiopxKNs", "\u0430\u0441\u0435\u0456\u043e\u0440\u0445\u041a\u039d\u0455", strict=True)  # Cyrillic, and a Nu
)

_UNITS = """
nm um mm m K degC mV V kV mM M mol/m^3 m^2/s cm^2/s m/s C/m^2 A/m^2 uA/cm^2 s us Hz kHz deg S/m^2 pS kJ/mol kT e pC %
"""
_NO_UNITS = """
nmm parsnip m^9^9^9 m**999 m^-99999 nm*nm nm/0 / 1/ // _ ° µ m^ ^m m! nm; {} [m] m\u0301 nanometre_ K^(1/2) 5
"""
_NUMBERS = f"""
0 -0 -1 -5.5 1e400 -1e400 1e308 1e-308 1e-320 1e-400 1e30 -1e30 1e-30 nan inf -inf +5 .5 5. 0x1F 1_000 1,5 \u0663 \uff15
1e5e5 {"9" * 400} 1{"0" * 5000} 0.{"0" * 400}1 1e{"9" * 30} one -
"""
UNITS, NO_UNITS, NUMBERS = _UNITS.split(), _NO_UNITS.split(), _NUMBERS.split()
EXPRESSIONS = (
    "__import__('os').system('touch executed') nm",
    "2*5 nm",
    "(5) nm",
    "5 nm + 5 nm",
    "9**9**9**9 nm",
    "5 nm\n",
    "{5} nm",
    "%s nm",
    "$(touch executed) nm",
    "`touch executed`",
    "!!python/object/apply:os.system ['touch executed']",
    "5 nm # comment",
    "lambda: 5",
)
# For names of layers, ions, pumps, axes and files.
NAMES = (
    "../x",
    "../../../../tmp/x",
    "a/b",
    "/etc/passwd",
    "a\\b",
    "C:\\x",
    "C:x",
    "CON",
    "nul.txt",
    "~",
    "$HOME",
    "a\x00b",
    "\x00",
    "a\nb",
    "a\tb",
    "\x1b[31mred\x1b[0m",
    "\x7f",
    "\x85",
    "\u202egnp.exe",
    "\u2028",
    "\ufeffK",
    "\u200b",
    "",
    " ",
    "  K",
    "K ",
    ".",
    "..",
    "a.b",
    "a|b",
    "a[0]",
    "[bold]a[/bold]",
    "[/]",
    "<script>alert(1)</script>",
    "]]>",
    "&amp;\"'",
    "%s%n{0}{}",
    "$x^2$",
    "$\\frac{",
    "__class__",
    "__init__",
    "-rf",
    "--out",
    "é" * 200,
    "a" * 300,
    "\U0001d40a",
    "\uff2b",
    "\U0001f469\u200d\U0001f52c",
    "0",
    "1",
    "-1",
    "name",
    "left",
    "right",
    "left stern",
    "water",
    "floating",
    "None",
    "nan",
)
KINDS = ("steady", "iv", "transient", "impedance", "sweep", "Steady", "", "reservoir", "wall", "closed")


def slip(random: Random, word: str) -> str:
    """A word with one slip of the keyboard."""
    at = random.randrange(max(len(word), 1))
    letter = random.choice(string.ascii_lowercase + "_ -")
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        word.upper(),
        word + "s",
        word.replace("_", "-"),
    )
    return random.choice(slips)
