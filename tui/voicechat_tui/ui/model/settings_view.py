"""The settings as lines to show and to change: pure, from the class that defines them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from voicechat_tui.client.address import shown
from voicechat_tui.language import _
from voicechat_tui.settings import Settings, variable

NOT_HERE = frozenset({"keys", "device", "host_api"})
"""What a line can't show: keys have a table of their own in the file, microphones a window of their own."""
AT_ONCE = frozenset({"theme", "device", "host_api"})
"""What holds as soon as it is changed; everything else from the next start on."""


@dataclass(frozen=True)
class SettingLine:
    """A setting.

    Attributes:
        key: Its name in the file.
        value: Its value, for a person.
        meaning: What it does, a sentence.
        choices: The values it can have, where these are few.
        fixed_by: The environment variable that decides it; empty if the file does.
    """

    key: str
    value: str
    meaning: str
    choices: tuple[str | bool, ...]
    fixed_by: str

    def next_choice(self) -> str | bool | None:
        """Return the choice after the one that holds, or None where there are no choices."""
        if not self.choices:
            return None
        shown = [_shown(choice) for choice in self.choices]
        return self.choices[(shown.index(self.value) + 1) % len(shown)]


def lines(settings: Settings, fixed: Collection[str]) -> list[SettingLine]:
    """Return a line for each setting.

    Args:
        settings: What holds.
        fixed: The names of those that an environment variable decides.
    """
    return [
        SettingLine(
            key=key,
            value=_shown(shown(settings.url) if key == "url" else getattr(settings, key)),
            meaning=_(field.description or ""),
            choices=_choices(field.annotation),
            fixed_by=variable(key) if key in fixed else "",
        )
        for key, field in Settings.model_fields.items()
        if key not in NOT_HERE
    ]


def _choices(annotation: Any) -> tuple[str | bool, ...]:
    if annotation is bool:
        return (False, True)
    found: list[str | bool] = []
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            found += [choice for choice in get_args(part) if choice not in found]
    return tuple(found)


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:g}" if isinstance(value, float) else str(value)
