"""Reading a TOML file so that every mistake in it can be reported with its position."""

import re
import tomllib
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _, understood

_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_HEADER = re.compile(r"\s*\[\s*(?P<name>[^\[\]]+?)\s*\]\s*(#.*)?$")
_ASSIGNMENT = re.compile(r"\s*(?P<name>[\w.\"' -]+?)\s*=")


def read_text(path: Path) -> str:
    """Return the text of a file, or an empty text if there is no file. A byte order mark is skipped.

    Raises:
        VoicechatError: `bad_setting` if it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        line, column = _place(error.object[: error.start].decode("utf-8"))
        raise bad_setting(
            _("{place}: this is not UTF-8.", place=shown_place(path, line, column)),
            _("Save the file as UTF-8."),
        ) from error
    except OSError as error:
        raise bad_setting(
            _("{path} can't be read: {reason}.", path=path, reason=error.strerror),
            _("Make the file readable, or name another with VOICECHAT_TUI_CONFIG."),
        ) from error


def parse(text: str, path: Path) -> dict[str, object]:
    """Return the values of a TOML text.

    Args:
        text: The text.
        path: What to call it in an error.

    Raises:
        VoicechatError: `bad_setting` with line and column if it is not valid TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column, reason = toml_mistake(error, text)
        raise bad_setting(
            _("{place}: {reason}.", place=shown_place(path, line, column), reason=reason),
            _('Correct the line; put text in quotes, such as theme = "dark".'),
        ) from error


def toml_mistake(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, int, str]:
    """Return the line and column, both from 1, of the mistake in a TOML text, and what is wrong."""
    found = _PLACE.search(str(error))
    line, column = _place(text)
    if found and found["line"]:
        line, column = int(found["line"]), int(found["column"])
    return line, column, understood(_PLACE.sub("", str(error)), _("this is not valid TOML"))


def position(text: str, keys: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the line and column, both from 1, of the value of a key; None if it isn't found.

    Args:
        text: A valid TOML text.
        keys: The name of the key, preceded by those of the tables it is in.
    """
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _names(header["name"])
        elif assignment := _ASSIGNMENT.match(line):
            name = (*table, *_names(assignment["name"]))
            if name == keys[: len(name)]:
                value = line[assignment.end() :]
                return number, assignment.end() + len(value) - len(value.lstrip()) + 1
    return None


def shown_place(path: Path, line: int, column: int) -> str:
    """Return a position in a file, in words."""
    return _("{path}, line {line}, column {column}", path=path, line=line, column=column)


def bad_setting(message: str, advice: str) -> VoicechatError:
    """Return the error of a wrong setting."""
    return VoicechatError(ErrorCode.BAD_SETTING, message, advice)


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _place(before: str) -> tuple[int, int]:
    """Return the line and column of what follows a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")
