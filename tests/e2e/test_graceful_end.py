"""SIGTERM under load: what was spoken is told, what was acknowledged is stored, and the process ends well."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import websockets

from tests.support.chat_client import ChatConnection, in_chat
from tests.support.samples import SENTENCES, packets, pcm, transcripts
from tests.support.server_process import started
from tests.support.speech_client import SpeechClient, connected, receipt, texts
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.chat import ChatError, MessageAck, MessageKind, SendMessage
from voicechat_common.protocol.speech import Partial, Ready, Start
from voicechat_server.chat.storage.store import Store

STREAMS = 20
CHATTERS = 20
PACKET_BYTES = 3200
CHAT = "lobby"


def sentence(number: int) -> str:
    """Which sample a speaker says."""
    return SENTENCES[number % len(SENTENCES)]


async def speak(client: SpeechClient, number: int) -> None:
    """Send a sentence without `stop`, so that its stream is open when the server ends."""
    await client.send(Start(endpointing=False, user=f"speaker-{number}", chat_id=CHAT))
    await client.expect(Ready)
    await client.send(*packets(pcm(sentence(number)), PACKET_BYTES))
    await client.expect(Partial)


async def chatter(chat: ChatConnection, number: int, under_way: asyncio.Event) -> list[str]:
    """Say one thing after another until the server ends; return what was acknowledged."""
    acknowledged = list[str]()
    with suppress(websockets.ConnectionClosed):
        while True:
            name = f"{number}-{len(acknowledged)}"
            await chat.send(SendMessage(content=name, client_message_id=name))
            while not isinstance(message := await chat.receive(), MessageAck):
                if isinstance(message, ChatError):
                    assert message.code == ErrorCode.SHUTTING_DOWN
            acknowledged.append(name)
            under_way.set()
    assert await chat.closed_with() == 1012
    return acknowledged


async def test_twenty_streams_and_twenty_chatters_when_the_server_is_told_to_end(tmp_path: Path) -> None:
    database = str(tmp_path / "chats.db")
    with started("--model", "demo", VOICECHAT_DATABASE=database) as server:
        await asyncio.to_thread(server.wait_until_ready)
        async with AsyncExitStack() as stack:
            speakers = [await stack.enter_async_context(connected(server.ws)) for _ in range(STREAMS)]
            chats = [
                await stack.enter_async_context(in_chat(server.ws, CHAT, f"chatter-{number}"))
                for number in range(CHATTERS)
            ]
            under_way = [asyncio.Event() for _ in chats]
            talking = [
                asyncio.create_task(chatter(chat, number, under_way[number]))
                for number, chat in enumerate(chats)
            ]
            await asyncio.gather(*(speak(client, number) for number, client in enumerate(speakers)))
            await asyncio.gather(*(event.wait() for event in under_way))
            ending = asyncio.create_task(asyncio.to_thread(server.end))
            told = await asyncio.gather(*(client.rest() for client in speakers))
            acknowledged = [name for each in await asyncio.gather(*talking) for name in each]
            log = await ending
    for number, messages in enumerate(told):
        assert texts(messages) == transcripts()[sentence(number)]
        assert receipt(messages).dropped_samples == 0
    assert next(line["connections_cut"] for line in log if line["event"] == "server ends") == 0
    texts_stored, speech_stored = await stored(database)
    assert len(acknowledged) >= CHATTERS
    assert set(acknowledged) <= texts_stored
    assert speech_stored == Counter(transcripts()[sentence(number)] for number in range(STREAMS))


async def stored(database: str) -> tuple[set[str], Counter[str]]:
    """What was written and what was said, as the database has it."""
    async with Store(database) as store:
        chat = await store.chat(CHAT)
        assert chat is not None
        messages = await store.messages(CHAT, since=0, limit=chat.last_seq)
    written = {message.content for message in messages if message.kind is MessageKind.TEXT}
    return written, Counter(message.content for message in messages if message.kind is MessageKind.SPEECH)
