"""One chat as the client sees it, without I/O and without a clock.

The application says what it wants to; the owner of the socket reports what happens to the connection, hands
in the text frames it receives, and takes out what is to be sent. Whatever the connection goes through, the
application gets every stored message once and in order, and every text it sends is stored once.
"""

from random import Random

from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import (
    ChatEnded,
    ChatError,
    ChatQuery,
    ChatServerMessage,
    ConnectionEstablished,
    EndChat,
    MessageAck,
    MessageHistory,
    MessageKind,
    NewMessage,
    Presence,
    TypingNotice,
    chat_server_decoder,
)
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Pong
from voicechat_tui.client.chat import failures
from voicechat_tui.client.chat.events import (
    CaughtUp,
    ChatEvent,
    Connected,
    HistoryRestarted,
    MessageStored,
    NetworkDelay,
    Resumed,
)
from voicechat_tui.client.chat.inbox import GapError, Inbox
from voicechat_tui.client.chat.outbox import ChatOutbox, OwnTyping
from voicechat_tui.client.chat.people import People
from voicechat_tui.client.chat.policy import ChatPolicy
from voicechat_tui.client.connection import failures as connection_failures
from voicechat_tui.client.connection.core import ConnectionCore
from voicechat_tui.client.connection.state import LinkState


class ChatCore(ConnectionCore[ChatServerMessage, ChatEvent]):
    """The state of one person's place in one chat.

    Args:
        query: Which chat, who, and what the application has already.
        policy: The limits.
        random: Where the jitter of delays comes from.
        name: Begins the name of every text; no other client of this person may have the same.

    Attributes:
        user: Who; None for a guest the server has not named yet.
    """

    def __init__(self, query: ChatQuery, policy: ChatPolicy, random: Random, name: str) -> None:
        super().__init__(policy, random, chat_server_decoder)
        self.user = query.user
        self._chat_id = query.id
        self._inbox = Inbox(query.since)
        self._outbox = ChatOutbox(policy, name)
        self._people = People()
        self._typing = OwnTyping(policy.typing_s)
        self._end_wanted = False
        self._end_sent = False

    # What the application does and asks

    @property
    def query(self) -> ChatQuery:
        """What to connect with: who, and what was received so far."""
        return ChatQuery(id=self._chat_id, user=self.user, since=self._inbox.seq)

    @property
    def unsent(self) -> dict[str, str]:
        """The texts that are not known to be durable, in order, by client_message_id."""
        return self._outbox.texts

    def send(self, content: str, client_message_id: str | None = None) -> str:
        """Take a text; return its client_message_id.

        Raises:
            VoicechatError: `bad_field` if it can't be a message, `busy` if too many wait, `id_taken` if
                another text of that name waits.
        """
        queued = self._outbox.add(content, client_message_id)
        self._typing.stopped()
        self._events.append(queued)
        return queued.client_message_id

    def set_typing(self, now: float, *, is_typing: bool) -> None:
        """Note that the person is typing or has stopped; may be called with every key."""
        if self.state is LinkState.OPEN:
            self._typing.set(now, is_typing=is_typing)

    def end_chat(self) -> None:
        """End the chat for everybody, after the texts so far."""
        self._end_wanted = True

    # What happens to the connection

    def connected(self, now: float) -> None:
        """The socket is open."""
        super().connected(now)
        self._outbox.reconnected()
        self._typing.stopped()
        self._end_sent = False

    def _next_message(self) -> str | None:
        message = self._outbox.next_message(self._now) or self._typing.next_message() or self._end_message()
        return None if message is None else encode(message)

    def _handle(self, message: ChatServerMessage) -> None:
        try:
            self._dispatch(message)
        except GapError as missing:
            self._verdict = failures.gap(missing.expected, missing.got)

    def _dispatch(self, message: ChatServerMessage) -> None:
        match message:
            case ConnectionEstablished():
                self._on_established(message)
            case MessageHistory() | NewMessage():
                self._on_message(message)
            case MessageAck():
                self._on_ack(message)
            case Presence():
                self._events.extend(self._people.presence(message))
            case TypingNotice():
                self._events.extend(self._people.typing(message))
            case ChatEnded():
                self._end_wanted = False
                self._events.extend([*self._inbox.end(), message])
            case ChatError():
                self._on_error(message)
            case Pong():
                if (delay_ms := self._pulse.delay_ms(message, self._now)) is not None:
                    self._events.append(NetworkDelay(ms=delay_ms))

    def _on_established(self, message: ConnectionEstablished) -> None:
        if not self._accepts(message.type, message.protocol):
            return
        resumes = self._open()
        self.user = message.user
        self._people.opened(message.participants)
        if resumes:
            self._events.append(Resumed(established=message, missed=message.seq - self._inbox.seq))
        else:
            self._events.append(Connected(established=message))
        self._tell(self._inbox.opened(message.seq))

    def _on_message(self, message: NewMessage | MessageHistory) -> None:
        if isinstance(message, NewMessage) and message.kind is MessageKind.TEXT:
            self._events.extend(self._people.stopped(message.speaker))
        events = self._inbox.take(message)
        self._tell(events)
        # A stored message is durable, so the own text it is needs no other acknowledgement. One that says
        # something else has only the name in common with it, which the server will refuse.
        if (
            any(isinstance(event, MessageStored) for event in events)
            and message.speaker == self.user
            and self._outbox.holds(message.client_message_id, message.content)
        ):
            self._settle(message.client_message_id, message.message_id, self._inbox.seq)

    def _tell(self, events: list[ChatEvent]) -> None:
        self._events.extend(events)
        if any(isinstance(event, CaughtUp) for event in events):
            self._pulse.ask(self._now)

    def _on_ack(self, ack: MessageAck) -> None:
        self._settle(ack.client_message_id, ack.message_id, ack.seq)
        self._inbox.expect(ack.seq)

    def _settle(self, client_message_id: str | None, message_id: str, seq: int) -> None:
        acked = self._outbox.stored(client_message_id, message_id, seq)
        if acked is not None:
            self._backoff.recovered()
            self._events.append(acked)

    def _on_error(self, message: ChatError) -> None:
        name = message.client_message_id
        if message.fatal:
            self._on_fatal(message)
        elif name is not None and name in self._outbox:
            self._events.append(self._outbox.refused(name, message, self._now))
        else:
            if message.code == ErrorCode.NOT_OWNER:
                self._end_wanted = False
            self._events.append(message)

    def _on_fatal(self, message: ChatError) -> None:
        # The rest of the address was good before, so it is `since` that the server can't use any more.
        if message.code == ErrorCode.BAD_FIELD and self._backoff.established and self._inbox.seq:
            self._inbox.restart()
            self._events.append(HistoryRestarted())
            self._verdict = failures.other_history()
        else:
            self._verdict = connection_failures.told_by_server(message)

    def _end_message(self) -> EndChat | None:
        if not self._end_wanted or self._end_sent or not self._outbox.all_sent:
            return None
        self._end_sent = True
        return EndChat()
