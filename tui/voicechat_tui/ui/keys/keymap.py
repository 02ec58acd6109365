"""Which keys do what: the defaults, overridden by the settings."""

from collections.abc import Mapping, Sequence

from textual.binding import Binding

from voicechat_tui.language import _
from voicechat_tui.ui.keys.actions import ACTIONS, BY_ID, Action, Context, actions_of

_NAMES = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "slash": "/",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "question_mark": "?",
}


class Keymap:
    """The keys of every action.

    Args:
        overrides: Keys by the action's id, as the settings have them.

    Attributes:
        problems: Sentences about overrides that could not be followed.
    """

    def __init__(self, overrides: Mapping[str, Sequence[str]] | None = None) -> None:
        self.problems: list[str] = []
        self._keys = {action.id: action.keys for action in ACTIONS}
        self.overrides: dict[str, str] = {}
        for name, keys in (overrides or {}).items():
            self._override(name, tuple(keys))

    def keys(self, action: Action | str) -> tuple[str, ...]:
        """Return the keys of an action."""
        return self._keys[action if isinstance(action, str) else action.id]

    def label(self, action: Action | str) -> str:
        """Return the first key of an action as people know it."""
        keys = self.keys(action)
        return key_label(keys[0]) if keys else ""

    def has(self, key: str) -> bool:
        """Return whether a key does anything."""
        return any(key in keys for keys in self._keys.values())

    def _override(self, name: str, keys: tuple[str, ...]) -> None:
        action = BY_ID.get(name)
        if action is None:
            self.problems.append(_("keys: there is no action {name}.", name=name))
            return
        for other in ACTIONS:
            meets = Context.APP in (other.context, action.context) or other.context is action.context
            taken = set(keys) & set(self._keys[other.id])
            if other is not action and meets and taken:
                self.problems.append(
                    _(
                        "keys: {key} for {name} already belongs to {other}.",
                        key=min(taken),
                        name=name,
                        other=other.id,
                    )
                )
                return
        if keys:
            self._keys[name] = keys
            self.overrides[name] = ",".join(keys)


def key_label(key: str) -> str:
    """Return a key as people know it: `^t` for `ctrl+t`."""
    *modifiers, last = key.split("+")
    name = _NAMES.get(last, last.upper() if last[:1] == "f" and last[1:].isdigit() else last)
    if modifiers == ["ctrl"]:
        return f"^{name}"
    return "+".join([*modifiers, name])


def bindings(context: Context) -> list[Binding]:
    """Return the bindings of a context with their default keys, to be overridden by id."""
    return [
        Binding(
            ",".join(action.keys),
            action.id,
            action.title,
            id=action.id,
            show=False,
            # The composer would take most of them as text.
            priority=not action.in_turn,
        )
        for action in actions_of(context)
    ]
