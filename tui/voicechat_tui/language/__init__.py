"""The language of the interface: English, or Chinese if the user's locale or settings ask for it.

The English text itself is the key. Its Chinese is in one of the tables `zh/*.toml`, one for each area of
the client; a text that no table has is shown in English. A test compares the tables with the texts in the
code.

    from voicechat_tui.language import _

    _("No server answers at {url}.", url=url)

A text that is defined before its language is known, such as a module constant, is marked with `mark` there
and translated with `_` where it is shown.
"""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args

from voicechat_common.printable import printable, printable_lines
from voicechat_tui.language.catalog import chinese

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_ADDRESSES = frozenset({"url", "proxy"})
"""The names of values that are addresses."""
_OF_SEVERAL_LINES = frozenset({"words"})
"""The names of values that people have written."""
_LONGEST_VALUE = 4_000
"""The most characters of a value: no message is longer."""
_SAID_ELSEWHERE = frozenset({"reason", "detail", "answer"})
"""The names of values that may be words of the server, a library or the system."""

_chosen: Language | None = None
_for_programs = False


def use(language: Language | None) -> None:
    """Set the language of all texts from now on; None follows the locale."""
    global _chosen, _for_programs
    _chosen, _for_programs = language, False


def use_for_programs() -> None:
    """Use English for all texts from now on, and leave texts from elsewhere as they came."""
    global _chosen, _for_programs
    _chosen, _for_programs = "en", True


def current() -> Language:
    """Return the language of the interface."""
    return _chosen or of_locale(os.environ)


def of_locale(environment: Mapping[str, str]) -> Language:
    """Return the language that the locale asks for: the variables that gettext reads, in its order."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "C")
    if locale.split(".")[0] in ("C", "POSIX"):
        return "en"
    preferred = (environment.get("LANGUAGE") or locale).split(":")
    for name in preferred:
        for language in LANGUAGES:
            if name.lower().startswith(language):
                return language
    return "en"


def translate(text: str, **values: object) -> str:
    """Return a text in the language of the interface.

    Args:
        text: The English text, with a `{name}` for each value.
        values: The values for the names.
    """
    said = chinese().get(text, text) if current() == "zh" else text
    return said.format_map({name: _value(name, value) for name, value in values.items()}) if values else said


_ = translate


def understood(text: str, otherwise: str = "") -> str:
    """Return a text of the server, a library or the system in the language of the interface.

    Args:
        text: In English; a text that is already in the language stays as it is.
        otherwise: A translated text to use if an English text has no translation.
    """
    if current() != "zh":
        return text
    from voicechat_tui.language.foreign import in_chinese

    return in_chinese(text) or otherwise or text


def spoken(text: str, otherwise: str = "") -> str:
    """Return what the server says in the form for people; programs get it as it came.

    It is in the language of the interface, its times are in local time, and long server-made ids are
    shortened.

    Args:
        text: In English.
        otherwise: A translated text to use if it has no translation.
    """
    return text if _for_programs else readable(understood(text, otherwise))


def _value(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    # A value may come from anywhere; handled here, no caller can forget that.
    value = printable_lines(value) if name in _OF_SEVERAL_LINES else printable(value)
    if len(value) > _LONGEST_VALUE:
        value = value[: _LONGEST_VALUE - 1] + "…"
    if name in _ADDRESSES:
        # Every address is shown through here, so that no caller can forget to hide its secrets.
        from voicechat_tui.redaction import shown

        return shown(value)
    return understood(value) if name in _SAID_ELSEWHERE else value


def plural(count: int, one: str, many: str, **values: object) -> str:
    """Return the text for a number of things, in which `{count}` stands for the number.

    Args:
        count: How many there are.
        one: The English text for one of them.
        many: The English text for any other number; the one that has a Chinese translation.
        values: The values for other names.
    """
    text = one if count == 1 and current() == "en" else many
    return translate(text, count=count, **values)


def listed(parts: Iterable[str]) -> str:
    """Join texts with the commas of the language."""
    return ("，" if current() == "zh" else ", ").join(parts)


def mark(text: str) -> str:
    """Return a text unchanged; it is translated where it is shown."""
    return text


_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)")
_LONG_ID = re.compile(r"(?<![\w-])([0-9a-f]{8})(?:[0-9a-f]{24}|(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])")


def readable(text: str) -> str:
    """Return a text with its times in local time and its long ids shortened."""
    return _LONG_ID.sub(r"\1…", _TIME.sub(_local, text))


def is_long_id(text: str) -> bool:
    """Return whether a text is nothing but a long id, which means nothing to people."""
    return _LONG_ID.fullmatch(text) is not None


def _local(found: re.Match[str]) -> str:
    return f"{datetime.fromisoformat(found[0]).astimezone():%Y-%m-%d %H:%M}"
