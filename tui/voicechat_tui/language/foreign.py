"""Texts that arrive whole and in English, from the server or a library, recognised by their pattern.

A pattern is an English key of a table with a `{name}` for each part that varies. A text that matches no
pattern stays as it is.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from string import Formatter
from typing import NamedTuple

from voicechat_tui.language.catalog import foreign

_ONE = "one_"
"""The prefix of a part that is a single word: without it, a short pattern would match too much."""
_FIELDS = re.compile(r"[\w.\[\]]+: .+?(?:; [\w.\[\]]+: .+?)*")
_FIELD = re.compile(r"(?P<field>[\w.\[\]]+): (?P<reason>.+?)(?:; (?=[\w.\[\]]+: )|$)", re.DOTALL)


class _Form(NamedTuple):
    pattern: re.Pattern[str]
    chinese: str


def in_chinese(text: str) -> str | None:
    """Return the Chinese for an English text, or None if it matches no pattern."""
    for form in _forms():
        if found := form.pattern.fullmatch(text):
            return form.chinese.format_map(_part_by_part(found.groupdict()))
    if _FIELDS.fullmatch(text):
        parts = [(found["field"], in_chinese(found["reason"])) for found in _FIELD.finditer(text)]
        # Only problems with fields have this pattern; any other text may look similar.
        if all(reason for _, reason in parts):
            return "；".join(f"{field}：{reason}" for field, reason in parts)
    return None


def _part_by_part(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: in_chinese(part) or _sentence(part) or part for name, part in parts.items()}


def _sentence(part: str) -> str | None:
    """Return the Chinese for a sentence that is part of another one, without its full stop."""
    chinese = in_chinese(f"{part}.")
    return chinese.removesuffix("。") if chinese else None


@cache
def _forms() -> tuple[_Form, ...]:
    """Return every pattern, those with the most literal text first."""
    ordered = sorted(foreign(), key=lambda english: -sum(len(literal) for literal, _ in _pieces(english)))
    return tuple(
        _Form(re.compile("".join(_patterns(english)), re.DOTALL), foreign()[english]) for english in ordered
    )


def _pieces(english: str) -> Iterator[tuple[str, str | None]]:
    for literal, name, _, _ in Formatter().parse(english):
        yield literal, name


def _patterns(english: str) -> Iterator[str]:
    names: set[str] = set()
    for literal, name in _pieces(english):
        yield re.escape(literal)
        if name is not None:
            part = r"\S*?" if name.startswith(_ONE) else r".*?"
            yield f"(?P={name})" if name in names else f"(?P<{name}>{part})"
            names.add(name)
