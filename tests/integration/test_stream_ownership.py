"""A stream belongs to whoever opened it: to anybody else its id means nothing."""

from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.support.identity import Giver, bearer
from tests.support.samples import packets, pcm, transcripts
from tests.support.server import demo_settings, serving
from tests.support.speech_client import SpeechClient
from voicechat_common.errors import ErrorCode
from voicechat_common.protocol.speech import Error, Final, Partial, Ready, Start, Stop, StreamOrigin

SAMPLE = "complaint"


@pytest.mark.parametrize("chat_id", [None, "lobby"])
async def test_only_its_owner_resumes_a_stream(tmp_path: Path, chat_id: str | None) -> None:
    giver = Giver(tmp_path / "chats.db", tmp_path / "keys.json")
    settings = demo_settings(auth="token", database=str(giver.database), key_file=giver.key_file)
    with serving(settings) as server:
        anna, bob = bearer(giver.token("anna")), bearer(giver.token("bob"))
        async with connect(f"{server.ws}/ws", additional_headers=anna) as socket:
            client = SpeechClient(socket)
            await client.send(Start(chat_id=chat_id), *packets(pcm(SAMPLE), 3200))
            stream_id = (await client.expect(Ready)).stream_id
            await client.expect(Partial)
            socket.transport.abort()
        again = Start(stream_id=stream_id, chat_id=chat_id)
        async with connect(f"{server.ws}/ws", additional_headers=bob) as socket:
            client = SpeechClient(socket)
            await client.send(again)
            assert (await client.expect(Error)).code == ErrorCode.UNKNOWN_STREAM
        async with connect(f"{server.ws}/ws", additional_headers=anna) as socket:
            client = SpeechClient(socket)
            await client.send(again)
            ready = await client.expect(Ready)
            assert (ready.stream_id, ready.origin) == (stream_id, StreamOrigin.HELD)
            sent = ready.received_samples * 2
            await client.send(*packets(pcm(SAMPLE)[sent:], 3200), Stop())
            assert (await client.expect(Final)).text == transcripts()[SAMPLE]


@pytest.mark.parametrize("names_the_chat", [True, False])
async def test_who_is_removed_from_a_chat_resumes_no_stream_into_it(
    tmp_path: Path, names_the_chat: bool
) -> None:
    giver = Giver(tmp_path / "chats.db", tmp_path / "keys.json")
    settings = demo_settings(auth="token", database=str(giver.database), key_file=giver.key_file)
    anna, bob = bearer(giver.token("anna")), bearer(giver.token("bob"))
    with serving(settings) as server:
        async with httpx.AsyncClient(base_url=server.http, headers=anna) as http:
            created = await http.post("/chat", json={"user_id": "anna", "title": "x", "is_private": True})
            chat_id = created.json()["chat_id"]
            (await http.post(f"/chat/{chat_id}/members/add", json={"user_id": "bob"})).raise_for_status()
            async with connect(f"{server.ws}/ws", additional_headers=bob) as socket:
                client = SpeechClient(socket)
                await client.send(Start(chat_id=chat_id), *packets(pcm(SAMPLE), 3200))
                stream_id = (await client.expect(Ready)).stream_id
                await client.expect(Partial)
                socket.transport.abort()
            (await http.post(f"/chat/{chat_id}/members/remove", json={"user_id": "bob"})).raise_for_status()
        async with connect(f"{server.ws}/ws", additional_headers=bob) as socket:
            client = SpeechClient(socket)
            await client.send(Start(stream_id=stream_id, chat_id=chat_id if names_the_chat else None))
            refusal = await client.receive()
            assert isinstance(refusal, Error)
            assert refusal.code == ErrorCode.NOT_FOUND
