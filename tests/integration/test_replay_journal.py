"""`replay --journal`: what a lost talk left is sent once, to where it belongs, and then forgotten."""

import asyncio
import json
import os
import re
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jiwer
import numpy as np
import pytest

from tests.support.journal import header, journal_in
from tests.support.replay_cli import Ended, ended, replay, start_replay
from tests.support.samples import audio, transcripts
from tests.support.server import LiveServer, demo_settings, free_port, no_streams, serving
from tests.support.speech_peer import SpeechPeer, answer, fall_silent_after, refuse, speech_peer
from voicechat_common.audio import Samples
from voicechat_common.protocol.speech import Ack, Error
from voicechat_tui.client.speech.events import AudioLost
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.journal.store import Journal

RAMP: Samples = np.arange(1, 16_001).astype(np.int16)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setenv("VOICECHAT_TUI_DATA", str(tmp_path))
    return journal_in(tmp_path)


@pytest.fixture
async def peer() -> AsyncIterator[SpeechPeer]:
    async with speech_peer() as peer:
        yield peer


def keep(journal: Journal, url: str, received: int = 0, samples: Samples = RAMP) -> str:
    """Leave a talk in the journal of which the server has the beginning; return its entry's name."""
    before = {entry.name for entry in journal.entries()}
    writer = journal.begin(header(url))
    writer.append(samples)
    writer.hear(Ack(received_samples=received, decoded_samples=0, lag_ms=0))
    writer.close()
    (name,) = {entry.name for entry in journal.entries()} - before
    return name


async def replay_journal(*arguments: str) -> Ended:
    return await replay("--journal", *arguments)


async def test_the_rest_of_a_talk_goes_to_its_server_chat_and_speaker(
    journal: Journal, peer: SpeechPeer
) -> None:
    keep(journal, peer.url, received=4_000)
    result = await replay_journal()
    assert (result.code, result.out) == (ExitCode.OK, "<4001..16000>\n")
    assert "0.8 s of audio in" in result.err
    start = peer.counting.started[0]
    assert (start.chat_id, start.user, start.sample_rate) == ("team", "anna", 16_000)
    assert journal.entries() == []


async def test_the_login_to_its_server_is_that_of_the_settings(
    journal: Journal, peer: SpeechPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(journal, peer.url)
    monkeypatch.setenv(
        "VOICECHAT_TUI_URL", peer.url.replace("ws://", "http://anna:hunter2@").removesuffix("/ws")
    )
    assert (await replay_journal()).out == "<1..16000>\n"
    monkeypatch.setenv("VOICECHAT_TUI_URL", "http://anna:hunter2@voice.example")
    keep(journal, peer.url)
    assert (await replay_journal()).out == "<1..16000>\n"
    assert peer.logins == [f"Basic {b64encode(b'anna:hunter2').decode()}", None]


async def test_again_there_is_nothing_to_send(journal: Journal, peer: SpeechPeer) -> None:
    keep(journal, peer.url)
    await replay_journal()
    result = await replay_journal()
    assert (result.code, result.out) == (ExitCode.OK, "")
    assert result.err == "Nothing is left in the journal.\n"
    assert len(peer.counting.all_streams) == 1


async def test_every_gap_is_a_stream_of_its_own(journal: Journal, peer: SpeechPeer) -> None:
    writer = journal.begin(header(peer.url))
    writer.append(RAMP)
    writer.hear(AudioLost(at_ms=100, ms=100))
    writer.hear(AudioLost(at_ms=500, ms=250))
    writer.hear(Ack(received_samples=16_000, decoded_samples=0, lag_ms=0))
    writer.close()
    assert (await replay_journal()).out == "<1601..3200>\n<8001..12000>\n"
    assert journal.entries() == []


async def test_listing_sends_nothing(journal: Journal, peer: SpeechPeer) -> None:
    name = keep(journal, peer.url, received=4_000)
    listed = await replay_journal("--list")
    assert re.fullmatch(rf"{name}  2026-11-24 \d\d:\d\d  0\.8 s  anna in team\n", listed.out)
    as_json = json.loads((await replay_journal("--list", "--json")).out)
    assert as_json == {
        "entry": name,
        "started_at": "2026-11-24T15:04:05+00:00",
        "left_s": 0.75,
        "user": "anna",
        "chat": "team",
        "url": peer.url,
    }
    assert peer.connections == 0


async def test_those_that_are_named_are_sent_and_the_others_stay(journal: Journal, peer: SpeechPeer) -> None:
    names = [keep(journal, peer.url) for _ in range(3)]
    result = await replay_journal(names[2], names[0])
    assert result.out == f"{names[2]}: <1..16000>\n{names[0]}: <1..16000>\n"
    assert [entry.name for entry in journal.entries()] == [names[1]]


async def test_an_unknown_name_is_a_usage_error(journal: Journal) -> None:
    result = await replay_journal("yesterday")
    assert result.code == ExitCode.USAGE
    assert "There is no entry yesterday in the journal." in result.err


async def test_forgetting_sends_nothing(journal: Journal, peer: SpeechPeer) -> None:
    name = keep(journal, peer.url)
    result = await replay_journal("--forget", name)
    assert (result.code, result.err) == (ExitCode.OK, f"{name} has been deleted.\n")
    assert (journal.entries(), peer.connections) == ([], 0)


async def test_another_server_can_be_named(journal: Journal, peer: SpeechPeer) -> None:
    keep(journal, f"127.0.0.1:{free_port()}")
    assert (await replay_journal("--url", peer.url)).out == "<1..16000>\n"


async def test_a_talk_that_goes_on_is_left_alone(journal: Journal, peer: SpeechPeer) -> None:
    writer = journal.begin(header(peer.url))
    writer.append(RAMP)
    result = await replay_journal()
    writer.close()
    assert (result.code, result.out) == (ExitCode.OK, "")
    assert "is being spoken or sent right now; it is left alone." in result.err
    assert len(journal.entries()) == 1


async def test_what_one_server_refuses_keeps_nothing_from_another(journal: Journal, peer: SpeechPeer) -> None:
    ended_chat = Error(code="chat_ended", message="The chat has ended.", advice="Begin another.", fatal=True)
    async with speech_peer(refuse(ended_chat)) as refusing:
        refused = keep(journal, refusing.url)
        keep(journal, peer.url)
        result = await replay_journal()
    assert result.code == ExitCode.FAILED
    assert "The chat has ended." in result.err
    assert result.out.endswith(": <1..16000>\n")
    assert [entry.name for entry in journal.entries()] == [refused]


async def test_an_interrupted_replay_goes_on_where_it_was(journal: Journal) -> None:
    async with speech_peer(fall_silent_after(4), answer) as peer:
        keep(journal, peer.url)
        process = await start_replay("--journal", "--json")
        assert process.stdout is not None
        while b'"received_samples": 4800' not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGKILL)
        await ended(process)
        assert (await replay_journal()).out == "<4801..16000>\n"
    assert journal.entries() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--list"],
        ["--forget"],
        ["--journal", "--list", "--forget"],
        ["--journal", "-"],
        ["--journal", "--srt", "a"],
    ],
)
async def test_options_that_do_not_go_together(arguments: list[str]) -> None:
    assert (await replay(*arguments)).code == ExitCode.USAGE


