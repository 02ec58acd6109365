"""Replaying files and standard input, one stream after another."""

import asyncio
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.console.exit_codes import ExitCode, exit_code_of
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.screen import Screen
from voicechat_tui.files.new_file import create
from voicechat_tui.language import _
from voicechat_tui.replay.listeners import JsonListener, Listener, TalkListener, TextListener, json_line
from voicechat_tui.replay.options import STDIN, ReplayOptions
from voicechat_tui.replay.stream import StreamRun
from voicechat_tui.replay.subtitles import cues_of, srt
from voicechat_tui.sources.base import AudioSource
from voicechat_tui.sources.file import FileSource
from voicechat_tui.sources.pacing import SteadyClock
from voicechat_tui.sources.stdin import StdinSource

_HOPELESS = frozenset({ExitCode.USAGE, ExitCode.UNREACHABLE, ExitCode.AUDIO_LOST})
"""After these, the next file would fare no better."""


async def replay_files(options: ReplayOptions, screen: Screen, interrupt: Interrupt) -> ExitCode:
    """Replay every input; a bad file does not prevent the next ones from being played.

    Returns:
        The status of the first input that failed.
    """
    worst = ExitCode.OK
    for name in options.inputs:
        code = ExitCode.OK
        try:
            code = await _replay_one(name, options, screen, interrupt)
        except VoicechatError as error:
            code = exit_code_of(error)
            screen.error(error)
            if options.json:
                await screen.data(_error_line(name, error))
        worst = worst or code
        if interrupt.asked.is_set():
            return ExitCode.INTERRUPTED
        if code in _HOPELESS:
            break
    return worst


async def _replay_one(name: str, options: ReplayOptions, screen: Screen, interrupt: Interrupt) -> ExitCode:
    async with _source(name, options) as source:
        client = SpeechClient(options.url, options.start(source.sample_rate), options.policy)
        label = source.name if len(options.inputs) > 1 else None
        speed = options.speed or (math.inf if source.is_live else 1.0)
        hearing = listeners(source, label, options, screen)
        try:
            return await play(source, client, speed, hearing, screen, interrupt)
        finally:
            screen.clear()
            if options.srt is not None:
                await _write_srt(options.srt, client, screen)


async def play(
    source: AudioSource,
    client: SpeechClient,
    speed: float,
    hearing: Sequence[Listener],
    screen: Screen,
    interrupt: Interrupt,
) -> ExitCode:
    """Send a source to its end, and print remarks and the receipt.

    Args:
        source: The audio, entered.
        client: Its stream, not entered.
        speed: How many times faster than speech.
        hearing: What handles the events.
        screen: Where remarks and the receipt are printed.
        interrupt: May end it early.

    Returns:
        Whether audio was lost, was not in the format it was sent as, or gave text that was not stored.
    """
    run = StreamRun(client, source.sample_rate, hearing, SteadyClock(), interrupt)

    async def feed() -> None:
        # A recording waits until the server is ready; a live source goes on, and is kept meanwhile.
        if not source.is_live:
            await run.ready.wait()
        await run.feed(source.packets(), speed)

    receipt = await run.run(feed)
    for remark in source.remarks:
        screen.note(remark)
    if receipt is not None:
        screen.note(f"{source.name}: {receipt}")
    if run.timing.lost_ms:
        return ExitCode.AUDIO_LOST
    if run.is_misread:
        return ExitCode.BAD_AUDIO
    return ExitCode.FAILED if receipt is not None and receipt.unstored else ExitCode.OK


def listeners(
    source: AudioSource, label: str | None, options: ReplayOptions, screen: Screen
) -> list[Listener]:
    """Return the listener that prints the events of a source.

    Args:
        source: The audio, entered.
        label: What to put in front of each line of text, if anything.
        options: What was asked for.
        screen: Where to print.
    """
    talk = TalkListener(screen, label)
    if options.json:
        return [JsonListener(screen, {"file": source.name}), talk]
    return [TextListener(screen, label, source.duration_s, source.sample_rate), talk]


def _source(name: str, options: ReplayOptions) -> AudioSource:
    if name != STDIN:
        return FileSource(Path(name), options.packet_ms)
    if sys.stdin is None or sys.stdin.isatty():
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("Standard input is a terminal, not audio."),
            _("Pipe audio into it: `arecord -f S16_LE -r 16000 -t raw | voicechat-tui replay -`."),
        )
    return StdinSource(sys.stdin.fileno(), options.rate, options.packet_ms)


async def _write_srt(wanted: Path, client: SpeechClient, screen: Screen) -> None:
    text = srt(cues_of(client.transcript.segments))
    path = await asyncio.to_thread(create, wanted, text.encode())
    if path != wanted:
        screen.note(_("{wanted} already exists; the subtitles are in {path}.", wanted=wanted, path=path))


def _error_line(name: str, error: VoicechatError) -> str:
    return json_line(
        {
            "file": name,
            "type": "error",
            "code": error.code,
            "message": error.message,
            "advice": error.advice,
            "fatal": True,
        }
    )
