"""What the chats tell of their work, to whoever counts it."""

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import MessageKind


class ChatObserver:
    """Hears what the chats do, on the event loop; this one ignores it.

    A method must be quick and must not raise.
    """

    def message_stored(self, kind: MessageKind) -> None:
        """A message has become durable."""

    def published(self, receivers: int) -> None:
        """Something has been given to so many connections."""

    def committed(self, operations: int, seconds: float) -> None:
        """A transaction with so many operations has ended, well or badly, after so many seconds."""

    def error_told(self, code: ErrorCode) -> None:
        """A connection has been told of an error after which it goes on."""
