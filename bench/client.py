"""People who speak to a server in real time, all in this process, and how long they wait for their words.

    python -m bench.client ADDRESS SCENE STREAMS SECONDS

Each client sends a packet whenever its audio would have been spoken, by its own clock: a client or a server
that is late does not move the clock, so all lateness counts.
"""

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import numpy as np
import websockets
from uvicorn.loops.auto import auto_loop_factory

from bench.audio import Audio, Scene, from_offset, recording, to_pcm
from bench.figures import CHUNK_MS, ClientFigures
from voicechat_common.protocol.codec import encode
from voicechat_common.protocol.speech import Done, Final, Flush, Partial, Start, Stop, server_decoder
from voicechat_server.asr.config import SAMPLE_RATE

_PACKET_MS = 100
_PACKET_BYTES = SAMPLE_RATE * _PACKET_MS // 1000 * 2
_UTTERANCE_S = 4.0
_HEALTH_PAUSE_S = 0.2
_SEED = 1


@dataclass
class Waiting:
    """How long clients waited, in milliseconds.

    Attributes:
        delays: From the end of each chunk to its result.
        finals: From the last sample of an utterance to its final.
        health: For the answers to `GET /health`.
        receipts: What became of each client's audio.
    """

    delays: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    receipts: list[Done] = field(default_factory=list)


class Results:
    """Tells which chunks a result is the first to cover.

    A chunk whose result brought no new text, or was overtaken by the next one, is covered by the next that
    comes, and so counts as later than it was.
    """

    def __init__(self) -> None:
        self._covered_ms = 0

    def cover(self, start_ms: int, end_ms: int) -> Iterator[int]:
        """Yield the ends of a segment's chunks that a partial is the first to cover."""
        for end in range(start_ms + CHUNK_MS, end_ms + 1, CHUNK_MS):
            if end > self._covered_ms:
                self._covered_ms = end
                yield end


class Speaker:
    """One client.

    Args:
        address: `host:port` of the server.
        audio: What it says, over and over.
        seconds: How long it speaks.
        utterance_s: It asks for its final whenever it has spoken so long; None if it never does.
        waiting: Takes how long it waited.
    """

    def __init__(
        self, address: str, audio: Audio, seconds: float, utterance_s: float | None, waiting: Waiting
    ) -> None:
        self._address = address
        self._pcm = to_pcm(audio)
        self._packets = round(seconds * 1000 / _PACKET_MS)
        self._utterance = round(utterance_s * 1000 / _PACKET_MS) if utterance_s else None
        self._waiting = waiting
        self._flushed: list[float] = []
        self._results = Results()
        self._began = 0.0

    async def speak(self) -> None:
        """Speak to the end and wait for the receipt."""
        async with websockets.connect(
            f"ws://{self._address}/ws", max_queue=None, ping_timeout=None
        ) as socket:
            await socket.send(encode(Start()))
            await socket.recv()
            self._began = time.perf_counter()
            hearing = asyncio.create_task(self._hear(socket))
            await self._say(socket)
            await hearing

    async def _say(self, socket: websockets.ClientConnection) -> None:
        for index in range(self._packets):
            await asyncio.sleep(self._time_of((index + 1) * _PACKET_MS) - time.perf_counter())
            begin = index * _PACKET_BYTES % (len(self._pcm) - _PACKET_BYTES)
            await socket.send(self._pcm[begin : begin + _PACKET_BYTES])
            if self._utterance and (index + 1) % self._utterance == 0:
                self._flushed.append(self._time_of((index + 1) * _PACKET_MS))
                await socket.send(encode(Flush()))
        await socket.send(encode(Stop()))

    async def _hear(self, socket: websockets.ClientConnection) -> None:
        async for frame in socket:
            message = server_decoder.decode(frame)
            now = time.perf_counter()
            if isinstance(message, Partial):
                ends = self._results.cover(message.start_ms, message.end_ms)
                self._waiting.delays += [(now - self._time_of(end)) * 1000 for end in ends]
            elif isinstance(message, Final) and self._flushed:
                self._waiting.finals.append((now - self._flushed.pop(0)) * 1000)
            elif isinstance(message, Done):
                self._waiting.receipts.append(message)

    def _time_of(self, end_ms: int) -> float:
        """Return when the packet is due that holds the audio before `end_ms`."""
        return self._began + -(-end_ms // _PACKET_MS) * _PACKET_MS / 1000


async def watch_health(address: str, waiting: Waiting) -> None:
    """Ask for the server's health again and again."""
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=30) as http:
        while True:
            began = time.perf_counter()
            (await http.get("/health")).raise_for_status()
            waiting.health.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(_HEALTH_PAUSE_S)


async def run(address: str, scene: Scene, streams: int, seconds: float) -> ClientFigures:
    """Let `streams` people speak for `seconds`; one of them in utterances whose finals it waits for."""
    audio = recording(scene)
    waiting = Waiting()
    chance = random.Random(_SEED)
    watching = asyncio.create_task(watch_health(address, waiting))
    async with asyncio.TaskGroup() as speakers:
        for index in range(streams):
            utterance_s = _UTTERANCE_S if index == 0 and scene is Scene.SPEECH else None
            speaker = Speaker(address, from_offset(audio, index / streams), seconds, utterance_s, waiting)
            speakers.create_task(_later(chance.uniform(0, CHUNK_MS / 1000), speaker))
    watching.cancel()
    return summary(streams, seconds, waiting)


def summary(streams: int, seconds: float, waiting: Waiting) -> ClientFigures:
    """Return the figures of a trial."""
    received = sum(done.received_ms for done in waiting.receipts)
    silent = sum(done.silence_ms for done in waiting.receipts)
    sent = round(seconds * 1000) * streams
    return ClientFigures(
        streams=streams,
        seconds=seconds,
        chunks=len(waiting.delays),
        delay_ms_median=float(np.median(waiting.delays)),
        delay_ms_p99=float(np.percentile(waiting.delays, 99)),
        final_ms_median=float(np.median(waiting.finals)) if waiting.finals else None,
        final_ms_worst=max(waiting.finals, default=None),
        health_ms_p99=float(np.percentile(waiting.health, 99)),
        decoded_part=1 - silent / received,
        lost_ms=sent - sum(done.decoded_ms for done in waiting.receipts),
    )


async def _later(seconds: float, speaker: Speaker) -> None:
    await asyncio.sleep(seconds)
    await speaker.speak()


if __name__ == "__main__":
    _, address, scene, streams, seconds = sys.argv
    # The loop that the server uses, too: what the clients take of the machine, the server hasn't.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        figures = runner.run(run(address, Scene(scene), int(streams), float(seconds)))
    print(figures.model_dump_json())
