"""One speaker of a scenario, who performs the steps in order."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import numpy as np

from voicechat_common.audio import SAMPLE_RATE, Samples
from voicechat_common.transcript import join_texts
from voicechat_tui.replay.scenario.compare import character_error_rate, comparable
from voicechat_tui.replay.scenario.model import (
    Cut,
    Expect,
    Flush,
    Play,
    Silence,
    Speaker,
    Step,
    Stop,
    Wait,
)
from voicechat_tui.replay.stream import StreamRun
from voicechat_tui.sources.base import PacketCutter
from voicechat_tui.sources.file import FileSource


@dataclass(frozen=True)
class Outcome:
    """The result of an expectation.

    Attributes:
        step: The number of the step, from 1.
        expected: The text that was expected, reduced to what is compared.
        got: The text that was recognised, reduced to what is compared.
        cer: The character error rate between them.
        max_cer: What was allowed.
    """

    step: int
    expected: str
    got: str
    cer: float
    max_cer: float

    @property
    def passed(self) -> bool:
        """Whether the expectation was met."""
        return self.cer <= self.max_cer


class SpeakerActor:
    """Performs one speaker's steps.

    Args:
        speaker: The steps.
        run: The speaker's stream, at 16 kHz.
        directory: Where the scenario's recordings are.
        report: Called with the result of each expectation, as soon as it is known.
        packet_ms: Length of the packets.
        speed: How many times faster than speech, unless a step says otherwise.

    Attributes:
        failed: Whether an expectation was not met.
    """

    def __init__(
        self,
        speaker: Speaker,
        run: StreamRun,
        directory: Path,
        report: Callable[[Outcome], Awaitable[None]],
        *,
        packet_ms: int,
        speed: float,
    ) -> None:
        self.failed = False
        self._report = report
        self._speaker = speaker
        self._run = run
        self._directory = directory
        self._packet_ms = packet_ms
        self._speed = speed
        self._finals_expected = 0

    async def act(self) -> None:
        """Do all the steps, once the server is ready."""
        await self._run.ready.wait()
        for number, step in enumerate(self._speaker.steps, start=1):
            await self._do(number, step)

    async def _do(self, number: int, step: Step) -> None:
        match step:
            case Play():
                async with FileSource(self._directory / step.play, self._packet_ms, SAMPLE_RATE) as source:
                    await self._run.feed(source.packets(), step.speed or self._speed)
            case Silence():
                await self._run.feed(self._silence(step.silence), self._speed)
            case Wait():
                await asyncio.sleep(step.wait)
            case Flush():
                self._run.client.flush()
            case Cut():
                self._run.client.cut()
            case Stop():
                self._run.client.stop()
            case Expect():
                outcome = await self._expect(number, step)
                self.failed = self.failed or not outcome.passed
                await self._report(outcome)
            case _:
                assert_never(step)

    async def _silence(self, seconds: float) -> AsyncGenerator[Samples, None]:
        cutter = PacketCutter(SAMPLE_RATE * self._packet_ms // 1000)
        for packet in [*cutter.push(np.zeros(int(SAMPLE_RATE * seconds), np.int16)), *cutter.finish()]:
            yield packet

    async def _expect(self, number: int, step: Expect) -> Outcome:
        """Wait until the text is as expected, or the time is up, or no more text can come.

        Only when the time is up can silence be distinguished from late text.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + step.within_s
        while True:
            self._run.changed.clear()
            outcome = self._compare(number, step)
            left = deadline - loop.time()
            if (outcome.passed and outcome.expected) or self._run.ended or left <= 0:
                self._finals_expected = len(self._finals())
                return outcome
            with suppress(TimeoutError):
                await asyncio.wait_for(self._run.changed.wait(), left)

    def _compare(self, number: int, step: Expect) -> Outcome:
        finals = self._finals()
        if step.of == "segment":
            finals = finals[self._finals_expected :][-1:]
        expected, got = comparable(step.expect), comparable(join_texts(finals))
        return Outcome(number, expected, got, character_error_rate(expected, got), step.max_cer)

    def _finals(self) -> list[str]:
        return [segment.text for segment in self._run.client.transcript.segments if segment.is_final]
