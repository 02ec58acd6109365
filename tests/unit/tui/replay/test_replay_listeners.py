"""What a person and what a program see of a stream's events."""

import io
import json

import pytest

from tests.support.terminal import terminal
from voicechat_common.protocol.speech import Ack, Error, Final, Partial
from voicechat_tui.client.connection.core import Retrying
from voicechat_tui.client.speech.events import AudioLost, Event, Resumed
from voicechat_tui.console.screen import Screen
from voicechat_tui.replay.listeners import JsonListener, Listener, TalkListener, TextListener


def partial(text: str, revision: int = 1, segment: int = 0) -> Partial:
    return Partial(segment=segment, revision=revision, text=text, start_ms=0, end_ms=500)


def final(text: str, segment: int = 0) -> Final:
    return Final(segment=segment, revision=9, text=text, start_ms=0, end_ms=1000, words=[(text, 0, 1000)])


def ack(samples: int) -> Ack:
    return Ack(received_samples=samples, decoded_samples=samples, lag_ms=0)


async def hear(listener: Listener, *events: Event) -> None:
    for event in events:
        await listener.hear(event)


async def test_finals_are_lines_of_standard_output() -> None:
    out, err = io.StringIO(), io.StringIO()
    listener = TextListener(Screen(out, err), None, 3.0, 16_000)
    await hear(listener, partial("你"), partial("你好", 2), final("你好"), final("", 1), final("再见", 2))
    assert out.getvalue() == "你好\n再见\n"
    assert err.getvalue() == ""


async def test_lines_of_several_files_begin_with_their_names() -> None:
    out = io.StringIO()
    await hear(TextListener(Screen(out, io.StringIO()), "a.wav", 3.0, 16_000), final("你好"))
    assert out.getvalue() == "a.wav: 你好\n"


async def test_a_final_is_one_line_whatever_is_in_it() -> None:
    out = io.StringIO()
    await hear(TextListener(Screen(out, io.StringIO()), None, 3.0, 16_000), final("你\n好\x1b[2J"))
    assert out.getvalue() == "你 好 [2J\n"


async def test_partials_rewrite_one_line_whose_tail_is_dim() -> None:
    out, err = io.StringIO(), terminal()
    listener = TextListener(Screen(out, err), None, 3.0, 16_000)
    await hear(listener, partial("你好"), partial("你好欢迎", 2), final("你好欢迎"))
    erase = "\r\x1b[2K"
    assert err.getvalue() == f"{erase}\x1b[2m你好\x1b[0m{erase}你好\x1b[2m欢迎\x1b[0m{erase}"


async def test_a_stale_partial_does_not_take_the_line_back() -> None:
    err = terminal()
    listener = TextListener(Screen(io.StringIO(), err), None, 3.0, 16_000)
    await hear(listener, partial("你好", 5))
    before = err.getvalue()
    await hear(listener, partial("你", 4))
    assert err.getvalue().removeprefix(before) == before


async def test_a_long_recording_shows_how_far_it_is() -> None:
    err = terminal()
    listener = TextListener(Screen(io.StringIO(), err), None, 120.0, 16_000)
    await hear(listener, ack(16_000 * 61))
    assert " 1:01/2:00 " in err.getvalue()
    assert "━" in err.getvalue()


async def test_a_short_recording_has_no_progress_bar() -> None:
    err = terminal()
    await hear(TextListener(Screen(io.StringIO(), err), None, 30.0, 16_000), ack(16_000 * 10))
    assert err.getvalue() == ""


async def test_json_is_one_event_a_line_with_its_file() -> None:
    out = io.StringIO()
    listener = JsonListener(Screen(out, io.StringIO()), {"file": "a.wav"})
    await hear(listener, partial("你好"), final("你好\n"), AudioLost(at_ms=5, ms=7))
    lines = out.getvalue().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["partial", "final", "audio_lost"]
    assert all(json.loads(line)["file"] == "a.wav" for line in lines)
    assert "你好" in lines[0]
    assert json.loads(lines[1])["words"] == [["你好\n", 0, 1000]]


@pytest.mark.parametrize(
    ("event", "note"),
    [
        (
            Resumed(resent_ms=1500, restarted=False),
            "a.wav: Connected again; resending 1.5 s of audio.",
        ),
        (
            Resumed(resent_ms=0, restarted=True),
            "a.wav: The server had lost the stream; a new one continues it; resending 0.0 s",
        ),
        (AudioLost(at_ms=65_000, ms=2_500), "a.wav: 2.5 s of audio starting at 1:05 were lost."),
        (
            Error(code="bad_json", message="No JSON.", advice="Send JSON."),
            "a.wav: The server says: No JSON. Send",
        ),
    ],
)
async def test_what_happens_to_the_connection_is_told(event: Event, note: str) -> None:
    err = io.StringIO()
    await hear(TalkListener(Screen(io.StringIO(), err), "a.wav"), event)
    assert err.getvalue().startswith(note)


async def test_waiting_for_one_reason_is_told_once() -> None:
    err = io.StringIO()
    talk = TalkListener(Screen(io.StringIO(), err), None)
    waits = [Retrying(in_s=1.0, reason="It loads.")] * 3
    await hear(talk, *waits, Retrying(in_s=1.0, reason="It broke off."))
    assert err.getvalue() == "It loads. Trying again.\nIt broke off. Trying again.\n"
