"""Mutations of a case as the bytes of a file: encodings, cuts, noise, sizes, depth, and files of other programs."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Callable
from random import Random

FileMutation = Callable[[Random, str], bytes]

TEN_MEGABYTES = 10_000_000


def other_encoding(random: Random, text: str) -> bytes:
    """The same text in another encoding, with or without a mark of it."""
    encoding = random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7", "utf-8-sig"])
    return ("# Zelle in µm, Größe é\n" + text).encode(encoding, "replace")


def odd_line_ends(random: Random, text: str) -> bytes:
    """Line ends of other systems, and separators that are none."""
    return text.replace("\n", random.choice(["\r\n", "\r", "\n\r", "\u2028", "\x0b", "\x85", "\r\r\n"])).encode()


def marks(random: Random, text: str) -> bytes:
    """Marks of byte order: one, two, or one amidst the text."""
    at = random.randrange(len(text))
    return random.choice(["\ufeff" + text, "\ufeff\ufeff" + text, text[:at] + "\ufeff" + text[at:]]).encode()


def control_bytes(random: Random, text: str) -> bytes:
    """NUL and other bytes that no text has, somewhere."""
    data = bytearray(text.encode())
    for _ in range(random.choice([1, 1, 5, 100])):
        at = random.randrange(len(data))
        data[at : at + random.randint(0, 1)] = random.choice(
            [b"\x00", b"\x1b[2J", b"\x7f", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80"]
        )
    return bytes(data)


def cut(random: Random, text: str) -> bytes:
    """The file up to some byte."""
    return text.encode()[: random.randrange(len(text))]


def lost_part(random: Random, text: str) -> bytes:
    """A few characters, or lines, that are lost, doubled, or changed."""
    first = random.randrange(len(text))
    last = min(first + random.choice([1, 1, 2, 5, 40, 400]), len(text))
    return random.choice(
        [text[:first] + text[last:], text[:last] + text[first:], text[:first] + "?" + text[last:]]
    ).encode()


def lost_bracket(random: Random, text: str) -> bytes:
    """One of the characters that hold a file together, lost or doubled."""
    places = [at for at, letter in enumerate(text) if letter in "[]{}=\",'#\n"]
    at = random.choice(places)
    return (text[:at] + random.choice(["", text[at] * 2, "}", '"""', "="]) + text[at + 1 :]).encode()


def doubled_line(random: Random, text: str) -> bytes:
    """A line, or a table, twice."""
    lines = text.splitlines(keepends=True)
    at = random.randrange(len(lines))
    where = random.choice([at, random.randrange(len(lines))])
    return "".join([*lines[:where], *lines[at : at + random.choice([1, 1, 3])], *lines[where:]]).encode()


def shuffled_lines(random: Random, text: str) -> bytes:
    """All lines in another order."""
    lines = text.splitlines(keepends=True)
    random.shuffle(lines)
    return "".join(lines).encode()


def nothing(random: Random, text: str) -> bytes:  # noqa: ARG001 - the case does not matter
    """An empty file, or one that holds next to nothing."""
    return random.choice(
        [b"", b"\n", b" ", b"\xef\xbb\xbf", b"# nothing\n", b"\x00", b"[", b"=", b"a", b"a=", b'""=1', b"a=1" * 9]
    )


def noise(random: Random, text: str) -> bytes:  # noqa: ARG001 - the case does not matter
    """Random bytes, or random letters."""
    size = 10 ** random.randint(0, 5)
    return random.randbytes(size) if random.random() < 0.5 else bytes(random.choices(range(32, 127), k=size))


def other_program(random: Random, text: str) -> bytes:
    """What is no TOML: JSON, YAML, INI, HTML, archives, pictures, executables, results."""
    tree = tomllib.loads(text)
    return random.choice(
        [
            json.dumps(tree, default=str).encode(),
            text.replace(" = ", ": ").encode(),
            text.replace('"', "").encode(),
            f"<!doctype html>\n<html><body><pre>{text}</pre></body></html>".encode(),
            gzip.compress(text.encode()),
            b"\x89HDF\r\n\x1a\n" + random.randbytes(2000),
            b"CDF\x01" + random.randbytes(2000),
            b"PK\x03\x04" + random.randbytes(2000),
            b"\x80\x04cos\nsystem\n(S'touch executed'\ntR.",
            b"\x7fELF" + random.randbytes(500),
            b"import os\nos.system('touch executed')\n",
        ]
    )


def deep(random: Random, text: str) -> bytes:
    """Lists, tables, dotted keys or headers that are very deep."""
    depth = random.choice([10, 100, 300, 500, 900, 1000, 3000, 100_000])
    return random.choice(
        [
            text + "\n[x]\ndeep = " + "[" * depth + "]" * depth,
            text + "\n[x]\ndeep = " + "{ a = " * depth + "1" + " }" * depth,
            "a" + ".a" * depth + " = 1\n" + text,
            text + "\n[" + ".".join(["a"] * depth) + "]\nb = 1\n",
            text + "\n[[" + ".".join(["a"] * depth) + "]]\nb = 1\n",
            text + "\n[x]\ndeep = " + "[" * depth,
            text + "".join(f"\n[a{'.a' * number}]" for number in range(min(depth, 500))),
        ]
    ).encode()


def big(random: Random, text: str) -> bytes:
    """Ten megabytes, or a little less than is read at all: of comments, of text, of keys, of lists, of tables, of nothing."""
    size = random.choice([TEN_MEGABYTES, 900_000])
    line, rest = random.choice(
        [
            (b"# a comment that says nothing\n", text.encode()),
            (b"\n", text.encode()),
            (b" ", text.encode()),
            (b"\x00", b""),
            (b"[[layers]]\n", b""),
            (b'[[layers]]\nname = "a"\nthickness = "1 nm"\nrelative_permittivity = 2\n', text.encode()),
            (b"[[expect]]\n", text.encode()),
            (b"0, ", b""),
            (b"a.", b"a = 1"),
            (b"[a]\n", b""),
            (b"a = 1\n", b""),
            (b"'", b""),
            (b"\xff", b""),
        ]
    )
    body = line * (size // len(line))
    return random.choice(
        [
            body + b"\n" + rest,
            rest + b"\n" + body,
            rest + b'\n[x]\ny = """' + body + b'"""',
            b"x = [" + body + b"]\n" + rest,
        ]
    )


def many_keys(random: Random, text: str) -> bytes:
    """A hundred thousand keys, each of its own, in a table of the case."""
    table = random.choice(["ions", "x", "left.concentrations", "layers.x", "mesh", "study"])
    count = random.choice([100, 3000, 30_000])
    value = random.choice(["1", "{}", '"1 mM"', "{ valence = 1 }"])
    return (text + f"\n[{table}]\n" + "".join(f"k{number} = {value}\n" for number in range(count))).encode()


FILE_MUTATIONS: tuple[FileMutation, ...] = (
    other_encoding,
    odd_line_ends,
    marks,
    control_bytes,
    cut,
    lost_part,
    lost_bracket,
    doubled_line,
    shuffled_lines,
    nothing,
    noise,
    other_program,
    deep,
    big,
    many_keys,
)
