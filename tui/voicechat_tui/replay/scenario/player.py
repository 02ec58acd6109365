"""Playing a scenario: all speakers at the same time, each with a stream, a task and a verdict."""

import asyncio
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.text import Text

from voicechat_common.audio import SAMPLE_RATE
from voicechat_common.errors import VoicechatError
from voicechat_common.protocol.speech import Start
from voicechat_tui.client.speech.client import SpeechClient
from voicechat_tui.console.exit_codes import ExitCode, exit_code_of
from voicechat_tui.console.interrupt import Interrupt
from voicechat_tui.console.screen import Screen
from voicechat_tui.language import _
from voicechat_tui.replay.listeners import JsonListener, Listener, TalkListener, TextListener, json_line
from voicechat_tui.replay.options import ReplayOptions
from voicechat_tui.replay.scenario.actor import Outcome, SpeakerActor
from voicechat_tui.replay.scenario.compare import diff
from voicechat_tui.replay.scenario.loader import load_scenario
from voicechat_tui.replay.scenario.model import Scenario, Speaker
from voicechat_tui.replay.stream import StreamRun
from voicechat_tui.sources.pacing import SteadyClock


async def play_scenario(options: ReplayOptions, path: Path, screen: Screen, interrupt: Interrupt) -> ExitCode:
    """Play a scenario to its end, whatever fails along the way.

    Returns:
        The status of the first speaker, in the order of the file, for whom something failed.

    Raises:
        VoicechatError: If the scenario can't be played at all.
    """
    scenario = await asyncio.to_thread(load_scenario, path)
    if scenario.title:
        screen.note(scenario.title)
    tasks = [
        asyncio.create_task(_play_speaker(speaker, scenario, options, path.parent, screen, interrupt))
        for speaker in scenario.speakers
    ]
    try:
        codes = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        screen.clear()
    if interrupt.asked.is_set():
        return ExitCode.INTERRUPTED
    return next((code for code in codes if code), ExitCode.OK)


async def _play_speaker(
    speaker: Speaker,
    scenario: Scenario,
    options: ReplayOptions,
    directory: Path,
    screen: Screen,
    interrupt: Interrupt,
) -> ExitCode:
    start = Start(
        user=speaker.name,
        chat_id=speaker.chat or options.chat_id,
        chunk_size=speaker.chunk_size or options.chunk_size,
        endpointing=speaker.endpointing if options.endpointing else False,
    )
    run = StreamRun(
        SpeechClient(options.url, start, options.policy),
        start.sample_rate,
        _listeners(speaker, options, screen),
        SteadyClock(),
        interrupt,
    )
    actor = SpeakerActor(
        speaker,
        run,
        directory,
        partial(_report, speaker, options, screen),
        packet_ms=options.packet_ms,
        speed=options.speed or scenario.speed,
    )
    code = ExitCode.OK
    try:
        receipt = await run.run(actor.act)
    except VoicechatError as error:
        code = exit_code_of(error)
        screen.note(f"{speaker.name}:")
        screen.error(error)
    else:
        if receipt is not None:
            screen.note(f"{speaker.name}: {receipt}")
    if actor.failed:
        return ExitCode.FAILED
    return code or (ExitCode.AUDIO_LOST if run.timing.lost_ms else ExitCode.OK)


def _listeners(speaker: Speaker, options: ReplayOptions, screen: Screen) -> list[Listener]:
    talk = TalkListener(screen, speaker.name)
    if options.json:
        return [JsonListener(screen, {"speaker": speaker.name}), talk]
    return [TextListener(screen, speaker.name, None, SAMPLE_RATE), talk]


async def _report(speaker: Speaker, options: ReplayOptions, screen: Screen, outcome: Outcome) -> None:
    """Say whether an expectation was met; show the difference if not."""
    what = _(
        "{name}, step {step}: character error rate {rate:.1%}",
        name=speaker.name,
        step=outcome.step,
        rate=outcome.cer,
    )
    if outcome.passed:
        screen.note(f"{_('pass')}  {what}")
    else:
        most = _(", at most {rate:.1%} allowed", rate=outcome.max_cer)
        screen.note(Text.assemble((_("FAIL"), "bold red"), f"  {what}{most}"))
        screen.note(diff(outcome.expected, outcome.got, screen.width))
    if options.json:
        fields = {"speaker": speaker.name, "type": "expectation", "passed": outcome.passed, **asdict(outcome)}
        await screen.data(json_line(fields))
