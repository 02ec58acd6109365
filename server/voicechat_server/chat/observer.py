"""What chats report of their work, for metrics."""

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import MessageKind


class ChatObserver:
    """Is notified of what chats do, on the event loop. The base class ignores it all.

    Methods must be quick and must not raise.
    """

    def message_stored(self, kind: MessageKind) -> None:
        """A message became durable."""

    def published(self, receivers: int) -> None:
        """A broadcast was handed to this many connections."""

    def committed(self, operations: int, seconds: float) -> None:
        """A transaction with this many operations committed or failed after this many seconds."""

    def error_sent(self, code: ErrorCode) -> None:
        """An error was sent over a connection that stays open."""
