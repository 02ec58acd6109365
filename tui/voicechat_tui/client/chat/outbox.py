"""The own texts of one chat that are not durable yet, in order, and what others are told of who is typing."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from voicechat_common.mistakes import describe
from voicechat_common.names import ClientMessageId, Content
from voicechat_common.protocol.chat import ChatError, SendMessage, Typing
from voicechat_tui.client.chat import failures
from voicechat_tui.client.chat.events import Acked, Postponed, Refused, TextQueued
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection.backoff import agreed_pause, own_pause

_CONTENT = TypeAdapter[str](Content)
_CLIENT_MESSAGE_ID = TypeAdapter[str](ClientMessageId)


def check_capacity(waiting: int, policy: ChatPolicy) -> None:
    """Make sure that one more text may wait.

    Args:
        waiting: How many wait already.
        policy: The limits.

    Raises:
        VoicechatError: `busy` if too many wait.
    """
    if waiting >= policy.unsent:
        raise failures.too_much_unsent(policy.unsent)


def checked_text(content: str) -> str:
    """Return a text as it is sent.

    Raises:
        VoicechatError: `bad_field` if it can't be a message.
    """
    return _valid(_CONTENT, content)


def _valid(kind: TypeAdapter[str], value: str) -> str:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise failures.bad_text(describe(error)) from error


@dataclass(slots=True)
class _Waiting:
    message: SendMessage
    due_at: float = 0.0
    is_sent: bool = False
    refusals: int = 0


class ChatOutbox:
    """Texts from their writing to their acknowledgement, over any number of connections.

    Args:
        policy: The limits.
        name: Begins the name of every text; no other client of this person may have the same.
    """

    def __init__(self, policy: ChatPolicy, name: str) -> None:
        self._policy = policy
        self._name = name
        self._count = 0
        self._waiting: dict[str, _Waiting] = {}

    def __contains__(self, client_message_id: str | None) -> bool:
        return client_message_id in self._waiting

    def holds(self, client_message_id: str | None, content: str) -> bool:
        """Whether a text waits under a name and says this."""
        waiting = self._waiting.get(client_message_id or "")
        return waiting is not None and waiting.message.content == content

    @property
    def all_sent(self) -> bool:
        """Whether every text was sent over this connection."""
        return all(each.is_sent for each in self._waiting.values())

    @property
    def texts(self) -> dict[str, str]:
        """What waits, in order, by client_message_id."""
        return {name: each.message.content for name, each in self._waiting.items()}

    def add(self, content: str, client_message_id: str | None) -> TextQueued:
        """Append a text, unless it waits already under that name.

        Raises:
            VoicechatError: `bad_field` if it can't be a message, `busy` if too many wait, `id_taken` if
                another text of that name waits.
        """
        check_capacity(len(self._waiting), self._policy)
        text = checked_text(content)
        name = _valid(_CLIENT_MESSAGE_ID, client_message_id or self._next_name())
        message = SendMessage(content=text, client_message_id=name)
        waiting = self._waiting.setdefault(name, _Waiting(message))
        if waiting.message.content != text:
            raise failures.name_in_use(name)
        return TextQueued(client_message_id=name, content=text)

    def stored(self, client_message_id: str | None, message_id: str, seq: int) -> Acked | None:
        """A message is durable; return what that means for a text, if one waits under its name."""
        if client_message_id is None or self._waiting.pop(client_message_id, None) is None:
            return None
        return Acked(client_message_id=client_message_id, message_id=message_id, seq=seq)

    def refused(self, client_message_id: str, error: ChatError, now: float) -> Postponed | Refused:
        """A text that waits was not stored; it is sent again later if that can help."""
        waiting = self._waiting[client_message_id]
        if error.code in failures.PASSING:
            waiting.refusals += 1
            own_s = own_pause(self._policy.postponed_s, waiting.refusals, self._policy.longest_asked_s)
            in_s = agreed_pause(own_s, error.retry_after_s, self._policy.longest_asked_s)
            waiting.is_sent = False
            waiting.due_at = now + in_s
            return Postponed(client_message_id=client_message_id, in_s=in_s, reason=error.message)
        del self._waiting[client_message_id]
        return Refused.of(client_message_id, waiting.message.content, error)

    def reconnected(self) -> None:
        """Send everything again over a new connection."""
        for waiting in self._waiting.values():
            waiting.is_sent = False
            waiting.due_at = 0.0

    def next_message(self, now: float) -> SendMessage | None:
        """Return the next text to send, or None. Texts never overtake each other."""
        for waiting in self._waiting.values():
            if not waiting.is_sent:
                if waiting.due_at > now:
                    return None
                waiting.is_sent = True
                return waiting.message
        return None

    def _next_name(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"


class OwnTyping:
    """Turns every key that is pressed into as few messages as others need.

    Args:
        repeat_s: How often it is repeated that somebody is still typing.
    """

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._told_at: float | None = None
        self._due: Typing | None = None

    def set(self, now: float, *, is_typing: bool) -> None:
        """Note that the person is typing, or has stopped typing."""
        if is_typing:
            if self._told_at is None or now - self._told_at >= self._repeat_s:
                self._told_at = now
                self._due = Typing(is_typing=True)
        elif self._told_at is not None:
            self._told_at = None
            self._due = Typing(is_typing=False)

    def stopped(self) -> None:
        """What was typed was sent, or the connection is lost: others know that the person has stopped."""
        self._told_at = None
        self._due = None

    def next_message(self) -> Typing | None:
        """Return what is to be sent now, or None."""
        due, self._due = self._due, None
        return due
