"""What is recognised through the real server, on a real socket, compared with FunASR itself."""

import asyncio

import numpy as np
import pytest
import soxr
from jiwer import cer

from tests.support.demo import funasr_text, sample_by_funasr
from tests.support.samples import SENTENCES, audio, packets, pcm, transcripts
from tests.support.server import LiveServer
from tests.support.speech_client import connected, receipt, recognise, texts
from voicechat_common.audio import bytes_of
from voicechat_common.protocol.speech import Start, Stop

WHOLE = Start(endpointing=False)
EIGHT = SENTENCES[:8]
SHORTEST = min(SENTENCES, key=lambda name: len(audio(name)))
RATES = (8_000, 22_050, 44_100, 48_000)


def mean_cer(recognised: dict[str, str]) -> float:
    return float(np.mean([cer(transcripts()[name], text) for name, text in recognised.items()]))


def up_to_the_last_syllable(name: str) -> bytes:
    """A sample without the silence behind the last sound."""
    samples = audio(name)
    loud = np.abs(samples.astype(np.int32)) > 0.02 * np.abs(samples.astype(np.int32)).max()
    return bytes_of(samples[: int(np.flatnonzero(loud)[-1]) + 1])


def at_rate(name: str, rate: int) -> bytes:
    """A sample as a device of another rate delivers it."""
    wave = soxr.resample(audio(name).astype(np.float32), 16_000, rate, quality="VHQ")
    return bytes_of(np.clip(np.rint(wave), -32_768, 32_767).astype(np.int16))


@pytest.mark.parametrize("milliseconds", [20, 100, 1000, None])
async def test_the_text_is_that_of_funasr_whatever_the_packets(
    live_server: LiveServer, milliseconds: int | None
) -> None:
    for name in transcripts():
        data = pcm(name)
        size = len(data) if milliseconds is None else milliseconds * 32
        messages = await recognise(live_server.ws, WHOLE, *packets(data, size))
        assert texts(messages) == sample_by_funasr(name)


async def test_the_text_is_that_of_funasr_for_packets_of_one_byte(live_server: LiveServer) -> None:
    """One recording does: the way of a byte is the same in all of them."""
    messages = await recognise(live_server.ws, WHOLE, *packets(pcm(SHORTEST), 1))
    assert texts(messages) == sample_by_funasr(SHORTEST) != ""
    assert receipt(messages).received_samples == len(audio(SHORTEST))


@pytest.mark.parametrize("name", transcripts())
async def test_the_text_is_that_of_funasr_where_single_bytes_begin_and_end_a_stream(
    live_server: LiveServer, name: str
) -> None:
    data = pcm(name)
    singly = [*packets(data[:3001], 1), *packets(data[3001:-999], 3200), *packets(data[-999:], 1)]
    messages = await recognise(live_server.ws, WHOLE, *singly)
    assert texts(messages) == sample_by_funasr(name)


@pytest.fixture(scope="module")
def alone(live_server: LiveServer) -> dict[bool, dict[str, str]]:
    """The text of each sample when nobody else speaks, by whether segments end in pauses."""

    async def every(start: Start) -> dict[str, str]:
        return {name: texts(await recognise(live_server.ws, start, pcm(name))) for name in transcripts()}

    return {endpointing: asyncio.run(every(Start(endpointing=endpointing))) for endpointing in (False, True)}


@pytest.mark.parametrize("endpointing", [False, True])
def test_no_more_characters_are_wrong_than_with_funasr(
    alone: dict[bool, dict[str, str]], *, endpointing: bool
) -> None:
    ours = alone[endpointing]
    funasr = {name: sample_by_funasr(name) for name in transcripts()}
    assert mean_cer(ours) <= mean_cer(funasr) < 0.1


@pytest.mark.parametrize("endpointing", [False, True])
@pytest.mark.parametrize("name", transcripts())
async def test_the_last_character_arrives(live_server: LiveServer, name: str, *, endpointing: bool) -> None:
    start = Start(endpointing=endpointing)
    for data in (pcm(name), up_to_the_last_syllable(name)):
        text = texts(await recognise(live_server.ws, start, *packets(data, 3200)))
        assert text[-1] == transcripts()[name][-1]


async def test_audio_cut_at_the_last_syllable_gives_the_text_of_funasr(live_server: LiveServer) -> None:
    for name in transcripts():
        data = up_to_the_last_syllable(name)
        assert texts(await recognise(live_server.ws, WHOLE, data)) == funasr_text(data)


@pytest.mark.parametrize("endpointing", [False, True])
async def test_eight_at_the_same_time_get_what_each_gets_alone(
    live_server: LiveServer, alone: dict[bool, dict[str, str]], *, endpointing: bool
) -> None:
    start = Start(endpointing=endpointing)
    expected = [alone[endpointing][name] for name in EIGHT]

    async def talk(place: int, name: str) -> str:
        """Each with packets of its own length and at a pace of its own, so that all batches differ."""
        async with connected(live_server.ws) as client:
            await client.send(start)
            for packet in packets(pcm(name), 3200 + 1777 * place):
                await client.send(packet)
                await client.turns(1 + place)
            await client.send(Stop())
            return texts(await client.rest())

    together = await asyncio.gather(*(talk(place, name) for place, name in enumerate(EIGHT)))
    assert together == expected
    assert len(set(expected)) == len(EIGHT)


@pytest.mark.parametrize("endpointing", [False, True])
@pytest.mark.parametrize("rate", RATES)
async def test_another_sample_rate_gives_the_same_text(
    live_server: LiveServer, alone: dict[bool, dict[str, str]], rate: int, *, endpointing: bool
) -> None:
    other = Start(sample_rate=rate, endpointing=endpointing)
    for name in transcripts():
        text = texts(await recognise(live_server.ws, other, *packets(at_rate(name, rate), 3001)))
        assert text == alone[endpointing][name], name


@pytest.mark.parametrize("endpointing", [False, True])
@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
async def test_done_accounts_for_every_sample(
    live_server: LiveServer, rate: int, *, endpointing: bool
) -> None:
    data = at_rate("talk", rate)
    start = Start(sample_rate=rate, endpointing=endpointing)
    messages = await recognise(live_server.ws, start, *packets(data, 4001))
    done = receipt(messages)
    assert done.received_samples == len(data) // 2
    assert done.decoded_samples + done.dropped_samples == done.received_samples
    assert done.decoded_samples == done.received_samples
    assert done.received_ms == len(data) // 2 * 1000 // rate
    assert (done.decoded_ms, done.dropped_ms) == (done.received_ms, 0)
    assert done.silence_ms < done.decoded_ms
