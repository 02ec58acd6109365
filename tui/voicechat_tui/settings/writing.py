"""Changing one setting in the file and leaving everything else in it as it is."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from voicechat_common.errors import VoicechatError
from voicechat_common.mistakes import reason
from voicechat_tui.files import atomic, paths
from voicechat_tui.language import _
from voicechat_tui.settings.model import Settings, shown_value
from voicechat_tui.settings.toml_file import bad_setting, parse, read_text

Value = str | int | float | bool | Mapping[str, str | Sequence[str]]

_HEAD = "# Settings of voicechat-tui; docs/settings.md in its source tells them all.\n\n"
_LEADING_COMMENT = re.compile(r"(#.*\n)+\n")


def change(key: str, value: Value | None, path: Path | None = None) -> None:
    """Write one setting into the settings file, in one step: a crash leaves the old file or the new one.

    Args:
        key: The name of the setting.
        value: Its value; None removes it from the file, so that the default applies.
        path: The file; the user's own if not given.

    Raises:
        VoicechatError: `bad_setting` if the value can't be used, the file has errors or it can't be written.
    """
    file = path or paths.config_file()
    text = read_text(file)
    parse(text, file)
    _write(file, changed(text, key, value))


def typed(key: str, text: str) -> Value | None:
    """Return what a person has entered for a setting in the form `change` takes; None for nothing.

    Args:
        key: The name of the setting, whose value is text or a number.
        text: What was entered.

    Raises:
        VoicechatError: `bad_setting` if it can't be used.
    """
    if not (stripped := text.strip()):
        return None
    value = _checked(key, stripped)
    return value if isinstance(value, int | float) else stripped


def changed(text: str, key: str, value: Value | None) -> str:
    """Return a valid TOML text with one setting changed.

    Raises:
        VoicechatError: `bad_setting` if the value can't be used.
    """
    # Code that only reads settings need not wait for this import.
    import tomlkit

    if value is not None:
        _checked(key, value)
    document = tomlkit.parse(text)
    if value is None:
        with suppress(tomlkit.exceptions.NonExistentKey):
            document.remove(key)
        return tomlkit.dumps(document)
    if key in document:
        document[key] = value
        return tomlkit.dumps(document)
    if isinstance(value, Mapping):
        document.append(key, tomlkit.item(value))
        return tomlkit.dumps(document)
    return _inserted(text, tomlkit.dumps({key: value}))


def _inserted(text: str, line: str) -> str:
    """Insert a line where it is in no table and separates no comment from what it describes."""
    if not text:
        return _HEAD + line
    head = _LEADING_COMMENT.match(text)
    at = head.end() if head else 0
    return text[:at] + line + text[at:]


def _checked(key: str, value: Value) -> object:
    """Return a value as it is in the settings."""
    try:
        return getattr(Settings.model_validate({key: value}), key)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        info = Settings.model_fields.get(key)
        raise bad_setting(
            _(
                "{name} can't be {value}: {reason}.",
                name=key,
                value=shown_value(key, value),
                reason=reason(detail),
            ),
            _(info.description or "") if info else "",
        ) from error


def _write(file: Path, text: str) -> None:
    try:
        atomic.replace(file, text)
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: OSError) -> VoicechatError:
    return bad_setting(
        _("{path} can't be written: {reason}.", path=file, reason=error.strerror),
        _("Make the file writable, or name another with VOICECHAT_TUI_CONFIG."),
    )
