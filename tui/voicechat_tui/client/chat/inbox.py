"""Which messages of a chat have come: each stored one once, in order, and what is being spoken now."""

from voicechat_common.protocol.chat import MessageHistory, NewMessage
from voicechat_tui.client.chat.events import (
    CaughtUp,
    ChatEvent,
    MessagePartial,
    MessageStored,
    MessageWithdrawn,
)

_MOST_SPOKEN = 1_000
"""Messages that are being spoken at once; more are shown only once they are stored."""


class GapError(Exception):
    """A message came before the one that was due.

    Args:
        expected: The seq that was due.
        got: The seq that came.
    """

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"{got} came where {expected} was due")
        self.expected = expected
        self.got = got


class Inbox:
    """What was received of one chat.

    Args:
        since: The seq of the last message the application has already.

    Attributes:
        seq: The last stored message that was received.
    """

    def __init__(self, since: int) -> None:
        self.seq = since
        self._due: int | None = None
        self._revisions: dict[str, int] = {}

    def opened(self, last_seq: int) -> list[ChatEvent]:
        """A connection is open over which all stored messages up to a seq will come."""
        gone: list[ChatEvent] = [MessageWithdrawn(message_id=name) for name in self._revisions]
        self._revisions.clear()
        self._due = last_seq
        return gone + self._caught_up()

    def restart(self) -> None:
        """Receive everything from the start again."""
        self.seq = 0
        self._due = None
        self._revisions.clear()

    def take(self, message: NewMessage | MessageHistory) -> list[ChatEvent]:
        """Take a message; return what is new in it.

        Raises:
            GapError: An earlier one is missing; nothing has changed.
        """
        if message.seq is None:
            return self._spoken(message)
        if message.seq <= self.seq:
            return []
        self.expect(message.seq - 1)
        self.seq = message.seq
        self._revisions.pop(message.message_id, None)
        return [MessageStored(message=message, seq=message.seq), *self._caught_up()]

    def expect(self, seq: int) -> None:
        """Make sure that all messages up to a seq have come.

        Raises:
            GapError: One is missing.
        """
        if seq > self.seq:
            raise GapError(self.seq + 1, seq + 1)

    def _spoken(self, message: NewMessage | MessageHistory) -> list[ChatEvent]:
        if not isinstance(message, NewMessage):
            return []
        name = message.message_id
        if not message.content:
            known = self._revisions.pop(name, None) is not None
            return [MessageWithdrawn(message_id=name)] if known else []
        if message.revision <= self._revisions.get(name, -1):
            return []
        if name not in self._revisions and len(self._revisions) >= _MOST_SPOKEN:
            return []
        self._revisions[name] = message.revision
        return [MessagePartial(message=message)]

    def _caught_up(self) -> list[ChatEvent]:
        if self._due is None or self.seq < self._due:
            return []
        self._due = None
        return [CaughtUp(seq=self.seq)]

    def end(self) -> list[ChatEvent]:
        """The chat has ended, which withdraws what was being spoken."""
        gone: list[ChatEvent] = [MessageWithdrawn(message_id=name) for name in self._revisions]
        self._revisions.clear()
        return gone
