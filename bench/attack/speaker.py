"""Somebody honest who speaks."""

import asyncio
import json
import time
from collections.abc import Callable
from functools import cache

import soundfile
from websockets.asyncio.client import ClientConnection, connect

from bench.attack.noticed import LOST, PATIENCE_S, PAUSE_S, Noticed
from voicechat_common.transcript import join_texts
from voicechat_server.asr.models.catalog import demo_directory

RECORDINGS = ("complaint", "weather", "phone", "ticket")

_RATE = 16_000
_PACKET = _RATE // 10
_SAMPLE_BYTES = 2


async def recognise(address: str, name: str, noticed: Noticed, on_ack: Callable[[], object]) -> str:
    """Speak a recording in real time, in a connection of its own; return its text.

    Args:
        address: `host:port` of the server.
        name: Which recording.
        noticed: Takes how long acknowledgements took.
        on_ack: Called at each.

    Raises:
        OSError, WebSocketException, TimeoutError: The server did not hear it to its end.
    """
    async with (
        asyncio.timeout(PATIENCE_S),
        connect(f"ws://{address}/ws", open_timeout=None, ping_interval=None, compression=None) as socket,
    ):
        sent: list[float] = []
        speaking = asyncio.create_task(_say(socket, _pcm(name), sent))
        finals: list[str] = []
        try:
            while (event := json.loads(await socket.recv()))["type"] != "done":
                if event["type"] == "final":
                    finals.append(event["text"])
                elif event["type"] == "ack" and event["received_samples"]:
                    now = time.monotonic()
                    noticed.acks.append((now, now - sent[(event["received_samples"] - 1) // _PACKET]))
                    on_ack()
            await speaking
        finally:
            speaking.cancel()
        return join_texts(finals)


class Speaker:
    """Somebody who speaks the same recording again and again.

    Args:
        address: `host:port` of the server.
        name: Which recording.
        wanted: Its undisturbed text.
        noticed: Takes what the speaker notices.

    Attributes:
        is_under_way: Set when the first audio was acknowledged, or the first attempt was in vain.
    """

    def __init__(self, address: str, name: str, wanted: str, noticed: Noticed) -> None:
        self.is_under_way = asyncio.Event()
        self._address = address
        self._name = name
        self._wanted = wanted
        self._noticed = noticed

    async def speak(self, finish: asyncio.Event) -> None:
        """Speak until `finish` is set, and what was begun then to its end."""
        while not finish.is_set():
            try:
                text = await recognise(self._address, self._name, self._noticed, self.is_under_way.set)
            except LOST as error:
                self._noticed.cuts.append(f"a speaker: {error!r}")
                self.is_under_way.set()
                await asyncio.sleep(PAUSE_S)
                continue
            self._noticed.texts += 1
            if text != self._wanted:
                self._noticed.wrong.append(f"{self._name}: {text!r} instead of {self._wanted!r}")


async def _say(socket: ClientConnection, pcm: bytes, sent: list[float]) -> None:
    """Send a recording as it is spoken, whatever the server does, and note when each packet went."""
    began = time.monotonic()
    step = _PACKET * _SAMPLE_BYTES
    for at in range(0, len(pcm), step):
        await asyncio.sleep(began + (len(sent) + 1) * _PACKET / _RATE - time.monotonic())
        sent.append(time.monotonic())
        await socket.send(pcm[at : at + step])
    await socket.send('{"type":"stop"}')


@cache
def _pcm(name: str) -> bytes:
    samples, _ = soundfile.read(demo_directory() / "samples" / f"{name}.wav", dtype="int16")
    return bytes(samples.astype("<i2").tobytes())
