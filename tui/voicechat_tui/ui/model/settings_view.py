"""The settings as lines to show and to change: pure, from the class that defines them."""

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from voicechat_tui.language import _, listed, mark
from voicechat_tui.redaction import shown
from voicechat_tui.settings.loading import Loaded, Source
from voicechat_tui.settings.model import Settings, variable

ELSEWHERE = {
    "keys": mark("Keys are changed in the file itself: docs/tui.md lists the names of the actions."),
    "device": mark("Choose it in the microphone window, which shows each one's level."),
    "host_api": mark("Choose it in the microphone window, which shows each one's level."),
}
"""What one line of text can't ask for, and where it is changed instead."""
AT_ONCE = frozenset({"url", "theme", "device", "host_api"})
"""What holds as soon as it is changed; everything else from the next start on."""


@dataclass(frozen=True)
class SettingLine:
    """A setting.

    Attributes:
        key: Its name in the file.
        value: The value in effect, for a person.
        meaning: What it does, a sentence.
        choices: The values it can have, where these are few.
        comes_from: Where the value comes from, for a person.
        fixed_by: The environment variable that decides it; empty if it can be changed.
        elsewhere: Where it is changed; empty if it is here.
    """

    key: str
    value: str
    meaning: str
    choices: tuple[str | bool, ...]
    comes_from: str
    fixed_by: str
    elsewhere: str

    def next_choice(self) -> str | bool | None:
        """Return the choice after the one that holds, or None where there are no choices."""
        if not self.choices:
            return None
        shown = [_shown(choice) for choice in self.choices]
        return self.choices[(shown.index(self.value) + 1) % len(shown)]


def lines(loaded: Loaded, url: str, user: str) -> list[SettingLine]:
    """Return a line for each setting.

    Args:
        loaded: What holds, and where it comes from.
        url: The server that is spoken to, which may be one that the app has started.
        user: Who the person is.
    """
    in_effect = {"url": shown(url), "user": user}
    return [
        SettingLine(
            key=key,
            value=_shown(in_effect.get(key, getattr(loaded.settings, key))),
            meaning=_(field.description or ""),
            choices=_choices(field.annotation),
            comes_from=_("this machine")
            if key == "url" and url != loaded.settings.url
            else _source(loaded, key),
            fixed_by=variable(key) if loaded.source(key) is Source.VARIABLE else "",
            elsewhere=_(ELSEWHERE[key]) if key in ELSEWHERE else "",
        )
        for key, field in Settings.model_fields.items()
    ]


def _source(loaded: Loaded, key: str) -> str:
    match loaded.source(key):
        case Source.OPTION:
            return f"--{key}"
        case Source.VARIABLE:
            return variable(key)
        case Source.FILE:
            return _("file")
        case Source.DEFAULT:
            return _("default")


def _choices(annotation: Any) -> tuple[str | bool, ...]:
    if annotation is bool:
        return (False, True)
    found: list[str | bool] = []
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            found += [choice for choice in get_args(part) if choice not in found]
    return tuple(found)


def _shown(value: object) -> str:
    if value is None or value == {}:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return listed(f"{action} = {' '.join(keys) or '–'}" for action, keys in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
