"""Honest people, who speak and write while others attack."""

import asyncio
from dataclasses import dataclass

from bench.attack.chatter import WRITES_EVERY_S, Chatter, Room
from bench.attack.noticed import PATIENCE_S, Noticed
from bench.attack.speaker import RECORDINGS, Speaker, recognise

PEOPLE_OF_A_ROOM = 5


@dataclass(frozen=True)
class Crowd:
    """How many honest people there are."""

    speakers: int = 8
    chatters: int = 20


async def undisturbed(address: str) -> dict[str, str]:
    """Return the text of each recording when nobody disturbs."""
    texts = (recognise(address, name, Noticed(), lambda: None) for name in RECORDINGS)
    return dict(zip(RECORDINGS, await asyncio.gather(*texts), strict=True))


class Honest:
    """All honest people, from `begin` to `finish`.

    Args:
        address: `host:port` of the server.
        crowd: How many they are.
        run: A name that no other run on this server has, for their chats.
        wanted: The undisturbed text of each recording.

    Attributes:
        noticed: What they noticed so far.
    """

    def __init__(self, address: str, crowd: Crowd, run: str, wanted: dict[str, str]) -> None:
        self.noticed = Noticed()
        names = [RECORDINGS[number % len(RECORDINGS)] for number in range(crowd.speakers)]
        self._speakers = [Speaker(address, name, wanted[name], self.noticed) for name in names]
        self._rooms: list[tuple[Room, list[Chatter]]] = []
        for first in range(0, crowd.chatters, PEOPLE_OF_A_ROOM):
            room = Room(address, f"honest-{run}-{first}")
            numbers = range(first, min(first + PEOPLE_OF_A_ROOM, crowd.chatters))
            self._rooms.append((room, [Chatter(room, f"person-{n}", self.noticed) for n in numbers]))
        self._finish = asyncio.Event()
        self._working: list[asyncio.Task[None]] = []
        self._reading: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Let everybody join; return once all are speaking or have written."""
        chatters = self._chatters
        self._reading = [asyncio.create_task(person.read()) for person in chatters]
        for number, person in enumerate(chatters):
            delay_s = WRITES_EVERY_S * number / len(chatters)
            self._working.append(asyncio.create_task(person.write(self._finish, delay_s)))
        self._working += [asyncio.create_task(person.speak(self._finish)) for person in self._speakers]
        async with asyncio.timeout(PATIENCE_S):
            for chatter in chatters:
                await chatter.is_under_way.wait()
            for speaker in self._speakers:
                await speaker.is_under_way.wait()

    async def finish(self) -> Noticed:
        """Let everybody finish, and compare; return what they noticed."""
        self._finish.set()
        await asyncio.gather(*self._working)
        await asyncio.gather(*(person.catch_up() for person in self._chatters))
        for reading in self._reading:
            reading.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        for room, people in self._rooms:
            self.noticed.wrong += await room.mistakes(people)
        return self.noticed

    @property
    def _chatters(self) -> list[Chatter]:
        return [person for _, people in self._rooms for person in people]
