"""A reader that stops reading is cut off at its bound, hurts only itself, and gets all when it comes back."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import websockets

from tests.support.chat_client import ChatConnection, chat_path, in_chat
from tests.support.chat_server import chat_serving
from tests.support.server import LiveServer
from voicechat_common.protocol.chat import (
    ChatError,
    ConnectionEstablished,
    MessageAck,
    MessageHistory,
    NewMessage,
    Presence,
    SendMessage,
    chat_server_decoder,
)

BOUND = 32
LONG = "字" * 4000
"""Of many bytes, so that what the network itself holds is soon full."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    place: Path = tmp_path_factory.mktemp("chats") / "chats.db"
    with chat_serving(place, max_waiting_messages=BOUND) as running:
        yield running


async def write(alice: ChatConnection) -> int:
    """Say something long until somebody is cut off, each time after the last ack; return how often."""
    count, is_cut_off = 0, False
    while not is_cut_off:
        await alice.send(SendMessage(content=f"{count} {LONG}"[:4000], client_message_id=str(count)))
        while not isinstance(message := await alice.receive(), MessageAck):
            is_cut_off = is_cut_off or (isinstance(message, Presence) and not message.is_present)
        count += 1
        assert count < 3000, "the bound is never reached"
    return count


async def read_until_end(carol: ChatConnection) -> list[int]:
    """Read everything up to a message that says "end"; return the numbers."""
    found = list[int]()
    while True:
        message = await carol.expect(NewMessage)
        found.append(message.seq or 0)
        if message.content == "end":
            return found


async def test_a_reader_that_stops_is_cut_off_alone_and_comes_back(server: LiveServer, chat_id: str) -> None:
    async with (
        in_chat(server.ws, chat_id, "alice") as alice,
        in_chat(server.ws, chat_id, "carol") as carol,
        websockets.connect(
            f"{server.ws}{chat_path(chat_id, 'bob')}",
            max_queue=1,
            max_size=None,
            ping_timeout=None,
            compression=None,
        ) as bob,
    ):
        assert isinstance(chat_server_decoder.decode(await bob.recv()), ConnectionEstablished)

        reading = asyncio.create_task(read_until_end(carol))
        count = await write(alice)
        await alice.send(SendMessage(content="end"))
        # All this comes to the others while nobody reads what waits for bob.
        assert await reading == list(range(1, count + 2)), "the others got everything, in order"

        got = list[int]()
        error: ChatError | None = None
        with suppress(websockets.ConnectionClosed):
            while True:
                message = chat_server_decoder.decode(await bob.recv())
                if isinstance(message, NewMessage) and message.seq is not None:
                    got.append(message.seq)
                elif isinstance(message, ChatError):
                    error = message
        assert bob.close_code == 1013
        assert error is not None
        assert (error.code, error.fatal) == ("slow_reader", True)
        assert got == list(range(1, len(got) + 1)), "no gaps in what came"
        assert len(got) < count

        async with in_chat(server.ws, chat_id, "bob", since=got[-1]) as again:
            assert again.established.seq == count + 1
            rest = [(await again.expect(MessageHistory)).seq for _ in range(count + 1 - len(got))]
        assert got + rest == list(range(1, count + 2))
