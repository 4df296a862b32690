"""The reference of the commands: every one with its arguments, options and help, as the program itself has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer.main

from api_pages import escaped
from electrodiff.cli import app

INTRODUCTION = """# Every command and option

As `electrodiff COMMAND --help` has them. What the commands do with these, what they write, and what their numbers mean
stands in [commands](../commands.md).
"""
# What an option takes, where the program does not name it.
_TAKES = {Path: "PATH", int: "NUMBER", float: "NUMBER"}


def commands_page() -> str:
    """The page, in Markdown."""
    group: Any = typer.main.get_command(app)
    sections = [_section(name, command) for name, command in group.commands.items()]
    return "\n".join([INTRODUCTION, _program(group), *sections, _exit_codes(group.epilog)])


def _program(group: Any) -> str:
    return "\n".join(["## electrodiff", "", group.help, "", _table(_options(group)), ""])


def _section(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    metavars = " ".join(each.metavar or each.name.upper() for each in arguments)
    usage = " ".join(part for part in ("electrodiff", name, metavars, "[OPTIONS]") if part)
    rows = [
        (f"`{each.metavar or each.name.upper()}`", each.help or "", "required" if each.required else "")
        for each in arguments
    ]
    lines = [f"## {name}", "", "```text", usage, "```", "", command.help or "", ""]
    return "\n".join([*lines, _table([*rows, *_options(command)]), ""])


def _options(command: Any) -> list[tuple[str, str, str]]:
    return [_option(each) for each in command.params if each.param_type_name == "option"]


def _option(option: Any) -> tuple[str, str, str]:
    takes = "" if option.is_flag else f" {option.metavar or _TAKES.get(option.type_descriptor.annotation, 'TEXT')}"
    names = ", ".join(f"`{name}{takes}`" for name in (*option.opts, *option.secondary_opts))
    default = option.default
    is_shown = not option.is_flag and isinstance(default, str | int | float)
    return names, option.help or "", f"`{default}`" if is_shown else ""


def _table(rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return "It takes nothing."
    head = ["| argument or option | meaning | default |", "|---|---|---|"]
    cells = [(first, escaped(meaning).replace("|", "\\|"), default) for first, meaning, default in rows]
    return "\n".join([*head, *("| " + " | ".join(row) + " |" for row in cells)])


def _exit_codes(epilog: str) -> str:
    """The last line of the help, as a table."""
    _, _, codes = epilog.partition(":")
    pairs = [each.strip().rstrip(".").split(" ", 1) for each in codes.split(", ")]
    lines = ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| {code} | {meaning} |" for code, meaning in pairs), ""])
