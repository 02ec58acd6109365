"""What is true of a chat only now: who is there, who types, what is being spoken."""

from collections import deque
from collections.abc import Callable
from functools import partial

from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_server.chat.live import wire
from voicechat_server.chat.live.hub import Broadcast, Hub, Receiver
from voicechat_server.chat.live.pace import Pace
from voicechat_server.chat.live.people import People
from voicechat_server.chat.live.typists import Typist
from voicechat_server.chat.records import Chat, Message
from voicechat_server.turns import Turns

PARTIALS_S = 0.2
"""What is being spoken is shown at most so often, also of a file that is sent and recognised at once."""

PRESENCE_S = 1.0
"""Who has come and gone is told at most so often, all of it together."""

TOLD_AT_ONCE = 4


class Speaking:
    """A message that is being spoken.

    Args:
        message: What is known of it first.
        publish: Shows what is known of it.

    Attributes:
        newest: What is known of it now.
    """

    def __init__(self, message: NewMessage, publish: Callable[[Broadcast], None]) -> None:
        self.newest = message
        self._shown: NewMessage | None = None
        self._publish = publish
        self._pace = Pace(PARTIALS_S, self._show_newest)

    def show(self, message: NewMessage) -> None:
        """Show more of it, in place of what was shown before."""
        self.newest = message
        self._pace.changed()

    def forget(self) -> None:
        """Show nothing more."""
        self._pace.cancel()

    def _show_newest(self) -> bool:
        if self._shown is self.newest:
            return False
        self._shown = self.newest
        self._publish(wire.partial(self.newest))
        return True


class Room:
    """The live side of one chat; every change is published, as often as people can read it.

    Args:
        chat_id: Which chat.
        hub: Carries what is published.
        turns: Shared by all rooms, for what many have to be told.
    """

    def __init__(self, chat_id: str, hub: Hub, turns: Turns) -> None:
        self._chat_id = chat_id
        self._hub = hub
        self._turns = turns
        self._people = People()
        self._presence = Pace(PRESENCE_S, self._take_presence)
        self._untold: deque[tuple[Broadcast, list[Receiver]]] = deque()
        self._typists: dict[str, Typist] = {}
        self._speech: dict[str, Speaking] = {}
        self._streams = 0
        self._has_ended = False

    @property
    def is_empty(self) -> bool:
        """Whether nobody is there or speaks."""
        return not self._people and not self._streams

    @property
    def present(self) -> list[str]:
        """Who is there, in the order of their coming."""
        return self._people.present

    def passing_state(self) -> list[Broadcast]:
        """Return what somebody who comes now has missed and the history does not tell."""
        spoken = [wire.partial(speaking.newest) for speaking in self._speech.values()]
        typing = [user for user, typist in self._typists.items() if typist.types]
        return spoken + [wire.typing(user, is_typing=True) for user in typing]

    def enter(self, user: str, receiver: Receiver) -> None:
        """Count a connection of somebody, which is told by its list who is there; others hear of it."""
        self._people.enter(user, receiver)
        self._presence.changed()

    def leave(self, user: str, receiver: Receiver) -> None:
        """Count a connection of somebody no more; the last one is their going."""
        if self._people.leave(user, receiver):
            self.stop_typing(user)
        self._presence.changed()

    def close(self) -> None:
        """Tell nothing more."""
        self._presence.cancel()
        self._untold.clear()
        for typist in self._typists.values():
            typist.forget()
        self._typists.clear()
        self._forget_speech()

    def start_typing(self, user: str) -> None:
        """Note that somebody types, which holds for a while."""
        typist = self._typists.get(user)
        if typist is None:
            tell, on_rest = partial(self._tell_typing, user), partial(self._forget_typist, user)
            typist = self._typists[user] = Typist(tell, on_rest)
        typist.start()

    def stop_typing(self, user: str) -> None:
        """Note that somebody has stopped to type."""
        typist = self._typists.get(user)
        if typist is not None:
            typist.stop()

    def open_stream(self) -> None:
        """Count a stream of speech."""
        self._streams += 1

    def close_stream(self) -> None:
        """Count a stream of speech no more."""
        self._streams -= 1

    def show(self, message: NewMessage) -> None:
        """Show what is being spoken, in place of what was shown of the same message before."""
        if self._has_ended:
            return
        speaking = self._speech.get(message.message_id)
        if speaking is None:
            speaking = self._speech[message.message_id] = Speaking(message, self._publish)
        speaking.show(message)

    def withdraw(self, message_id: str) -> None:
        """Take back a message that was being spoken and will not be stored."""
        speaking = self._speech.pop(message_id, None)
        if speaking is not None:
            speaking.forget()
            self._publish(wire.withdrawal(speaking.newest))

    def add(self, message: Message) -> None:
        """Tell of a message that has been stored."""
        speaking = self._speech.pop(message.message_id, None)
        if speaking is not None:
            speaking.forget()
        if message.kind is MessageKind.TEXT:
            self.stop_typing(message.speaker)
        self._publish(wire.stored(message, revision=0 if speaking is None else speaking.newest.revision + 1))

    def end(self, chat: Chat) -> None:
        """Tell that the chat has ended; who hears it withdraws what is being spoken."""
        for typist in list(self._typists.values()):
            typist.stop()
        self._forget_speech()
        self._has_ended = True
        self._publish(wire.ended(chat))

    def _forget_speech(self) -> None:
        for speaking in self._speech.values():
            speaking.forget()
        self._speech.clear()

    def _take_presence(self) -> bool:
        """Tell who has come and gone: a few at once, and many, each of whom hears of each, in turns."""
        is_telling = bool(self._untold)
        news = self._people.take_news()
        self._untold += news
        if not is_telling:
            for _ in range(min(TOLD_AT_ONCE, len(news))):
                self._tell_presence()
            if self._untold:
                self._turns.enter(self._tell_presence)
        return bool(news)

    def _tell_presence(self) -> bool:
        if self._untold:
            notice, receivers = self._untold.popleft()
            self._hub.publish(self._chat_id, notice, receivers)
        return bool(self._untold)

    def _tell_typing(self, user: str, types: bool) -> None:
        self._publish(wire.typing(user, is_typing=types))

    def _forget_typist(self, user: str) -> None:
        self._typists.pop(user).forget()

    def _publish(self, broadcast: Broadcast) -> None:
        self._hub.publish(self._chat_id, broadcast)
