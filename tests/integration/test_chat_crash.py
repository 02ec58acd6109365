"""A server that is killed at random moments, twenty times, keeps everything it has acknowledged."""

import asyncio
from contextlib import suppress
from pathlib import Path
from random import Random

from websockets.exceptions import ConnectionClosed

from tests.support.chat_client import ChatConnection, in_chat
from tests.support.chat_server import ChatProcess
from tests.support.server import free_port
from voicechat_common.protocol.chat import MessageAck, SendMessage
from voicechat_common.protocol.chat_http import HistoryMessage
from voicechat_tui.client.http import HttpClient

KILLS = 20
WRITERS = 4
MOST_AT_ONCE = 150
"""What a writer sends in one life of the server, which is killed before all of it is acknowledged."""


class Writer:
    """Somebody who sends numbers, and again those that were not acknowledged.

    Attributes:
        acks: What was acknowledged, by client_message_id.
    """

    def __init__(self, user: str) -> None:
        self.user = user
        self.acks: dict[str, MessageAck] = {}
        self._sent: list[str] = []

    async def write(self, base: str, all_there: asyncio.Barrier, acked: asyncio.Queue[None]) -> None:
        """Write until the server dies, once everybody is connected."""
        since = max((ack.seq for ack in self.acks.values()), default=0)
        async with in_chat(base, "c", self.user, since) as connection, asyncio.TaskGroup() as group:
            await all_there.wait()
            group.create_task(self._send(connection))
            with suppress(ConnectionClosed):
                while True:
                    ack = await connection.expect(MessageAck)
                    assert ack.client_message_id is not None
                    assert ack.client_message_id not in self.acks
                    self.acks[ack.client_message_id] = ack
                    acked.put_nowait(None)

    async def _send(self, connection: ChatConnection) -> None:
        again = [name for name in self._sent if name not in self.acks]
        new = [f"{self.user}-{len(self._sent) + number}" for number in range(MOST_AT_ONCE - len(again))]
        self._sent += new
        with suppress(ConnectionClosed):
            for name in again + new:
                await connection.send(SendMessage(content=name, client_message_id=name))


def check(stored: list[HistoryMessage], writers: list[Writer]) -> None:
    """Every acknowledged message is there, once, at its place, and nobody's words are out of order."""
    assert [message.seq for message in stored] == list(range(1, len(stored) + 1))
    for writer in writers:
        own = [message for message in stored if message.speaker == writer.user]
        assert [message.content for message in own] == [f"{writer.user}-{n}" for n in range(len(own))]
        for name, ack in writer.acks.items():
            message = stored[ack.seq - 1]
            assert (message.id, message.client_message_id) == (ack.message_id, name)


async def history(base: str) -> list[HistoryMessage]:
    async with HttpClient(base) as http:
        return [message async for message in http.history("c")]


async def test_what_was_acknowledged_outlives_twenty_kills(database: Path) -> None:
    random = Random(20)
    port = free_port()
    writers = [Writer(f"writer{number}") for number in range(WRITERS)]
    for _ in range(KILLS):
        with ChatProcess(database, port) as server:
            if any(writer.acks for writer in writers):
                check(await history(server.http), writers)
            all_there, acked = asyncio.Barrier(WRITERS), asyncio.Queue[None]()
            async with asyncio.TaskGroup() as group:
                for writer in writers:
                    group.create_task(writer.write(server.ws, all_there, acked))
                for _ in range(random.randint(1, 150)):
                    await acked.get()
                server.kill()
    with ChatProcess(database, port) as server:
        check(await history(server.http), writers)
    assert sum(len(writer.acks) for writer in writers) > KILLS
