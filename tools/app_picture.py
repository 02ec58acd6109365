"""Write docs/images/chat.svg: the app as it draws a chat in which somebody is speaking.

    python -m tools.app_picture

The conversation consists of the recordings that ship with the demo model.
"""

import asyncio
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

from tests.support.samples import transcripts
from tests.support.staged import CHAT, StagedBackend, caught_up, connected, spoken, staged_app, stored
from tests.support.staged_sound import HEADSET, StagedSound
from voicechat_common.levels import Level
from voicechat_common.protocol.chat import MessageKind
from voicechat_common.protocol.speech import Ack
from voicechat_tui.client.chat.events import NetworkDelay
from voicechat_tui.sources.microphone.events import LevelChanged, Opened
from voicechat_tui.voice.events import TalkHeard

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "chat.svg"
SIZE = (96, 24)


async def draw() -> str:
    """Return the picture."""
    said = transcripts()
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, sound=sound, chat=CHAT)
    async with app.run_test(size=SIZE) as pilot:
        await _until(lambda: bool(sound.voices and backend.links))
        backend.links[0].tell(
            connected("alice", "bob", "小明"),
            stored(1, "bob", "Good morning! Can everybody hear me?", minutes=26),
            stored(2, "小明", said["greeting"], kind=MessageKind.SPEECH, minutes=26.5),
            stored(3, "alice", said["network"], kind=MessageKind.SPEECH, minutes=27),
            stored(4, "bob", "I have looked at it; the line is back since eleven.", minutes=28),
            stored(5, "小明", said["meeting"], kind=MessageKind.SPEECH, minutes=28.5),
            stored(6, "bob", "Fine. I send the list after the meeting.", minutes=29),
            caught_up(6),
            spoken("小明", said["weather"][:-4], 1),
            spoken("alice", said["complaint"][:8], 1),
            spoken("小明", said["weather"], 2),
            spoken("alice", said["complaint"][:13], 2),
            NetworkDelay(ms=12.0),
        )
        await pilot.press("f2")
        sound.voices[0].tell(
            Opened(HEADSET.id, 48_000),
            LevelChanged(Level(-17.0, -9.0)),
            TalkHeard(1, Ack(received_samples=0, decoded_samples=0, lag_ms=240)),
        )
        screen = app.chats.screen
        await _until(lambda: screen is not None and len(screen.timeline.rows) == 8 and app.status.lag_ms)
        await pilot.pause()
        return app.export_screenshot()


async def _until(happened: Callable[[], object]) -> None:
    for _ in repeat(None):
        if happened():
            return
        await asyncio.sleep(0.01)


def main() -> None:
    """Write the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(asyncio.run(draw()), encoding="utf-8", newline="\n")
    print(PICTURE)


if __name__ == "__main__":
    main()
