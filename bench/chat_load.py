"""The people of the chat benchmark: many readers, some of whom write, and what each of them received."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_SETTLE_S = 30.0
"""How long after the last message everybody may take to have all of them."""


@dataclass
class Reader:
    """One person.

    Attributes:
        numbers: The messages that came, in order, by their number.
        delays_s: How long each took from its sending.
    """

    numbers: list[int] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """How many people, and how much they say.

    Attributes:
        people: Connections.
        rate: Messages a second, of all together.
        seconds: For how long.
    """

    people: int
    rate: float
    seconds: float

    @property
    def messages(self) -> int:
        """How many messages are sent."""
        return int(self.rate * self.seconds)


async def talk(load: Load, url: Callable[[int], str], warmed_up: Callable[[], None]) -> list[Reader]:
    """Connect everybody, let them talk, and return what each got once all have everything.

    Args:
        load: How much.
        url: Where each person connects.
        warmed_up: Called when everybody is connected, right before the first message.

    Raises:
        TimeoutError: Somebody did not get everything.
    """
    readers = [Reader() for _ in range(load.people)]
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(connect(url(person), compression=None, max_queue=None))
            for person in range(load.people)
        ]
        reading = [
            asyncio.create_task(_read(socket, reader, load.messages))
            for socket, reader in zip(sockets, readers, strict=True)
        ]
        await asyncio.sleep(1)
        warmed_up()
        await _write(sockets, load)
        async with asyncio.timeout(_SETTLE_S):
            await asyncio.gather(*reading)
    return readers


async def _write(sockets: list[ClientConnection], load: Load) -> None:
    began = time.perf_counter()
    for number in range(load.messages):
        await asyncio.sleep(max(0.0, began + number / load.rate - time.perf_counter()))
        content = f"{number} {time.perf_counter()} a message of a usual length, such as people write"
        message = {"type": "message", "content": content, "client_message_id": str(number)}
        await sockets[number % len(sockets)].send(json.dumps(message))


async def _read(socket: ClientConnection, reader: Reader, messages: int) -> None:
    try:
        while len(reader.numbers) < messages:
            frame = json.loads(await socket.recv())
            if frame["type"] in ("message", "new_message"):
                number, sent, _ = frame["content"].split(" ", 2)
                reader.numbers.append(int(number))
                reader.delays_s.append(time.perf_counter() - float(sent))
    except ConnectionClosed as error:
        raise RuntimeError(f"a reader was cut off after {len(reader.numbers)} messages") from error
