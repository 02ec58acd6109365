"""A microphone as a source of audio that never gives up: it is opened, lost, replaced and taken up again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from voicechat_common.audio import SAMPLE_RATE, Samples
from voicechat_common.errors import VoicechatError
from voicechat_common.levels import Level
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.block_queue import BlockQueue
from voicechat_tui.sources.microphone.core import MicrophoneCore, State
from voicechat_tui.sources.microphone.devices import DeviceName, candidates
from voicechat_tui.sources.microphone.events import MicrophoneEvent
from voicechat_tui.sources.microphone.opening import open_device
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.portaudio import OpenStream, SoundSystem
from voicechat_tui.sources.microphone.probe import is_there


class Microphone:
    """A microphone. An async context manager; a warm one is opened at once, another one with the first talk.

    It fails with no error: `events` tells what is wrong with it, and it goes on looking for one that works.

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
        self._blocks: BlockQueue | None = None
        self._packets: asyncio.Queue[Samples | None] | None = None
        self._stir = asyncio.Event()
        self._told = asyncio.Event()
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="microphone")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._core.state

    @property
    def is_muted(self) -> bool:
        """Whether it is muted."""
        return self._core.is_muted

    @property
    def level(self) -> Level:
        """How loud it is."""
        return self._core.level

    async def packets(self) -> AsyncGenerator[Samples, None]:
        """Talk: give what is heard until `hush`; a warm microphone also gives what was heard just before.

        Where it was muted or lost in between, there is an empty packet.
        """
        if self._packets is not None:
            raise RuntimeError("somebody talks already")
        self._take_blocks()
        packets: asyncio.Queue[Samples | None] = asyncio.Queue()
        self._packets = packets
        self._give(self._core.talk())
        try:
            while (packet := await packets.get()) is not None:
                yield packet
        finally:
            self._packets = None
            self.hush()

    def hush(self) -> None:
        """End the talk; what is on its way still comes."""
        self._give(self._core.hush())

    def mute(self, *, muted: bool = True) -> None:
        """Mute it, or not any more. What is heard meanwhile goes nowhere."""
        self._take_blocks()
        self._give(self._core.mute(muted=muted))

    def choose(self, wished: DeviceName | None) -> None:
        """Take another microphone, or the system's default."""
        self._core.choose(wished)
        self._stir.set()

    async def events(self) -> AsyncIterator[MicrophoneEvent]:
        """Tell what happens, until the microphone is left; for one reader."""
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

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _run(self) -> None:
        is_fresh = True
        try:
            while True:
                if self._core.is_wanted:
                    is_fresh = await self._live(refresh=not is_fresh)
                else:
                    await self._stirred(None)
        finally:
            self._ended = True
            self._told.set()
            if self._packets is not None:
                self._packets.put_nowait(None)

    async def _live(self, *, refresh: bool) -> bool:
        """Live with one device, or with none; return whether what PortAudio knows of devices still holds."""
        self._core.opening()
        try:
            stream, blocks = await self._open(refresh=refresh)
        except VoicechatError as error:
            # It may only have been looked for at its old place.
            if refresh:
                await self._wait(self._core.failed(error))
            return False
        try:
            return await self._listen(stream, blocks)
        finally:
            self._blocks = None
            await self._close(stream)

    async def _open(self, *, refresh: bool) -> tuple[OpenStream, BlockQueue]:
        devices = await (self._sound.refresh() if refresh else self._sound.devices())
        problem = failures.no_microphone(self._sound.here)
        for number, device in enumerate(candidates(devices, self._core.wished)):
            try:
                return await open_device(self._sound, device, self._policy.queue_s, self._stir.set)
            except VoicechatError as error:
                problem = problem if number else error
        raise problem

    async def _listen(self, stream: OpenStream, blocks: BlockQueue) -> bool:
        """Hear one device until it is lost or no longer wanted; return as `_live` does."""
        self.name = stream.device.id.name
        self._core.opened(stream.device, stream.format, self._now)
        self._blocks = blocks
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look_for_wished()) if self._core.is_fallback else None
            is_fresh = await self._hear(blocks)
            if looking is not None:
                looking.cancel()
        return is_fresh

    async def _hear(self, blocks: BlockQueue) -> bool:
        while self._core.is_wanted and not self._core.must_reopen:
            has_ended = blocks.ended
            self._take_blocks()
            if has_ended or self._core.is_silent(self._now):
                self.remarks.append(failures.lost(self.name).message)
                self._give(self._core.lost())
                return False
            await self._stirred(self._policy.check_s)
        if self._core.is_wanted:
            return False
        self._core.closed()
        return True

    async def _look_for_wished(self) -> None:
        """Wait until the wished device is there again."""
        wished = self._core.wished
        while wished is not None:
            await asyncio.sleep(self._core.look_in_s)
            if await is_there(wished):
                self._core.returned(wished)
                self._stir.set()
                return

    async def _close(self, stream: OpenStream) -> None:
        # Audio that hangs was told already, or nobody is left to hear of it.
        with suppress(VoicechatError):
            await self._sound.close(stream)

    def _take_blocks(self) -> None:
        """Hand what has come to the core."""
        if self._blocks is None:
            return
        for block in self._blocks.take():
            self._give(self._core.block(block, self._now))
        lost_bytes = self._blocks.take_losses()
        if lost_bytes is not None:
            self._core.overflowed(lost_bytes)

    def _give(self, packets: list[Samples]) -> None:
        """Hand packets to who listens; wake everybody whom a change concerns."""
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
        """Wait for the next attempt, or for a reason to make it now."""
        due = self._now + seconds
        self._told.set()
        while self._core.is_wanted and not self._core.must_reopen and self._now < due:
            await self._stirred(due - self._now)

    async def _stirred(self, seconds: float | None) -> None:
        self._stir.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stir.wait()
