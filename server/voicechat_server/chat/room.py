"""What is true of a chat only now: who is there, who types, what is being spoken."""

import asyncio
from collections import Counter

from voicechat_common.protocol.chat import MessageKind, NewMessage
from voicechat_server.chat import wire
from voicechat_server.chat.hub import Broadcast, Hub
from voicechat_server.chat.records import Chat, Message

TYPING_S = 6.0
"""Somebody who types says so every few seconds; without a word for so long they have stopped."""


class Room:
    """The live side of one chat; every change is published.

    Args:
        chat_id: Which chat.
        hub: Carries what is published.
    """

    def __init__(self, chat_id: str, hub: Hub) -> None:
        self._chat_id = chat_id
        self._hub = hub
        self._connections: Counter[str] = Counter()
        self._typing: dict[str, asyncio.TimerHandle] = {}
        self._speech: dict[str, NewMessage] = {}
        self._streams = 0
        self._has_ended = False

    @property
    def is_empty(self) -> bool:
        """Whether nobody is there or speaks."""
        return not self._connections and not self._streams

    @property
    def present(self) -> list[str]:
        """Who is there, in the order of their coming."""
        return list(self._connections)

    def passing_state(self) -> list[Broadcast]:
        """Return what somebody who comes now has missed and the history does not tell."""
        spoken = [wire.partial(message) for message in self._speech.values()]
        return spoken + [wire.typing(user, is_typing=True) for user in self._typing]

    def enter(self, user: str) -> None:
        """Count a connection of somebody; the first one is their coming."""
        self._connections[user] += 1
        if self._connections[user] == 1:
            self._publish(wire.presence(user, is_present=True, count=len(self._connections)))

    def leave(self, user: str) -> None:
        """Count a connection of somebody no more; the last one is their going."""
        self._connections[user] -= 1
        if self._connections[user] == 0:
            del self._connections[user]
            self.stop_typing(user)
            self._publish(wire.presence(user, is_present=False, count=len(self._connections)))

    def start_typing(self, user: str) -> None:
        """Note that somebody types, which holds for a while."""
        timer = self._typing.get(user)
        if timer is None:
            self._publish(wire.typing(user, is_typing=True))
        else:
            timer.cancel()
        self._typing[user] = asyncio.get_running_loop().call_later(TYPING_S, self.stop_typing, user)

    def stop_typing(self, user: str) -> None:
        """Note that somebody has stopped to type."""
        timer = self._typing.pop(user, None)
        if timer is not None:
            timer.cancel()
            self._publish(wire.typing(user, is_typing=False))

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
        self._speech[message.message_id] = message
        self._publish(wire.partial(message))

    def withdraw(self, message_id: str) -> None:
        """Take back a message that was being spoken and will not be stored."""
        message = self._speech.pop(message_id, None)
        if message is not None:
            self._publish(wire.withdrawal(message))

    def add(self, message: Message) -> None:
        """Tell of a message that has been stored."""
        partial = self._speech.pop(message.message_id, None)
        if message.kind is MessageKind.TEXT:
            self.stop_typing(message.speaker)
        self._publish(wire.stored(message, revision=0 if partial is None else partial.revision + 1))

    def end(self, chat: Chat) -> None:
        """Tell that the chat has ended; who hears it withdraws what is being spoken."""
        for user in list(self._typing):
            self.stop_typing(user)
        self._speech.clear()
        self._has_ended = True
        self._publish(wire.ended(chat))

    def _publish(self, broadcast: Broadcast) -> None:
        self._hub.publish(self._chat_id, broadcast)
