"""Speaking: from a microphone with a real audio path through a real server to text."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from jiwer import cer

from tests.support.microphones import Listener, plugged_in
from tests.support.null_sink import NullSink
from tests.support.relay import relay
from tests.support.samples import DIRECTORY, transcripts
from tests.support.server import LiveServer, free_port
from tests.support.speech_peer import drop_after, speech_peer
from voicechat_common.audio import Samples
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Done, Final, Start
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed
from voicechat_tui.client.speech.policy import SpeechPolicy
from voicechat_tui.journal.entry import EntryHeader
from voicechat_tui.journal.store import Journal
from voicechat_tui.journal.writer import JournalWriter
from voicechat_tui.sources.microphone.devices import Format, InputDevice
from voicechat_tui.sources.microphone.events import Lost, Opened
from voicechat_tui.sources.microphone.failures import Refusal
from voicechat_tui.sources.microphone.microphone import Microphone
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.portaudio import Recording, RefusedError, SoundSystem
from voicechat_tui.voice import stream
from voicechat_tui.voice.events import JournalStopped, TalkEnded, TalkHeard, TalkStarted, VoiceEvent
from voicechat_tui.voice.record import BeginRecord
from voicechat_tui.voice.stream import VoiceStream

QUICK = replace(SpeechPolicy(), first_delay_s=0.01, longest_delay_s=0.05)
MICROPHONE = MicrophonePolicy(first_retry_s=0.1)
LIKE = 0.1
"""The error rate allowed: one character of ten, as without a microphone."""


@asynccontextmanager
async def speaking(
    sound: SoundSystem, url: str, policy: SpeechPolicy = QUICK, begin_record: BeginRecord | None = None
) -> AsyncIterator[tuple[VoiceStream, Listener[VoiceEvent]]]:
    microphone = Microphone(sound, policy=MICROPHONE)
    async with VoiceStream(microphone, url, policy, begin_record) as voice, Listener(voice.events()) as heard:
        await heard.expect(Opened)
        yield voice, heard


async def play(sink: NullSink, name: str) -> None:
    await asyncio.to_thread(sink.play, Path(str(DIRECTORY)) / f"{name}.wav")


def of_talk(heard: Listener[VoiceEvent], kind: type[Event], talk: int = 1) -> list[Event]:
    told = heard.of(TalkHeard)
    return [one.event for one in told if one.talk == talk and isinstance(one.event, kind)]


def text_of(heard: Listener[VoiceEvent], talk: int = 1) -> str:
    finals = [event for event in of_talk(heard, Final, talk) if isinstance(event, Final)]
    return "".join(final.text for final in finals)


class StudioSound(SoundSystem):
    """A sound card that knows 48 kHz in stereo and nothing else."""

    async def open(self, device: InputDevice, wanted: Format, queue_s: float) -> Recording:
        if wanted != Format(48_000, 2):
            raise RefusedError(Refusal("Invalid sample rate", -9997))
        return await super().open(device, wanted, queue_s)


@pytest.mark.parametrize("kind", [SoundSystem, StudioSound])
async def test_what_is_said_into_a_microphone_becomes_text(
    live_server: LiveServer, kind: type[SoundSystem]
) -> None:
    async with (
        plugged_in("headset") as (_, (sink,)),
        speaking(kind(), f"{live_server.ws}/ws") as (voice, heard),
    ):
        assert voice.open(Start(user="anna")) == 1
        await play(sink, "greeting")
        voice.close()
        assert await heard.expect(TalkEnded) == TalkEnded(1, None, 0)
    assert heard.of(TalkStarted) == [TalkStarted(1, Start(user="anna"))]
    assert cer(transcripts()["greeting"], text_of(heard)) <= LIKE


async def test_muting_ends_a_sentence_and_says_nothing_more(live_server: LiveServer) -> None:
    async with (
        plugged_in("headset") as (sound, (sink,)),
        speaking(sound, f"{live_server.ws}/ws") as (voice, heard),
    ):
        voice.open(Start())
        await play(sink, "greeting")
        voice.mute()
        while not of_talk(heard, Final):
            await heard.expect(TalkHeard)
        await play(sink, "ticket")
        voice.mute(muted=False)
        voice.close()
        await heard.expect(TalkEnded)
    assert cer(transcripts()["greeting"], text_of(heard)) <= LIKE


async def test_a_talk_goes_on_after_its_microphone_was_away(live_server: LiveServer) -> None:
    async with (
        plugged_in("headset") as (sound, (sink,)),
        speaking(sound, f"{live_server.ws}/ws") as (voice, heard),
    ):
        voice.open(Start())
        await play(sink, "network")
        sink.unplug()
        await heard.expect(Lost)
        while not of_talk(heard, Final):
            await heard.expect(TalkHeard)
        sink.plug_in()
        while len(heard.of(Opened)) < 2:
            await heard.expect(object)
        await play(sink, "greeting")
        voice.close()
        await heard.expect(TalkEnded)
    assert cer(transcripts()["network"] + transcripts()["greeting"], text_of(heard)) <= LIKE


async def test_the_next_talk_may_begin_while_the_words_of_the_last_are_still_coming(
    live_server: LiveServer,
) -> None:
    async with (
        plugged_in("headset") as (sound, (sink,)),
        speaking(sound, f"{live_server.ws}/ws") as (voice, heard),
    ):
        voice.open(Start(user="anna"))
        await play(sink, "network")
        voice.close()
        assert voice.open(Start(user="ben")) == 2
        await play(sink, "greeting")
        voice.close()
        ended = {(await heard.expect(TalkEnded)).talk for _ in range(2)}
    assert ended == {1, 2}
    assert cer(transcripts()["network"], text_of(heard, 1)) <= LIKE
    assert cer(transcripts()["greeting"], text_of(heard, 2)) <= LIKE


class Kept:
    """Keeps a talk in memory."""

    problem: VoicechatError | None = None

    def __init__(self) -> None:
        self.samples: list[int] = []
        self.heard: list[Event] = []
        self.closed = False

    def append(self, samples: Samples) -> None:
        self.samples += samples.tolist()

    def hear(self, event: Event) -> None:
        self.heard.append(event)

    def close(self) -> None:
        self.closed = True


async def test_what_is_said_during_an_outage_is_sent_afterwards_exactly_once() -> None:
    kept = Kept()
    async with (
        plugged_in("headset") as (sound, (sink,)),
        speech_peer(*[drop_after(9)] * 3, drop_after(10**6)) as peer,
    ):
        async with speaking(sound, peer.url, begin_record=lambda start: kept) as (voice, heard):
            voice.open(Start())
            await play(sink, "network")
            voice.close()
            assert (await heard.expect(TalkEnded)).error is None
        assert peer.connections == 4
        assert peer.audio == kept.samples
    assert len(of_talk(heard, Resumed)) == 3
    assert of_talk(heard, AudioLost) == []
    assert np.abs(kept.samples).max() > 3_000
    assert kept.closed
    assert isinstance(kept.heard[-1], Done)


async def test_a_talk_to_nobody_ends_with_its_reason_and_how_much_was_not_heard() -> None:
    policy = replace(QUICK, unreachable_s=0.1, lost_s=1.0)
    async with (
        plugged_in("headset") as (sound, (sink,)),
        speaking(sound, f"ws://127.0.0.1:{free_port()}/ws", policy) as (voice, heard),
    ):
        voice.open(Start())
        await play(sink, "network")
        ended = await heard.expect(TalkEnded)
        assert ended.error is not None
        assert ended.error.code is ErrorCode.SERVER_UNREACHABLE
        assert ended.unheard_ms > 500
        assert voice.open(Start()) == ended.talk + 1


async def test_speech_is_in_the_journal_until_the_server_has_it(
    live_server: LiveServer, tmp_path: Path
) -> None:
    journal = Journal(tmp_path, 10)
    writers: list[JournalWriter] = []

    def begin(start: Start) -> JournalWriter:
        header = EntryHeader(sample_rate=start.sample_rate, url="here", started_at=datetime.now(UTC))
        writers.append(journal.begin(header))
        return writers[-1]

    async with (
        plugged_in("headset") as (sound, (sink,)),
        speaking(sound, f"{live_server.ws}/ws", begin_record=begin) as (voice, heard),
    ):
        voice.open(Start())
        await play(sink, "network")
        (entry,) = journal.entries()
        assert entry.left.total_seconds() > 1.5
        voice.close()
        await heard.expect(TalkEnded)
    assert (journal.entries(), writers[0].problem) == ([], None)
    assert heard.of(JournalStopped) == []


async def test_a_talk_whose_journal_fails_goes_on_and_says_so(live_server: LiveServer) -> None:
    full = VoicechatError(ErrorCode.DISK, "The disk is full.", "Make room.")

    class Failing(Kept):
        def append(self, samples: Samples) -> None:
            self.problem = full

    def refuse(start: Start) -> Kept:
        raise full

    async with plugged_in("headset") as (sound, (sink,)):
        for begin in (refuse, lambda start: Failing()):
            async with speaking(sound, f"{live_server.ws}/ws", begin_record=begin) as (voice, heard):
                voice.open(Start())
                await play(sink, "network")
                voice.close()
                await heard.expect(TalkEnded)
            assert heard.of(JournalStopped) == [JournalStopped(1, full)]
            assert cer(transcripts()["network"], text_of(heard)) <= LIKE


async def test_leaving_in_the_middle_of_a_talk_sends_what_was_said_and_leaves_nothing_behind() -> None:
    kept = Kept()
    async with plugged_in("headset") as (sound, (sink,)), speech_peer() as peer:
        async with speaking(sound, peer.url, begin_record=lambda start: kept) as (voice, _):
            voice.open(Start())
            await play(sink, "network")
        assert peer.audio == kept.samples
        assert len(kept.samples) > 16_000
    assert kept.closed
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not {name for name in names if "talk" in name or "microphone" in name}


async def test_what_was_said_in_an_outage_is_delivered_after_the_microphone_was_put_down(
    live_server: LiveServer,
) -> None:
    with relay(live_server.address) as network:
        async with (
            plugged_in("headset") as (sound, (sink,)),
            speaking(sound, f"ws://{network.address}/ws") as (voice, heard),
        ):
            network.cut()
            voice.open(Start())
            await play(sink, "greeting")
            await voice.put_down()
            assert not {task.get_name() for task in asyncio.all_tasks()} & {"microphone"}
            assert heard.of(TalkEnded) == []
            network.mend()
            assert await heard.expect(TalkEnded) == TalkEnded(1, None, 0)
            await heard.until_end()
        assert voice.unheard_ms == 0
    assert cer(transcripts()["greeting"], text_of(heard)) <= LIKE


async def test_a_program_that_ends_in_an_outage_knows_how_much_was_not_delivered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "LEAVES_WITHIN_S", 0.1)
    async with plugged_in("headset") as (sound, (sink,)):
        async with speaking(sound, f"ws://127.0.0.1:{free_port()}/ws") as (voice, _):
            voice.open(Start())
            await play(sink, "network")
        assert voice.unheard_ms > 500


async def test_a_talk_that_ends_at_once_is_a_talk_of_nothing() -> None:
    async with (
        plugged_in("headset") as (sound, _),
        speech_peer() as peer,
        speaking(sound, peer.url) as (voice, heard),
    ):
        voice.open(Start())
        assert voice.open(Start()) == 1
        voice.close()
        voice.close()
        assert await heard.expect(TalkEnded) == TalkEnded(1, None, 0)
        assert peer.audio == []
