"""What is said while something does not arrive: why, what waits, and when the next attempt is made."""

import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.app.test_app_server import app_for
from tests.support.other_server import answering
from tests.support.server import free_port
from tests.support.staged import CHAT, StagedBackend, acked, caught_up, connected, staged_app, stored, until
from tests.support.staged_sound import HEADSET, StagedSound, StagedVoice
from tests.support.tls import make_certificate
from voicechat_common.levels import Level
from voicechat_common.protocol.speech import Ack
from voicechat_tui.client.chat.events import Postponed
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.speech.events import Resumed
from voicechat_tui.sources.microphone.events import LevelChanged, Opened
from voicechat_tui.ui.app import VoicechatApp
from voicechat_tui.ui.widgets.status_line import StatusLine
from voicechat_tui.voice.events import TalkEnded, TalkHeard

LOADING = Retrying(in_s=4.0, reason="The recogniser is not ready: Downloading (45% done).")
ACK = Ack(received_samples=16_000, decoded_samples=12_000, lag_ms=76)


def line(app: VoicechatApp) -> str:
    return str(app.screen.query_one(StatusLine).render())


def panel(app: VoicechatApp) -> str:
    return str(app.screen.query_one("#nothing", Static).render())


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def talking(
    clock: Clock,
) -> AsyncIterator[tuple[VoicechatApp, Pilot[None], StagedBackend, StagedVoice]]:
    """The app with a connected chat into which somebody talks."""
    backend, sound = StagedBackend(), StagedSound()
    app = staged_app(backend, chat=CHAT, sound=sound, clock=clock)
    async with app.run_test(size=(120, 24), notifications=True) as pilot:
        await until(pilot, lambda: sound.voices and backend.links)
        backend.links[0].tell(connected(), caught_up())
        voice = sound.voices[0]
        await pilot.press("f2")
        voice.tell(Opened(HEADSET.id, 48_000), LevelChanged(Level(-18.0, -12.0)), TalkHeard(1, ACK))
        await until(pilot, lambda: "lag 76 ms" in line(app) and "connected" in line(app))
        yield app, pilot, backend, voice


async def test_speech_that_waits_for_the_model_is_told_with_how_far_it_is_until_it_is_heard() -> None:
    clock = Clock()
    async with talking(clock) as (app, pilot, _, voice):
        voice.tell(TalkHeard(1, LOADING))
        await until(pilot, lambda: app.status.speech)
        clock.now += 2.0
        await until(pilot, lambda: "● connected  ○ speech waits 2 s: Downloading (45% done)" in line(app))
        assert "lag" not in line(app)
        voice.tell(TalkHeard(1, Resumed(resent_ms=0, restarted=True)))
        await until(pilot, lambda: "waits" not in line(app))


async def test_speech_waits_while_a_server_acknowledges_nothing() -> None:
    clock = Clock()
    async with talking(clock) as (app, pilot, _, voice):
        clock.now += 10.0
        voice.tell(LevelChanged(Level(-20.0, -12.0)))
        await until(pilot, lambda: "○ speech waits: the server says nothing" in line(app))
        assert "lag" not in line(app)
        voice.tell(TalkHeard(1, ACK))
        await until(pilot, lambda: "lag 76 ms" in line(app))


async def test_speech_of_a_chat_that_was_left_still_waits() -> None:
    clock = Clock()
    async with talking(clock) as (app, pilot, _, voice):
        voice.is_delivering = True
        voice.tell(TalkHeard(1, LOADING))
        await until(pilot, lambda: app.status.speech)
        await pilot.press("escape")
        clock.now += 2.0
        await until(pilot, lambda: "speech waits" in line(app))
        voice.tell(TalkEnded(1, None, 0))
        voice.end()
        await until(pilot, lambda: "speech waits" not in line(app))


