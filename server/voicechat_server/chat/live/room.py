"""The transient state of a chat: who is present, who is typing, what is being spoken."""

from collections import deque
from collections.abc import Callable
from functools import partial

from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_server.chat.live import wire
from voicechat_server.chat.live.hub import Broadcast, Hub, Receiver
from voicechat_server.chat.live.pace import Pace
from voicechat_server.chat.live.people import People
from voicechat_server.chat.live.typists import Typist
from voicechat_server.chat.records import Chat, StoredMessage
from voicechat_server.turns import Turns

PARTIALS_S = 0.2
"""The shortest time between two partials of a message, even if a file is recognised faster than real time."""

PRESENCE_S = 1.0
"""The shortest time between two announcements of who came and went."""

ANNOUNCED_AT_ONCE = 4
"""Presence notices to publish right away; more are published in turns."""


class Speaking:
    """A message that is being spoken.

    Args:
        message: Its first partial.
        publish: Publishes its partials.

    Attributes:
        newest: Its latest partial.
    """

    def __init__(self, message: NewMessage, publish: Callable[[Broadcast], None]) -> None:
        self.newest = message
        self._shown: NewMessage | None = None
        self._publish = publish
        self._pace = Pace(PARTIALS_S, self._show_newest)

    def show(self, message: NewMessage) -> None:
        """Replace its partial with a newer one."""
        self.newest = message
        self._pace.changed()

    def forget(self) -> None:
        """Publish nothing more."""
        self._pace.cancel()

    def _show_newest(self) -> bool:
        if self._shown is self.newest:
            return False
        self._shown = self.newest
        self._publish(wire.partial(self.newest))
        return True


class Room:
    """The live side of one chat; changes are published no faster than people can read them.

    Args:
        chat_id: Which chat.
        hub: Carries what is published.
        turns: Shared by all rooms, for announcements to many.
    """

    def __init__(self, chat_id: str, hub: Hub, turns: Turns) -> None:
        self._chat_id = chat_id
        self._hub = hub
        self._turns = turns
        self._people = People()
        self._presence = Pace(PRESENCE_S, self._announce_presence)
        self._unannounced: deque[tuple[Broadcast, list[Receiver]]] = deque()
        self._typists: dict[str, Typist] = {}
        self._speech: dict[str, Speaking] = {}
        self._streams = 0
        self._has_ended = False

    @property
    def is_empty(self) -> bool:
        """Whether nobody is present and nothing is being spoken."""
        return not self._people and not self._streams

    @property
    def present(self) -> list[str]:
        """Who is present, in order of arrival."""
        return self._people.present

    def passing_state(self) -> list[Broadcast]:
        """Return what a newcomer has missed that is not in the history."""
        spoken = [wire.partial(speaking.newest) for speaking in self._speech.values()]
        typing = [user for user, typist in self._typists.items() if typist.is_typing]
        return spoken + [wire.typing(user, is_typing=True) for user in typing]

    def enter(self, user: str, receiver: Receiver) -> None:
        """Add a connection of somebody, which gets the list of who is present; others are notified."""
        self._people.enter(user, receiver)
        self._presence.changed()

    def leave(self, user: str, receiver: Receiver) -> None:
        """Remove a connection of somebody; with the last one they have left."""
        if self._people.leave(user, receiver):
            self.stop_typing(user)
        self._presence.changed()

    def close(self) -> None:
        """Announce nothing more."""
        self._presence.cancel()
        self._unannounced.clear()
        for typist in self._typists.values():
            typist.forget()
        self._typists.clear()
        self._forget_speech()

    def start_typing(self, user: str) -> None:
        """Note that somebody is typing, which is assumed for a while."""
        typist = self._typists.get(user)
        if typist is None:
            announce, on_rest = partial(self._announce_typing, user), partial(self._forget_typist, user)
            typist = self._typists[user] = Typist(announce, on_rest)
        typist.start()

    def stop_typing(self, user: str) -> None:
        """Note that somebody has stopped typing."""
        typist = self._typists.get(user)
        if typist is not None:
            typist.stop()

    def open_stream(self) -> None:
        """Add a stream of speech."""
        self._streams += 1

    def close_stream(self) -> None:
        """Remove a stream of speech."""
        self._streams -= 1

    def show(self, message: NewMessage) -> None:
        """Publish what is being spoken, replacing earlier partials of the same message."""
        if self._has_ended:
            return
        speaking = self._speech.get(message.message_id)
        if speaking is None:
            speaking = self._speech[message.message_id] = Speaking(message, self._publish)
        speaking.show(message)

    def withdraw(self, message_id: str) -> None:
        """Withdraw a message that was being spoken and will not be stored."""
        speaking = self._speech.pop(message_id, None)
        if speaking is not None:
            speaking.forget()
            self._publish(wire.withdrawal(speaking.newest))

    def add(self, message: StoredMessage) -> None:
        """Publish a message that has been stored."""
        speaking = self._speech.pop(message.message_id, None)
        if speaking is not None:
            speaking.forget()
        if message.kind is MessageKind.TEXT:
            self.stop_typing(message.speaker)
        self._publish(wire.stored(message, revision=0 if speaking is None else speaking.newest.revision + 1))

    def end(self, chat: Chat) -> None:
        """Announce that the chat has ended, upon which clients withdraw what is being spoken."""
        for typist in list(self._typists.values()):
            typist.stop()
        self._forget_speech()
        self._has_ended = True
        self._publish(wire.ended(chat))

    def _forget_speech(self) -> None:
        for speaking in self._speech.values():
            speaking.forget()
        self._speech.clear()

    def _announce_presence(self) -> bool:
        """Announce who came and went: a few notices right away, more of them in turns."""
        is_announcing = bool(self._unannounced)
        news = self._people.take_news()
        self._unannounced += news
        if not is_announcing:
            for _ in range(min(ANNOUNCED_AT_ONCE, len(news))):
                self._announce_next()
            if self._unannounced:
                self._turns.enter(self._announce_next)
        return bool(news)

    def _announce_next(self) -> bool:
        if self._unannounced:
            notice, receivers = self._unannounced.popleft()
            self._hub.publish(self._chat_id, notice, receivers)
        return bool(self._unannounced)

    def _announce_typing(self, user: str, types: bool) -> None:
        self._publish(wire.typing(user, is_typing=types))

    def _forget_typist(self, user: str) -> None:
        self._typists.pop(user).forget()

    def _publish(self, broadcast: Broadcast) -> None:
        self._hub.publish(self._chat_id, broadcast)
