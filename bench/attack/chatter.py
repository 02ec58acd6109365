"""Honest people who write now and then, and read what others write."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.attack.noticed import LOST, PATIENCE_S, PAUSE_S, Noticed

WRITES_EVERY_S = 2.0
_PAGE = 1000


@dataclass(frozen=True)
class Room:
    """A chat.

    Attributes:
        address: `host:port` of the server.
        chat: Its id.
        said: What was acknowledged, by its `seq`.
    """

    address: str
    chat: str
    said: dict[int, str] = field(default_factory=dict)

    async def mistakes(self, people: Sequence["Chatter"]) -> list[str]:
        """Compare what is stored, and what everybody received, with what was said; return what is wrong."""
        stored = await self._stored()
        wrong = []
        if stored != sorted(self.said.items()):
            wrong.append(f"{self.chat}: {len(self.said)} were said, {len(stored)} stored, or others")
        wrong += [
            f"{person.name}: received {len(person.told)} of {len(stored)} messages, or others"
            for person in people
            if person.told != stored
        ]
        return wrong

    async def _stored(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        async with httpx.AsyncClient(base_url=f"http://{self.address}", timeout=PATIENCE_S) as http:
            while True:
                since = found[-1][0] if found else 0
                page = await http.get(f"/chat/{self.chat}", params={"since": since, "limit": _PAGE})
                messages = page.raise_for_status().json()["messages"]
                found += [(message["seq"], message["content"]) for message in messages]
                if len(messages) < _PAGE:
                    return found


class Chatter:
    """Somebody in a room.

    Args:
        room: Where.
        name: Who.
        noticed: Records what they notice.

    Attributes:
        name: Who.
        told: The messages received, in order, with their `seq`.
        is_under_way: Set when the first message was acknowledged, or the first connection failed.
    """

    def __init__(self, room: Room, name: str, noticed: Noticed) -> None:
        self.name = name
        self.told: list[tuple[int, str]] = []
        self.is_under_way = asyncio.Event()
        self._room = room
        self._noticed = noticed
        self._socket: ClientConnection | None = None
        self._waiting: dict[str, float] = {}
        self._news = asyncio.Event()

    async def write(self, finish: asyncio.Event, delay_s: float) -> None:
        """Write until `finish` is set, then wait until everything is acknowledged.

        Args:
            finish: Ends it.
            delay_s: Before the first message.
        """
        await asyncio.sleep(delay_s)
        number = 0
        while not finish.is_set():
            content = f"{self.name}-{number}"
            number += 1
            self._waiting[content] = time.monotonic()
            if self._socket is not None:
                await self._send(self._socket, content)
            try:
                await asyncio.wait_for(finish.wait(), WRITES_EVERY_S)
            except TimeoutError:
                continue
        await self._until(lambda: not self._waiting, "messages were not acknowledged")

    async def catch_up(self) -> None:
        """Wait until everything that was acknowledged to anybody in the room has arrived."""
        await self._until(lambda: self._place >= max(self._room.said, default=0), "messages did not come")

    async def read(self) -> None:
        """Stay connected, and receive messages, until cancelled."""
        while True:
            url = f"ws://{self._room.address}/chatting?id={self._room.chat}&user={self.name}"
            try:
                async with connect(
                    f"{url}&since={self._place}",
                    open_timeout=PATIENCE_S,
                    ping_interval=None,
                    compression=None,
                ) as socket:
                    self._socket = socket
                    for content in list(self._waiting):
                        await self._send(socket, content)
                    while True:
                        self._take(json.loads(await socket.recv()))
            except LOST as error:
                self._socket = None
                self._noticed.cuts.append(f"a chatter: {error!r}")
                self.is_under_way.set()
                await asyncio.sleep(PAUSE_S)

    @property
    def _place(self) -> int:
        return self.told[-1][0] if self.told else 0

    async def _send(self, socket: ClientConnection, content: str) -> None:
        message = {"type": "message", "content": content, "client_message_id": content}
        try:
            await socket.send(json.dumps(message))
        except LOST:
            # The reading side notices too, and reconnects; then it is sent again.
            return

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "new_message" | "message_history" if message["seq"] is not None:
                self.told.append((message["seq"], message["content"]))
            case "message_ack":
                content = message["client_message_id"]
                self._room.said[message["seq"]] = content
                began = self._waiting.pop(content, None)
                if began is not None:
                    now = time.monotonic()
                    self._noticed.acks.append((now, now - began))
                self.is_under_way.set()
            case "error":
                self._noticed.wrong.append(f"{self.name}: {message['code']}")
        self._news.set()

    async def _until(self, condition: Callable[[], bool], complaint: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            self._noticed.wrong.append(f"{self.name}: {complaint} within {PATIENCE_S:g} s")
