"""The app under load, without a terminal and without a network: the cost of its own work."""

import asyncio
import gc
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.events import Key

from tests.support.staged import CHAT, StagedBackend, caught_up, connected, spoken, staged_app, stored
from tests.support.staged_sound import StagedSound
from voicechat_common.protocol.chat import MessageKind
from voicechat_tui.client.chat.events import ChatEvent
from voicechat_tui.client.chat.timeline import LIMIT
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.screens import chat as chat_screen
from voicechat_tui.ui.screens.chat import ChatScreen

SIZE = (120, 40)
NO_FRAMES = 0.001
"""Draw every change almost immediately, so that work is measured, not waiting."""
SENTENCE = "我们今天先讨论网络的问题再讨论下个月的计划最后看一看大家还有什么别的事情要说"
SEGMENTS_PER_HOUR = 720
"""A segment every five seconds."""
PARTIALS = 8
"""Partials of a segment: one for each step of the recogniser."""
SPEAKERS = 10
UPDATES_PER_S = 20
POLL_S = 0.001


@dataclass(frozen=True)
class Hour:
    """What an hour of speech took at its beginning and at its end.

    Attributes:
        first_ms: Median time of an update until it is drawn, in the first tenth.
        last_ms: The same in the last tenth.
        first_mb: Memory of the process after the first tenth.
        last_mb: Memory at the end.
    """

    first_ms: float
    last_ms: float
    first_mb: float
    last_mb: float


@dataclass(frozen=True)
class Full:
    """What a message takes in a full chat, until it is drawn.

    Attributes:
        p95_ms: 95th percentile.
        longest_ms: The longest.
    """

    p95_ms: float
    longest_ms: float


@dataclass
class Stage:
    """The app with an open chat."""

    app: VoicechatApp
    backend: StagedBackend
    screen: ChatScreen

    def tell(self, *events: ChatEvent) -> None:
        """Deliver events to the chat."""
        self.backend.links[0].tell(*events)

    def shows(self, count: int, text: str) -> bool:
        """Return whether so many rows are drawn, the last with this text."""
        return len(self.screen.timeline.rows) == count and self.ends_with(text)

    def ends_with(self, text: str) -> bool:
        """Return whether the last drawn row has this text."""
        return self.screen.timeline.rows[-1].text == text

    def has_written(self, before: str) -> bool:
        """Return whether the composer's text has changed."""
        return self.screen.composer.text != before


@asynccontextmanager
async def open_chat(frame_s: float = chat_screen.FRAME_S) -> AsyncIterator[Stage]:
    """Hold the app with an open chat while the context lasts.

    Args:
        frame_s: How often the conversation is drawn at most.
    """
    chat_screen.FRAME_S = frame_s
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, sound=sound, chat=CHAT)
    async with app.run_test(size=SIZE):
        await until(app, lambda: bool(sound.voices))
        if (screen := app.chats.screen) is None:
            raise RuntimeError("the chat is not open")
        stage = Stage(app, backend, screen)
        stage.tell(connected(), caught_up())
        yield stage


async def hour_of_speech() -> Hour:
    """Replay an hour of speech into one chat, each update as soon as the one before is drawn."""
    times: list[float] = []
    memory: list[float] = []
    async with open_chat(NO_FRAMES) as stage:
        for segment in range(1, SEGMENTS_PER_HOUR + 1):
            for revision in range(1, PARTIALS + 1):
                text = SENTENCE[: len(SENTENCE) * revision // PARTIALS]
                began = time.perf_counter()
                stage.tell(spoken("bob", text, revision, f"s{segment}"))
                await until(stage.app, partial(stage.shows, segment, text))
                times.append((time.perf_counter() - began) * 1000)
            stage.tell(stored(segment, "bob", SENTENCE, kind=MessageKind.SPEECH, message_id=f"s{segment}"))
            if segment in (SEGMENTS_PER_HOUR // 10, SEGMENTS_PER_HOUR):
                memory.append(memory_mb())
    part = len(times) // 10
    return Hour(statistics.median(times[:part]), statistics.median(times[-part:]), memory[0], memory[-1])


async def scrolling(messages: int) -> float:
    """Return the 95th percentile of the milliseconds that a page of a long history takes."""
    times = []
    async with open_chat() as stage:
        for seq in range(1, messages + 1):
            stage.tell(stored(seq, f"person {seq % 7}", f"{seq} {SENTENCE}"))
        await until(stage.app, lambda: len(stage.screen.timeline.rows) == messages)
        for _ in range(200):
            began = time.perf_counter()
            stage.screen.action_page_up()
            await asyncio.sleep(0)
            for line in range(stage.screen.timeline.size.height):
                stage.screen.timeline.render_line(line)
            times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 95)


async def full_chat() -> Full:
    """Return what messages take in a chat that has as many as are kept, until the oldest have given way."""
    times = []
    async with open_chat(NO_FRAMES) as stage:
        for seq in range(1, LIMIT + 1):
            stage.tell(stored(seq, f"person {seq % 7}", f"{seq} {SENTENCE}"))
        await until(stage.app, lambda: len(stage.screen.timeline.rows) == LIMIT)
        for seq in range(LIMIT + 1, LIMIT + LIMIT // 10 + 2):
            began = time.perf_counter()
            stage.tell(stored(seq, f"person {seq % 7}", f"{seq} {SENTENCE}"))
            await until(stage.app, partial(stage.ends_with, f"{seq} {SENTENCE}"))
            times.append((time.perf_counter() - began) * 1000)
        if len(stage.screen.timeline.rows) != LIMIT:
            raise RuntimeError("the oldest messages have not given way")
    return Full(percentile(times, 95), max(times))


async def ten_speakers(seconds: float) -> float:
    """Return the 95th percentile of the milliseconds until a keystroke shows in the composer."""
    times = []
    async with open_chat() as stage, asyncio.TaskGroup() as group:
        speakers = [group.create_task(_speak(stage, f"person {number}")) for number in range(SPEAKERS)]
        composer = stage.screen.composer
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            before = composer.text
            began = time.perf_counter()
            stage.app.post_message(Key("x", "x"))
            await until(stage.app, partial(stage.has_written, before))
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.05)
        for speaker in speakers:
            speaker.cancel()
    return percentile(times, 95)


async def _speak(stage: Stage, name: str) -> None:
    """Speak endlessly, `UPDATES_PER_S` updates a second."""
    revision = 0
    due = time.perf_counter()
    while True:
        revision += 1
        stage.tell(spoken(name, SENTENCE[: 1 + revision % len(SENTENCE)], revision))
        due += 1 / UPDATES_PER_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def until(app: VoicechatApp, happened: Callable[[], bool]) -> None:
    """Wait until something can be seen; the app has no event for what only the eye would notice.

    Raises:
        RuntimeError: If the app ends before.
    """
    while not happened():
        if not app.is_running:
            raise RuntimeError("the app has ended") from app.crash
        await asyncio.sleep(POLL_S)


def percentile(values: list[float], percent: int) -> float:
    """Return a percentile."""
    return statistics.quantiles(values, n=100)[percent - 1]


def memory_mb() -> float:
    """Return the resident memory of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
