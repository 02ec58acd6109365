"""This machine's microphones, through PortAudio in separate processes."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from voicechat_tui.language import _
from voicechat_tui.sources import portaudio_process
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.devices import DeviceName, Format, InputDevice, formats
from voicechat_tui.sources.microphone.failures import Refusal
from voicechat_tui.sources.microphone.surroundings import Surroundings, look_around
from voicechat_tui.sources.portaudio_process import BLOCKS_PER_S, HEADER

_LISTS_WITHIN_S = 15.0
"""A sound server that is starting may take a while to list its devices."""
_OPENS_WITHIN_S = 5.0
"""A Bluetooth headset takes up to three seconds; one that has just vanished never answers."""
_ENDS_WITHIN_S = 1.0


class RefusedError(Exception):
    """PortAudio refused a request.

    Args:
        refusal: The error it gave.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass(frozen=True)
class Block:
    """A piece of a recording.

    Attributes:
        pcm: Interleaved 16-bit samples.
        lost_frames: How many were lost before it; -1 if some were lost and nobody knows how many.
        end: When its last sample was recorded, in seconds of `time.monotonic`.
    """

    pcm: bytes
    lost_frames: int
    end: float


class Recording:
    """An open microphone.

    Args:
        device: The microphone.
        opened_as: How it was opened.
        process: The process that records it.

    Attributes:
        device: The microphone.
        format: How it was opened.
    """

    def __init__(self, device: InputDevice, opened_as: Format, process: Process) -> None:
        self.device = device
        self.format = opened_as
        self._process = process
        self._header: tuple[int, int, float] | None = None

    async def read(self) -> Block | None:
        """Return the next block, or None after the last. May be cancelled without losing anything."""
        output = self._process.stdout
        try:
            if self._header is None:
                self._header = HEADER.unpack(await output.readexactly(HEADER.size)) if output else (0, 0, 0.0)
            length, lost_frames, end = self._header
            pcm = await output.readexactly(length) if output else b""
        except asyncio.IncompleteReadError:
            return None
        self._header = None
        return Block(pcm, lost_frames, end)

    async def close(self) -> None:
        """Close the microphone; nothing happens if it is closed already."""
        await _end(self._process)


class SoundSystem:
    """The microphones of this machine.

    Args:
        here: Where the client runs; detected if not given.
    """

    def __init__(self, here: Surroundings | None = None) -> None:
        self.here = here or look_around()

    async def devices(self) -> list[InputDevice]:
        """Return the microphones available now, the default first.

        Raises:
            VoicechatError: `no_portaudio`, or `microphone_failed` if it does not work.
        """
        answer = await self._ask({"do": "list"})
        found = [
            InputDevice(
                DeviceName(info["name"], info["host_api"]),
                info["index"],
                info["channels"],
                info["rate"],
                info["is_default"],
            )
            for info in answer["devices"]
        ]
        return sorted(found, key=lambda device: not device.is_default)

    async def check(self, device: InputDevice, wanted: Sequence[Format]) -> dict[Format, Refusal | None]:
        """Return, for each of some formats, why a microphone does not open in it, or None if it does."""
        answer = await self._ask({"do": "check", **_meaning(device, wanted)})
        refusals = [None if told is None else Refusal(**told) for told in answer["refusals"]]
        return dict(zip(wanted, refusals, strict=True))

    async def open(self, device: InputDevice, wanted: Format, queue_s: float) -> Recording:
        """Open a microphone.

        Args:
            device: Which one.
            wanted: How.
            queue_s: Audio that may wait to be read. Beyond that the newest is lost.

        Raises:
            RefusedError: If it does not open.
            VoicechatError: If there is no PortAudio, or it does not work.
        """
        kept = max(1, int(queue_s * BLOCKS_PER_S))
        request = {"do": "record", **_meaning(device, [wanted]), "format": _pair(wanted), "blocks_kept": kept}
        process = await _start(request)
        recording = Recording(device, wanted, process)
        try:
            answer = await self._answer(process, _OPENS_WITHIN_S)
        except BaseException:
            await recording.close()
            raise
        if "refusal" in answer:
            await recording.close()
            raise RefusedError(Refusal(**answer["refusal"]))
        return recording

    async def open_in_any(self, device: InputDevice, queue_s: float) -> Recording:
        """Open a microphone in the format recognition wants, or else in whatever format it supports.

        Args:
            device: Which one.
            queue_s: Audio that may wait to be read. Beyond that the newest is lost.

        Raises:
            VoicechatError: Why it does not open.
        """
        for wanted in formats(device):
            try:
                return await self.open(device, wanted, queue_s)
            except RefusedError as error:
                refusal = error.refusal
            if not refusal.is_about_format:
                break
        raise failures.cannot_open(device.id.name, refusal, self.here)

    async def _ask(self, request: dict[str, Any]) -> Any:
        process = await _start(request)
        try:
            return await self._answer(process, _LISTS_WITHIN_S)
        finally:
            await _end(process)

    async def _answer(self, process: Process, within_s: float) -> Any:
        try:
            async with asyncio.timeout(within_s):
                line = await process.stdout.readline() if process.stdout else b""
        except TimeoutError as error:
            raise failures.no_answer() from error
        if not line:
            raise failures.no_audio(_("PortAudio has crashed"))
        answer = json.loads(line)
        if "absent" in answer:
            no_package = answer["absent"] == "sounddevice"
            raise failures.no_sounddevice() if no_package else failures.no_portaudio(self.here)
        if "broken" in answer:
            raise failures.no_audio(answer["broken"])
        return answer


def _meaning(device: InputDevice, wanted: Sequence[Format]) -> dict[str, object]:
    return {
        "name": device.id.name,
        "host_api": device.id.host_api,
        "index": device.index,
        "formats": [_pair(one) for one in wanted],
    }


def _pair(wanted: Format) -> tuple[int, int]:
    return wanted.rate, wanted.channels


async def _start(request: dict[str, Any]) -> Process:
    command = (sys.executable, "-m", portaudio_process.__name__, json.dumps(request))
    try:
        # A separate session shields it from the terminal's Ctrl+C.
        return await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise failures.no_audio(error.strerror or str(error)) from error


async def _end(process: Process) -> None:
    """Let a process exit, which it does when its standard input is closed; kill it if it hangs."""
    if process.stdin is not None:
        process.stdin.close()
    # Its remaining output is read as well; otherwise asyncio would keep the pipe open.
    try:
        async with asyncio.timeout(_ENDS_WITHIN_S):
            await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):  # It may just have exited after all.
            process.kill()
        await process.communicate()
