"""A microphone as a source of audio that never gives up: it is opened, lost, replaced and reopened."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Self

from voicechat_common.audio import SAMPLE_RATE, SAMPLE_WIDTH, Samples
from voicechat_common.errors import VoicechatError
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.core import MicrophoneCore, State
from voicechat_tui.sources.microphone.devices import DeviceName, candidates, find, formats
from voicechat_tui.sources.microphone.events import MicrophoneEvent
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.portaudio import Block, Recording, SoundSystem
from voicechat_tui.sources.portaudio_process import BUFFERED_S

_SECOND_LOOK_S = 0.2


class Microphone:
    """A microphone. An async context manager; a warm one opens immediately, others at the first talk.

    It never raises: `events` reports what is wrong, and it keeps looking for one that works.

    Args:
        sound: The machine's microphones.
        wished: Which one; None for the system's default.
        policy: The limits.
    """

    sample_rate = SAMPLE_RATE
    duration_s: float | None = None
    is_live = True

    def __init__(
        self,
        sound: SoundSystem,
        wished: DeviceName | None = None,
        policy: MicrophonePolicy | None = None,
    ) -> None:
        self.name = "microphone"
        self.remarks: list[str] = []
        self._sound = sound
        self._policy = policy or MicrophonePolicy()
        self._core = MicrophoneCore(wished, self._policy, sound.here)
        self._packets: asyncio.Queue[Samples | None] | None = None
        self._stir = asyncio.Event()
        self._told = asyncio.Event()
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="microphone")
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._core.state

    async def packets(self) -> AsyncGenerator[Samples, None]:
        """Talk: yield what is heard until `hush`; a warm microphone also yields what was heard just before.

        An empty packet marks where it was muted or lost in between.
        """
        if self._packets is not None:
            raise RuntimeError("somebody talks already")
        packets: asyncio.Queue[Samples | None] = asyncio.Queue()
        self._packets = packets
        self._give(self._core.talk(time.monotonic()))
        try:
            while (packet := await packets.get()) is not None:
                yield packet
        finally:
            self._packets = None
            self.hush()

    def hush(self) -> None:
        """End the talk; what is on its way still arrives."""
        self._give(self._core.hush(time.monotonic()))

    def mute(self, *, muted: bool = True) -> None:
        """Mute or unmute it. What is heard while it is muted goes nowhere."""
        # The system may hold what was heard until now for this long before it is timestamped.
        self._give(self._core.mute(time.monotonic() + BUFFERED_S, muted=muted))

    async def events(self) -> AsyncIterator[MicrophoneEvent]:
        """Yield the events until the microphone is exited; for one reader."""
        while True:
            self._told.clear()
            for event in self._core.take_events():
                yield event
            if self._ended:
                break
            await self._told.wait()
        if self._task is not None:
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()

    async def _run(self) -> None:
        try:
            while True:
                if self._core.is_wanted:
                    await self._live()
                else:
                    await self._stirred(None)
        finally:
            self._ended = True
            self._told.set()
            if self._packets is not None:
                self._packets.put_nowait(None)

    async def _live(self) -> None:
        """Use one device until it is lost or no longer wanted, or wait because there is none."""
        self._core.opening()
        try:
            recording = await self._open()
        except VoicechatError as error:
            await self._wait(self._core.failed(error))
            return
        self.name = recording.device.id.name
        self._core.opened(recording.device, recording.format)
        tasks = [asyncio.create_task(self._hear(recording))]
        if self._core.is_fallback:
            tasks.append(asyncio.create_task(self._look_for_wished()))
        try:
            await self._watch(tasks[0])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await recording.close()
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _open(self) -> Recording:
        problem = failures.no_microphone(self._sound.here)
        for number, device in enumerate(candidates(await self._sound.devices(), self._core.wished)):
            try:
                return await self._sound.open_in_any(device, self._policy.queue_s)
            except VoicechatError as error:
                problem = problem if number else error
        raise problem

    async def _watch(self, hearing: asyncio.Task[None]) -> None:
        """Wait until the open device is lost or no longer wanted."""
        hearing.add_done_callback(lambda _: self._stir.set())
        while self._core.is_wanted and not self._core.must_reopen:
            if hearing.done():
                self.remarks.append(failures.lost(self.name).message)
                self._give(self._core.lost())
                return
            await self._stirred(None)
        if not self._core.is_wanted:
            self._core.closed()

    async def _hear(self, recording: Recording) -> None:
        """Hand what a device delivers to the core, until nothing more comes."""
        while (block := await self._next_block(recording)) is not None:
            if block.lost_frames:
                self._core.overflowed(block.lost_frames)
            begun_at = block.end - len(block.pcm) / (
                SAMPLE_WIDTH * recording.format.channels * recording.format.rate
            )
            self._give(self._core.block(block.pcm, begun_at))

    async def _next_block(self, recording: Recording) -> Block | None:
        # After a long busy spell the loop sees timeout and audio together; only a second look can tell.
        for within_s in (self._policy.lost_after_s, _SECOND_LOOK_S):
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    return await recording.read()
        return None

    async def _look_for_wished(self) -> None:
        """Wait until the chosen device is back and can be opened."""
        wished = self._core.wished
        while wished is not None:
            await asyncio.sleep(self._core.look_in_s)
            # What fails now may work at the next look; meanwhile the open device goes on.
            with suppress(VoicechatError):
                device = find(await self._sound.devices(), wished)
                if device is not None and None in (await self._sound.check(device, formats(device))).values():
                    self._core.returned(wished)
                    self._stir.set()
                    return

    def _give(self, packets: list[Samples]) -> None:
        """Hand packets to the listener."""
        if self._packets is not None:
            for packet in packets:
                if self._packets.qsize() < self._policy.queue_s * 1000 / self._policy.packet_ms:
                    self._packets.put_nowait(packet)
                else:
                    self._core.dropped(packet)
            if not self._core.is_talking:
                self._packets.put_nowait(None)
        self._told.set()
        self._stir.set()

    async def _wait(self, seconds: float) -> None:
        """Wait until the next attempt is due, or until there is a reason to make it now."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        while self._core.is_wanted and not self._core.must_reopen and loop.time() < due:
            await self._stirred(due - loop.time())

    async def _stirred(self, seconds: float | None) -> None:
        self._told.set()
        self._stir.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stir.wait()
