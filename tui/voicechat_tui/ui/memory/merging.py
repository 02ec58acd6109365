"""Merging what several apps of a login remember: each replaces only what it has changed itself."""

from collections.abc import Mapping
from typing import TypeVar

from voicechat_tui.ui.memory.remembered import Contents, Remembered

CHATS_KEPT = 200
"""Chats whose last state is shown while the server is not reached yet."""

ValueT = TypeVar("ValueT")


def merged(before: Contents, now: Contents, there: Contents) -> Contents:
    """Return what is in the file, with what has changed between before and now."""
    result = there.model_copy(deep=True)
    if now.muted != before.muted:
        result.muted = now.muted
    for server, people in now.servers.items():
        for user, remembered in people.items():
            result.servers.setdefault(server, {})[user] = _of_person(
                before.of(server, user), remembered, result.of(server, user)
            )
    return result


def _of_person(before: Remembered, now: Remembered, there: Remembered) -> Remembered:
    unsent = {
        chat: _changed(before.unsent.get(chat, {}), now.unsent.get(chat, {}), there.unsent.get(chat, {}))
        for chat in {**there.unsent, **now.unsent}
    }
    return Remembered(
        drafts=_changed(before.drafts, now.drafts, there.drafts),
        unsent={chat: texts for chat, texts in unsent.items() if texts},
        seen=_changed(before.seen, now.seen, there.seen),
        spoken=_changed(before.spoken, now.spoken, there.spoken),
        chats=there.chats if now.chats == before.chats else now.chats[:CHATS_KEPT],
    )


def _changed(
    before: Mapping[str, ValueT], now: Mapping[str, ValueT], there: Mapping[str, ValueT]
) -> dict[str, ValueT]:
    kept = {key: value for key, value in there.items() if key in now or key not in before}
    return kept | {key: value for key, value in now.items() if before.get(key) != value}
