"""Live fan-out: what is published to a chat reaches all its subscribers.

This is all the server needs of a message broker. One can take the place of `Hub`, provided that it preserves
the order in which a chat's broadcasts are published.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from voicechat_server.chat.live.frame_queue import Frame
from voicechat_server.chat.observer import ChatObserver

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Something sent to everybody in a chat.

    Attributes:
        frame: What is sent.
        seq: The seq of a stored message; None for what is not in the history.
        author: Whom it is about, and who therefore doesn't receive it; None for nobody.
    """

    frame: Frame
    seq: int | None = None
    author: str | None = None


Receiver = Callable[[Broadcast], None]
"""Takes a broadcast, on the event loop, without blocking. If it raises, the others still receive theirs."""


class Hub:
    """Carries broadcasts to the subscribers of a chat, by plain calls.

    Args:
        observer: Is notified of the number of receivers.
    """

    def __init__(self, observer: ChatObserver) -> None:
        self._observer = observer
        self._receivers: dict[str, dict[Receiver, None]] = {}

    def subscribe(self, chat_id: str, receiver: Receiver) -> None:
        """Give a receiver every broadcast of a chat from now on."""
        self._receivers.setdefault(chat_id, {})[receiver] = None

    def unsubscribe(self, chat_id: str, receiver: Receiver) -> None:
        """Stop giving it broadcasts."""
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
                log.exception("a broadcast could not be delivered", chat=chat_id)
        self._observer.published(len(receivers))