async def test_texts_that_wait_are_counted_until_they_are_stored() -> None:
    clock = Clock()
    async with talking(clock) as (app, pilot, backend, _):
        link = backend.links[0]
        await pilot.press(*"one", "enter", *"two", "enter")
        await until(pilot, lambda: app.status.texts and app.status.texts.texts == 2)
        assert "wait" not in line(app)
        link.tell(Retrying(in_s=9.0, reason="The connection was lost: it broke off."))
        await until(pilot, lambda: "retrying in 9 s" in line(app))
        clock.now += 2.0
        await until(pilot, lambda: "retrying in 7 s: it broke off  ○ 2 texts wait" in line(app))
        link.tell(connected(), Postponed(client_message_id="own-0", in_s=5.0, reason="The disk is full."))
        await until(pilot, lambda: "● connected  ○ 2 texts wait 5 s: The disk is full" in line(app))
        link.tell(
            *[
                stored(n, "alice", text, client_message_id=f"own-{n - 1}")
                for n, text in ((1, "one"), (2, "two"))
            ]
        )
        link.tell(acked("own-0", 1), acked("own-1", 2))
        await until(pilot, lambda: "wait" not in line(app))


async def test_a_chat_says_when_it_is_tried_again() -> None:
    clock, backend = Clock(), StagedBackend()
    app = staged_app(backend, chat=CHAT, clock=clock, url="http://alice:secret@voice.example")
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: backend.links and app.chats.screen and app.chats.screen.is_mounted)
        await until(pilot, lambda: panel(app) == "Connecting to http://***@voice.example…")
        backend.links[0].tell(Retrying(in_s=5.0, reason="It is away: who knows.", advice="Look for it."))
        await until(
            pilot,
            lambda: panel(app) == "It is away: who knows. Look for it.\n\nTrying again in 5 s; ^r tries now.",
        )
        clock.now += 3.0
        await until(pilot, lambda: "in 2 s" in panel(app) and "retrying in 2 s: who knows" in line(app))
        clock.now += 3.0
        await until(pilot, lambda: "Trying again now…" in panel(app))
        backend.links[0].tell(connected(), caught_up())
        await until(pilot, lambda: "Nothing has been said here yet." in panel(app))


@pytest.fixture
def forbidding_server() -> Iterator[str]:
    """A server that lets nobody in."""
    with answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as address:
        yield f"ws://{address}"


async def test_a_chat_whose_server_is_none_says_so_and_counts_down() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        app = app_for(f"ws://127.0.0.1:{closed.getsockname()[1]}", CHAT)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.chats.screen and app.chats.screen.is_mounted)
            await until(pilot, lambda: "connection refused" in panel(app) and "rying again" in panel(app))
            await until(pilot, lambda: "nothing listens there" in line(app))


async def gives_up(url: str, reason: str) -> None:
    """Open a chat on a server that will never do, and read why."""
    app = app_for(url, CHAT)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.chats.screen and app.chats.screen.is_mounted)
        await until(pilot, lambda: reason in panel(app) and "^r tries again." in panel(app))


async def test_a_chat_whose_server_forbids_it_says_so(forbidding_server: str) -> None:
    await gives_up(forbidding_server, "HTTP 403")


async def test_a_chat_whose_server_is_not_trusted_says_so(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.file, certificate.key)
    with answering(b"", tls) as address:
        port = address.rpartition(":")[2]
        await gives_up(f"https://localhost:{port}", "its certificate is not trusted")


async def test_a_chat_whose_proxy_is_away_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://anna:secret@127.0.0.1:{free_port()}")
    app = app_for("http://voice.example", CHAT)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.chats.screen and app.chats.screen.is_mounted)
        await until(pilot, lambda: "nothing listens where the proxy should be" in line(app))
        await until(pilot, lambda: "The proxy http://***@127.0.0.1:" in panel(app))


async def test_a_chat_whose_server_speaks_something_else_says_so(garbage_server: str) -> None:
    await gives_up(garbage_server, "no voicechat server")
