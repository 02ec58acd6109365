"""The Chinese texts that ship with the package."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_FOREIGN = "foreign.toml"


@cache
def chinese() -> Mapping[str, str]:
    """Return the Chinese text for each English one of the client."""
    return _texts(table for table in tables() if table.name != _FOREIGN)


@cache
def foreign() -> Mapping[str, str]:
    """Return the Chinese text for each English one that is not in the client's code."""
    return _texts(table for table in tables() if table.name == _FOREIGN)


def _texts(chosen: Iterable[Traversable]) -> dict[str, str]:
    return {english: text for table in chosen for english, text in read(table).items()}


def tables() -> list[Traversable]:
    """Return the files of the tables."""
    folder = files("voicechat_tui.language") / "zh"
    found = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    return sorted(found, key=lambda file: file.name)


def read(table: Traversable) -> dict[str, str]:
    """Return the texts of one table."""
    texts: dict[str, str] = tomllib.loads(table.read_text(encoding="utf-8"))
    return texts
