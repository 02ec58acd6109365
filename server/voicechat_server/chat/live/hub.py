"""Live fan-out: what is published to a chat reaches everybody who has subscribed to it.

This is all the server needs of a message broker. `LocalHub` serves one process; a hub that talks to a broker
can take its place, if it keeps the order in which a chat's broadcasts were published.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from voicechat_server.chat.live.frame_queue import Frame
from voicechat_server.chat.observer import ChatObserver

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Something everybody in a chat is told.

    Attributes:
        frame: What is sent.
        seq: The place of a stored message; None for everything that is not in the history.
        author: Who need not be told, for it is about them; None for nobody.
    """

    frame: Frame
    seq: int | None = None
    author: str | None = None


Receiver = Callable[[Broadcast], None]
"""Takes a broadcast. It is called on the event loop and must not wait; what it raises disturbs no other."""


class Hub(Protocol):
    """Carries broadcasts to the subscribers of a chat."""

    def subscribe(self, chat_id: str, receiver: Receiver) -> None:
        """Let a receiver have every broadcast of a chat from now on."""

    def unsubscribe(self, chat_id: str, receiver: Receiver) -> None:
        """Let a receiver have no more of them."""

    def publish(self, chat_id: str, broadcast: Broadcast, only: Iterable[Receiver] | None = None) -> None:
        """Give a broadcast to every receiver of a chat, or only to some of them."""


class LocalHub:
    """The hub of one process: plain calls.

    Args:
        observer: Hears how many were told.
    """

    def __init__(self, observer: ChatObserver | None = None) -> None:
        self._observer = observer or ChatObserver()
        self._receivers: dict[str, dict[Receiver, None]] = {}

    def subscribe(self, chat_id: str, receiver: Receiver) -> None:
        """Let a receiver have every broadcast of a chat from now on."""
        self._receivers.setdefault(chat_id, {})[receiver] = None

    def unsubscribe(self, chat_id: str, receiver: Receiver) -> None:
        """Let a receiver have no more of them."""
        receivers = self._receivers.get(chat_id, {})
        receivers.pop(receiver, None)
        if not receivers:
            self._receivers.pop(chat_id, None)

    def publish(self, chat_id: str, broadcast: Broadcast, only: Iterable[Receiver] | None = None) -> None:
        """Give a broadcast to every receiver of a chat, or only to some of them."""
        receivers = tuple(self._receivers.get(chat_id, ()) if only is None else only)
        for receiver in receivers:
            try:
                receiver(broadcast)
            except Exception:
                log.exception("somebody in a chat could not be told", chat=chat_id)
        self._observer.published(len(receivers))
