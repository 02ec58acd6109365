"""Speech in chats, with the real recogniser: it appears while it is spoken, and is stored once."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from tests.support.chat_client import ChatConnection, in_chat
from tests.support.locked_file import locked
from tests.support.samples import packets, pcm, silence
from tests.support.server import LiveServer, demo_settings, no_streams, serving
from tests.support.speech_client import SpeechClient, connected, recognise, texts
from voicechat_common.protocol.chat import (
    ChatEnded,
    ChatError,
    EndChat,
    MessageAck,
    MessageHistory,
    MessageKind,
    NewMessage,
    SendMessage,
)
from voicechat_common.protocol.speech import (
    Done,
    Error,
    Final,
    Partial,
    Ping,
    Pong,
    Ready,
    ServerMessage,
    Start,
    Stop,
    StreamOrigin,
)
from voicechat_server.chat.live import finals
from voicechat_server.chat.storage import database as chat_database

PACKET = 3200


async def speak(server: LiveServer, chat_id: str, user: str, name: str) -> list[Final]:
    """Speak a sample into a chat; return what the speaker was told at last."""
    start = Start(chat_id=chat_id, user=user)
    messages = await recognise(server.ws, start, *packets(pcm(name), PACKET))
    return [message for message in messages if isinstance(message, Final) and message.text]


async def heard_until(connection: ChatConnection, stored: int) -> list[NewMessage]:
    """Every message that comes until so many are stored."""
    found: list[NewMessage] = []
    while sum(message.seq is not None for message in found) < stored:
        found.append(await connection.expect(NewMessage))
    return found


async def stored_in(server: LiveServer, chat_id: str) -> list[dict[str, object]]:
    async with httpx.AsyncClient(base_url=server.http) as http:
        chat = (await http.get(f"/chat/{chat_id}")).raise_for_status().json()
        messages: list[dict[str, object]] = chat["messages"]
        return messages


async def test_speech_appears_while_it_is_spoken_and_is_stored_once(
    live_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(live_server.ws, chat_id, "bob") as bob:
        finals = await speak(live_server, chat_id, "alice", "meeting")
        heard = await heard_until(bob, len(finals))
    assert len(finals) == 1
    *partials, last = heard
    assert partials, "it appeared while it was spoken"
    assert len({message.message_id for message in heard}) == 1
    revisions = [message.revision for message in heard]
    assert revisions == sorted(set(revisions))
    assert all(message.is_partial and message.seq is None for message in partials)
    assert (last.is_partial, last.seq, last.kind, last.speaker) == (False, 1, MessageKind.SPEECH, "alice")
    assert (last.content, last.start_ms, last.end_ms) == (
        finals[0].text,
        finals[0].start_ms,
        finals[0].end_ms,
    )
    (message,) = await stored_in(live_server, chat_id)
    assert (message["id"], message["content"]) == (last.message_id, finals[0].text)
    assert (message["start_ms"], message["end_ms"]) == (finals[0].start_ms, finals[0].end_ms)


async def test_two_speak_at_once_while_a_third_types(live_server: LiveServer, chat_id: str) -> None:
    alone = {
        name: texts(await recognise(live_server.ws, pcm(sample)))
        for name, sample in (("alice", "meeting"), ("bob", "network"))
    }
    async with in_chat(live_server.ws, chat_id, "carol") as carol:
        # What is stored before her history is read would be told as a part of it.
        await carol.send(Ping(id=1))
        await carol.expect(Pong)
        await asyncio.gather(
            speak(live_server, chat_id, "alice", "meeting"),
            speak(live_server, chat_id, "bob", "network"),
            carol.send(SendMessage(content="I type meanwhile")),
        )
        heard = await heard_until(carol, 3)
    stored = {message.speaker: message for message in heard if message.seq is not None}
    assert {name: message.content for name, message in stored.items()} == alone | {
        "carol": "I type meanwhile"
    }
    assert sorted(message.seq or 0 for message in stored.values()) == [1, 2, 3]
    for message in heard:
        if message.is_partial:
            assert message.message_id == stored[message.speaker].message_id, (
                "nobody's words mix with another's"
            )
    assert {message.message_id for message in heard} == {each.message_id for each in stored.values()}
    assert [message["id"] for message in await stored_in(live_server, chat_id)] == [
        message.message_id for message in heard if message.seq is not None
    ]


async def test_who_comes_in_the_middle_of_speech_sees_it(live_server: LiveServer, chat_id: str) -> None:
    async with connected(live_server.ws) as alice:
        await alice.send(Start(chat_id=chat_id, user="alice"), pcm("meeting"))
        partial = await alice.expect(Partial)
        async with in_chat(live_server.ws, chat_id, "bob") as bob:
            seen = await bob.expect(NewMessage)
            assert seen.speaker == "alice"
            assert seen.content.startswith(partial.text[:1])
            await alice.send(Stop())
            final = await alice.expect(Final)
            assert await bob.texts(1) == [final.text]


async def test_a_speaker_whose_connection_dies_is_stored_once_with_times(chat_id: str) -> None:
    with serving(demo_settings(resume_grace_s=0.2)) as server:
        whole = texts(await recognise(server.ws, pcm("meeting")))
        async with in_chat(server.ws, chat_id, "bob") as bob:
            async with connected(server.ws) as alice:
                await alice.send(Start(chat_id=chat_id, user="alice"), *packets(pcm("meeting"), PACKET))
                await alice.expect(Partial)
                alice.socket.transport.abort()
            heard = await heard_until(bob, 1)
            await no_streams(server)
        last = heard[-1]
        assert last.content
        assert whole.startswith(last.content[:2])
        (message,) = await stored_in(server, chat_id)
        assert message["id"] == last.message_id
        start_ms, end_ms = message["start_ms"], message["end_ms"]
        assert isinstance(start_ms, int)
        assert isinstance(end_ms, int)
        assert 0 <= start_ms < end_ms
        async with httpx.AsyncClient(base_url=server.http) as http:
            srt = (await http.get(f"/chat/{chat_id}/export?format=srt")).text
        number, times, text = srt.strip().split("\n")
        assert (number, text) == ("1", f"alice: {last.content}")
        assert re.fullmatch(r"\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}", times)


async def test_a_final_waits_for_a_database_that_fails(
    database: Path, chat_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_database, "LOCK_TIMEOUT_S", 0.05)
    monkeypatch.setattr(finals, "RETRY_S", 0.05)
    with serving(demo_settings(database=str(database))) as server:
        async with in_chat(server.ws, chat_id, "bob") as bob, connected(server.ws) as alice:
            await alice.send(Start(chat_id=chat_id, user="alice"))
            await alice.expect(Ready)
            with locked(database):
                await alice.send(pcm("network"), Stop())
                await bob.send(SendMessage(content="typed", client_message_id="m"))
                assert (await bob.expect(ChatError)).code == "storage"
                waiting = await told_at_once(alice)
                assert not any(isinstance(message, Final | Done) for message in waiting)
            (final,) = [message for message in await alice.rest() if isinstance(message, Final)]
            assert await bob.texts(1) == [final.text]
        (message,) = await stored_in(server, chat_id)
        assert (message["content"], message["seq"]) == (final.text, final.seq)


async def test_a_stream_goes_on_at_a_server_that_never_had_it(database: Path, chat_id: str) -> None:
    """What is stored is told again if it is lacking, the rest is recognised as if nothing had happened."""
    speech = pcm("meeting") + silence(1.2) + pcm("network") + silence(1.2) + pcm("complaint")
    settings = demo_settings(database=str(database))
    with serving(settings) as server:
        start = Start(chat_id=chat_id, user="alice")
        undisturbed = await recognise(server.ws, start.model_copy(update={"chat_id": "other"}), speech)
        async with connected(server.ws) as alice:
            await alice.send(start, speech[: len(speech) // 4 * 2], Ping())
            ready = await alice.expect(Ready)
            first = await alice.expect(Final)
            assert first.seq == 1
    with serving(settings) as server:
        resume = start.model_copy(update={"stream_id": ready.stream_id})
        async with connected(server.ws) as alice:
            await alice.send(resume)
            restored = await alice.expect(Ready)
            assert (restored.origin, restored.stream_id) == (StreamOrigin.RESTORED, ready.stream_id)
            position = restored.received_samples * 2
            assert 0 < position < len(speech)
            await alice.send(speech[position:], Stop())
            messages = await alice.rest()
        wanted = texts(undisturbed)
        assert texts(messages) == wanted
        assert "".join(str(each["content"]) for each in await stored_in(server, chat_id)) == wanted
        (done,) = [message for message in messages if isinstance(message, Done)]
        assert done.received_samples == len(speech) // 2
        async with connected(server.ws) as mallory:
            await mallory.send(resume.model_copy(update={"user": "mallory", "stream_id": "0" * 32}))
            assert (await mallory.expect(Ready)).received_samples == 0
    with serving(settings) as server:
        async with connected(server.ws) as mallory:
            await mallory.send(resume.model_copy(update={"user": "mallory"}))
            assert (await mallory.expect(Error)).code == "unknown_stream"


async def told_at_once(client: SpeechClient) -> list[ServerMessage]:
    """What is told before the answer to a ping."""
    await client.send(Ping(id="at once"))
    told: list[ServerMessage] = []
    while not isinstance(message := await client.receive(), Pong):
        told.append(message)
    return told


async def test_a_resumed_stream_goes_on_in_the_same_message(live_server: LiveServer, chat_id: str) -> None:
    data = pcm("meeting")
    half = len(data) // 4 * 2
    async with in_chat(live_server.ws, chat_id, "bob") as bob:
        async with connected(live_server.ws) as alice:
            await alice.send(Start(chat_id=chat_id, user="alice"), data[:half])
            ready = await alice.expect(Ready)
            alice.socket.transport.abort()
        async with connected(live_server.ws) as alice:
            await alice.send(Start(stream_id=ready.stream_id))
            position = (await alice.expect(Ready)).received_samples * 2
            await alice.send(data[position:], Stop())
            final = await alice.expect(Final)
        heard = await heard_until(bob, 1)
    assert len({message.message_id for message in heard}) == 1
    assert heard[-1].content == final.text == texts(await recognise(live_server.ws, data))


async def test_several_segments_are_several_messages(live_server: LiveServer, chat_id: str) -> None:
    finals = await speak(live_server, chat_id, "alice", "talk")
    assert len(finals) > 1
    async with in_chat(live_server.ws, chat_id, "bob") as bob:
        history = [await bob.expect(MessageHistory) for _ in finals]
    assert [message.content for message in history] == [final.text for final in finals]
    assert [message.start_ms for message in history] == [final.start_ms for final in finals]
    assert [message.seq for message in history] == list(range(1, len(finals) + 1))


async def test_speech_into_a_chat_that_ended_is_refused(live_server: LiveServer, chat_id: str) -> None:
    async with in_chat(live_server.ws, chat_id, "alice") as alice:
        await alice.send(EndChat())
        await alice.expect(ChatEnded)
    async with connected(live_server.ws) as speaker:
        await speaker.send(Start(chat_id=chat_id, user="bob"))
        error = await speaker.expect(Error)
        assert (error.code, error.fatal) == ("chat_ended", False)
        await speaker.send(Start(), pcm("network"), Stop())
        assert texts(await speaker.rest()), "the connection is as good as before"
    assert await stored_in(live_server, chat_id) == []


async def test_a_chat_that_ends_in_the_middle_of_speech_takes_it_back(
    live_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(live_server.ws, chat_id, "bob") as bob, connected(live_server.ws) as alice:
        await alice.send(Start(chat_id=chat_id, user="alice"), pcm("meeting"))
        await alice.expect(Partial)
        assert (await bob.expect(NewMessage)).is_partial
        await bob.send(EndChat())
        await bob.expect(ChatEnded)
        await alice.send(Stop())
        assert (await alice.expect(Final)).text, "the speaker still gets the text"
    assert await stored_in(live_server, chat_id) == []


@pytest.mark.parametrize(
    ("start", "field"),
    [
        ('{"type":"start","chat_id":"c"}', "user"),
        ('{"type":"start","chat_id":"a/b","user":"alice"}', "chat_id"),
        ('{"type":"start","chat_id":"c","user":"a\\u202eb"}', "user"),
    ],
)
async def test_a_start_that_names_no_chat_or_speaker(live_server: LiveServer, start: str, field: str) -> None:
    async with connected(live_server.ws) as client:
        await client.send(start)
        error = await client.expect(Error)
        assert (error.code, error.fatal) == ("bad_field", False)
        assert field in error.message


async def test_typing_and_speaking_by_one_person_are_two_messages(
    live_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(live_server.ws, chat_id, "alice") as alice, asyncio.TaskGroup() as group:
        speaking = group.create_task(speak(live_server, chat_id, "alice", "network"))
        await alice.send(SendMessage(content="typed", client_message_id="m"))
        await alice.expect(MessageAck)
        await speaking
    stored = await stored_in(live_server, chat_id)
    assert sorted(str(message["kind"]) for message in stored) == ["speech", "text"]


async def test_a_speaker_is_told_that_the_chat_ended_in_the_middle(
    live_server: LiveServer, chat_id: str
) -> None:
    async with in_chat(live_server.ws, chat_id, "alice") as alice, connected(live_server.ws) as speaker:
        await speaker.send(Start(chat_id=chat_id, user="bob"), pcm("meeting"))
        await speaker.expect(Partial)
        await alice.send(EndChat())
        await alice.expect(ChatEnded)
        error = await speaker.expect(Error)
        await speaker.send(Stop())
        assert not [message for message in await speaker.rest() if isinstance(message, Error)]
    assert (error.code, error.fatal) == ("chat_ended", False)
    assert await stored_in(live_server, chat_id) == []