SPEAKER = """
import asyncio, sys
from datetime import UTC, datetime
from tests.support.samples import audio
from voicechat_common.protocol.speech import Start
from voicechat_tui.files import paths
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.journal.entry import EntryHeader
from voicechat_tui.journal.store import Journal

async def main(url, chat):
    header = EntryHeader(sample_rate=16_000, chat_id=chat, user="anna", url=url, started_at=datetime.now(UTC))
    writer = Journal(paths.journal_dir(), 10).begin(header)
    samples = audio("talk")
    async with SpeechClient(url, Start(chat_id=chat, user="anna")) as client:
        async def speak():
            for at in range(0, len(samples), 1600):
                writer.append(samples[at : at + 1600])
                if at < len(samples) // 3:
                    await client.send(samples[at : at + 1600])
            print("spoken", flush=True)
        task = asyncio.create_task(speak())
        async for event in client:
            writer.hear(event)
            print(event.type, getattr(event, "received_samples", ""), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_talk_whose_speaker_was_killed_is_whole_in_its_chat(
    journal: Journal, database: Path, chat_id: str
) -> None:
    with serving(demo_settings(database=str(database), resume_grace_s=1)) as server:
        await _speak_until_killed(server, chat_id)
        await no_streams(server)
        result = await replay_journal()
        async with httpx.AsyncClient(base_url=server.http) as http:
            messages = (await http.get(f"/chat/{chat_id}")).json()["messages"]
    assert result.code == ExitCode.OK, result.err
    assert journal.entries() == []
    assert {message["speaker"] for message in messages} == {"anna"}
    said = "".join(message["content"] for message in messages)
    assert jiwer.cer(transcripts()["talk"], said) < 0.1, said


async def _speak_until_killed(server: LiveServer, chat_id: str) -> None:
    """Speak the talk into journal and chat; the connection and the process die after a third of it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SPEAKER, f"{server.ws}/ws", chat_id, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    sent = len(range(0, len(audio("talk")) // 3, 1600)) * 1600
    seen: set[str] = set()
    while not {"spoken", f"ack {sent}"} <= seen:
        line = await process.stdout.readline()
        assert line, f"it ended early: {seen}"
        seen.add(line.decode().strip())
    os.kill(process.pid, signal.SIGKILL)
    await ended(process)
