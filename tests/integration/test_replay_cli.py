"""The replay command as a process: statuses, interrupts, pipes and terminals, against a scripted peer."""

import json
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.replay_cli import ended, replay, start_replay
from tests.support.samples import audio
from tests.support.server import LiveServer, free_port
from tests.support.speech_peer import (
    SpeechPeer,
    answer,
    drop_after,
    fall_silent_after,
    forget_after,
    refuse,
    say,
    speech_peer,
)
from voicechat_common.audio import Samples, bytes_of
from voicechat_common.protocol.speech import Error
from voicechat_tui.console.exit_codes import ExitCode

RAMP: Samples = np.arange(1, 16_001).astype(np.int16)
WHOLE = "<1..16000>"


@pytest.fixture
def ramp(tmp_path: Path) -> str:
    """A second of samples that tell their position."""
    soundfile.write(tmp_path / "ramp.wav", RAMP, 16_000)
    return str(tmp_path / "ramp.wav")


@pytest.fixture
async def peer() -> AsyncIterator[SpeechPeer]:
    async with speech_peer() as peer:
        yield peer


async def test_a_file_becomes_a_line_and_a_receipt(peer: SpeechPeer, ramp: str) -> None:
    result = await replay(ramp, "--url", peer.url, "--speed", "max")
    assert (result.code, result.out) == (ExitCode.OK, f"{WHOLE}\n")
    assert result.err.startswith("ramp.wav: 1.0 s of audio in ")
    assert "1 segment, nothing dropped" in result.err
    assert peer.audio == RAMP.tolist()


async def test_packets_are_as_long_as_asked_for(peer: SpeechPeer, ramp: str) -> None:
    await replay(ramp, "--url", peer.url, "--speed", "max", "--packet-ms", "20")
    assert set(peer.packets) == {640}


async def test_options_are_sent_to_the_server(peer: SpeechPeer, ramp: str) -> None:
    stream = ["--user", "anna", "--chat", "room", "--chunk-size", "0,8,4", "--no-endpointing"]
    assert (await replay(ramp, "--url", peer.url, "--speed", "max", *stream)).code == ExitCode.OK
    start = peer.counting.started[0]
    assert (start.user, start.chat_id, start.chunk_size, start.endpointing) == (
        "anna",
        "room",
        (0, 8, 4),
        False,
    )


async def test_several_files_are_several_streams(peer: SpeechPeer, ramp: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.flac", RAMP[:800], 8_000)
    result = await replay(ramp, str(tmp_path / "short.flac"), "--url", peer.url, "--speed", "max")
    assert (result.code, result.out) == (ExitCode.OK, f"ramp.wav: {WHOLE}\nshort.flac: <1..800>\n")
    assert [stream.rate for stream in peer.counting.all_streams] == [16_000, 8_000]


async def test_json_tells_every_event_with_its_file(peer: SpeechPeer, ramp: str) -> None:
    result = await replay(ramp, "--url", peer.url, "--speed", "max", "--json")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert {event["file"] for event in events} == {"ramp.wav"}
    kinds = [event["type"] for event in events]
    assert (kinds[0], kinds[-2:]) == ("ready", ["final", "done"])
    assert set(kinds) == {"ready", "partial", "ack", "final", "done"}
    assert events[-2]["text"] == WHOLE


async def test_subtitles_are_written(peer: SpeechPeer, ramp: str, tmp_path: Path) -> None:
    srt = tmp_path / "ramp.srt"
    result = await replay(ramp, "--url", peer.url, "--speed", "max", "--srt", str(srt))
    assert result.code == ExitCode.OK
    assert srt.read_text(encoding="utf-8") == f"1\n00:00:00,000 --> 00:00:01,000\n{WHOLE}\n\n"


async def test_subtitles_take_the_place_of_no_file(peer: SpeechPeer, ramp: str, tmp_path: Path) -> None:
    srt = tmp_path / "ramp.srt"
    srt.write_text("by hand", encoding="utf-8")
    result = await replay(ramp, "--url", peer.url, "--speed", "max", "--srt", str(srt))
    assert result.code == ExitCode.OK
    assert f"{srt} already exists; the subtitles are in {tmp_path / 'ramp-2.srt'}." in result.err
    assert srt.read_text(encoding="utf-8") == "by hand"
    assert WHOLE in (tmp_path / "ramp-2.srt").read_text(encoding="utf-8")


async def test_subtitles_can_be_piped_on(peer: SpeechPeer, ramp: str) -> None:
    result = await replay(ramp, "--url", peer.url, "--speed", "max", "--srt", "/dev/stdout")
    assert f"00:00:01,000\n{WHOLE}\n" in result.out


async def test_piped_audio_is_recognised(peer: SpeechPeer) -> None:
    result = await replay("-", "--url", peer.url, "--rate", "8000", data=bytes_of(RAMP))
    assert (result.code, result.out) == (ExitCode.OK, f"{WHOLE}\n")
    assert peer.counting.started[0].sample_rate == 8_000


async def test_audio_that_the_server_finds_to_be_of_another_form_is_no_usable_audio(
    live_server: LiveServer,
) -> None:
    data = (audio("talk") / np.float32(32_768)).astype("<f4").tobytes()[:400_000]
    result = await replay("-", "--url", live_server.ws, data=data)
    assert result.code == ExitCode.BAD_AUDIO
    assert "The server says: The audio looks like 32-bit floating-point samples" in result.err
    assert "ffmpeg" in result.err


async def test_a_piped_file_of_another_kind_is_refused(peer: SpeechPeer) -> None:
    result = await replay("-", "--url", peer.url, data=b"fLaC" + bytes(100))
    assert result.code == ExitCode.BAD_AUDIO
    assert "carries FLAC data" in result.err


async def test_bad_files_are_told_and_passed_over(peer: SpeechPeer, ramp: str, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.txt").write_text("not audio " * 20)
    bad = [str(tmp_path / name) for name in ("gone.wav", "empty.wav", "notes.txt", "")]
    result = await replay(*bad, ramp, "--url", peer.url, "--speed", "max", "--json")
    assert result.code == ExitCode.BAD_AUDIO
    for message in ("There is no file", "is empty (0 bytes)", "is not an audio file", "is a directory"):
        assert message in result.err
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [event["code"] for event in events[:4]] == ["bad_audio_file"] * 4
    assert events[-1]["type"] == "done"


async def test_a_file_damaged_further_in_still_gives_what_came_before(
    peer: SpeechPeer, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.flac"
    soundfile.write(path, np.random.default_rng(3).normal(0, 0.2, 64_000), 16_000)
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4 :][:600] = b"x" * 600
    path.write_bytes(data[: len(data) * 3 // 4])
    result = await replay(str(path), "--url", peer.url, "--speed", "max")
    assert result.code == ExitCode.BAD_AUDIO
    assert "is damaged" in result.err
    assert result.out.startswith("<")


@pytest.mark.parametrize("arguments", [[], ["-", "-"], ["a.wav", "--script", "b.toml"]])
async def test_usage_errors(arguments: list[str]) -> None:
    assert (await replay(*arguments)).code == ExitCode.USAGE


async def test_a_bad_script_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "scene.toml").write_text("speakers = 1")
    result = await replay("--script", str(tmp_path / "scene.toml"))
    assert result.code == ExitCode.USAGE
    assert "did you mean 'speaker'?" in result.err


async def test_no_server(ramp: str) -> None:
    result = await replay(ramp, ramp, "--url", f"127.0.0.1:{free_port()}", "--wait-ready", "0")
    assert result.code == ExitCode.UNREACHABLE
    assert result.err.count("nothing listens there") == 1
    assert "`voicechat-server`" in result.err


BUSY = Error(code="busy", message="It is full.", advice="Come back.", retry_after_s=0.01, fatal=True)
LOADING = Error(code="not_ready", message="It loads.", advice="Wait.", retry_after_s=0.05, fatal=True)
BROKEN = Error(code="recognition_failed", message="It broke.", advice="Look at the log.", fatal=True)


@pytest.mark.parametrize(
    ("error", "code"),
    [(BUSY, ExitCode.UNREACHABLE), (LOADING, ExitCode.UNREACHABLE), (BROKEN, ExitCode.FAILED)],
)
async def test_a_server_that_refuses(ramp: str, error: Error, code: ExitCode) -> None:
    async with speech_peer(refuse(error)) as peer:
        result = await replay(ramp, "--url", peer.url, "--wait-ready", "0.2")
    assert result.code == code
    assert f"error: {error.message}" in result.err
    assert "Traceback" not in result.err


async def test_a_server_that_gets_ready_in_time(ramp: str) -> None:
    async with speech_peer(refuse(LOADING), refuse(LOADING), answer) as peer:
        result = await replay(ramp, "--url", peer.url, "--speed", "max")
    assert (result.code, result.out) == (ExitCode.OK, f"{WHOLE}\n")
    assert result.err.count("It loads. Trying again.") == 1


async def test_something_that_is_no_voicechat_server(ramp: str) -> None:
    async with speech_peer(say("<html>")) as peer:
        assert (await replay(ramp, "--url", peer.url)).code == ExitCode.UNREACHABLE


async def test_a_connection_that_is_resumed_costs_nothing(ramp: str) -> None:
    async with speech_peer(drop_after(4), answer) as peer:
        result = await replay(ramp, "--url", peer.url, "--speed", "max")
        assert peer.audio == RAMP.tolist()
    assert (result.code, result.out) == (ExitCode.OK, f"{WHOLE}\n")
    assert "Connected again" in result.err


async def test_a_connection_that_is_not_resumed(ramp: str) -> None:
    async with speech_peer(drop_after(4), drop_after(0)) as peer:
        result = await replay(ramp, "--url", peer.url, "--speed", "max", "--reconnect", "0.3")
    assert result.code == ExitCode.AUDIO_LOST
    assert "error: The connection was lost" in result.err


async def test_lost_audio_shows_in_the_status(ramp: str) -> None:
    async with speech_peer(forget_after(6), answer) as peer:
        result = await replay(ramp, "--url", peer.url, "--chat", "room", "--speed", "20")
    assert result.code == ExitCode.AUDIO_LOST
    assert " ms lost" in result.err


async def test_ctrl_c_still_prints_what_was_said(peer: SpeechPeer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.resize(RAMP, 16_000 * 60), 16_000)
    process = await start_replay(str(tmp_path / "long.wav"), "--url", peer.url)
    await peer.heard(1)
    process.send_signal(signal.SIGINT)
    result = await ended(process)
    assert result.code == ExitCode.INTERRUPTED
    assert result.out.startswith("<1..")
    assert "Ctrl+C again quits immediately" in result.err
    assert peer.counting.finished


async def test_ctrl_c_twice_quits_at_once(ramp: str) -> None:
    async with speech_peer(fall_silent_after(3)) as peer:
        process = await start_replay(ramp, "--url", peer.url)
        assert process.stderr is not None
        await peer.heard(2)
        process.send_signal(signal.SIGINT)
        await process.stderr.readuntil(b"Ctrl+C again")
        process.send_signal(signal.SIGINT)
        result = await ended(process)
    assert result.code == ExitCode.INTERRUPTED
    assert "Traceback" not in result.err


async def test_ctrl_c_without_a_server_quits_at_once(ramp: str) -> None:
    process = await start_replay(ramp, "--url", f"127.0.0.1:{free_port()}")
    assert process.stderr is not None
    await process.stderr.readuntil(b"Trying again.")
    process.send_signal(signal.SIGINT)
    assert (await ended(process)).code == ExitCode.INTERRUPTED


async def test_a_reader_that_leaves_ends_it_quietly(peer: SpeechPeer, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.resize(RAMP, 16_000 * 20), 16_000)
    process = await start_replay(str(tmp_path / "long.wav"), "--url", peer.url, "--speed", "max", "--json")
    assert process.stdout is not None
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]
    assert process.stderr is not None
    err = await process.stderr.read()
    assert (await process.wait(), err) == (ExitCode.OK, b"")


async def test_a_terminal_shows_the_growing_text(peer: SpeechPeer, ramp: str) -> None:
    main, terminal = os.openpty()
    process = await start_replay(ramp, "--url", peer.url, "--speed", "4", stderr=terminal)
    os.close(terminal)
    result = await ended(process)
    shown = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", os.read(main, 100_000).decode())
    os.close(main)
    assert result.out == f"{WHOLE}\n"
    assert "[0,1600)…" in shown
    assert "[0,16000)…" in shown
    assert "ramp.wav: 1.0 s of audio" in shown


async def test_the_settings_say_which_server(
    peer: SpeechPeer, ramp: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "tui.toml"
    monkeypatch.setenv("VOICECHAT_TUI_CONFIG", str(settings))
    settings.write_text(f'url = "{peer.url}"\n')
    assert (await replay(ramp, "--speed", "max")).out == f"{WHOLE}\n"
    settings.write_text(f'url = "127.0.0.1:{free_port()}"\n')
    monkeypatch.setenv("VOICECHAT_TUI_URL", peer.url)
    assert (await replay(ramp, "--speed", "max")).out == f"{WHOLE}\n"


async def test_settings_with_mistakes_are_a_usage_error(
    ramp: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_CONFIG", str(tmp_path / "tui.toml"))
    (tmp_path / "tui.toml").write_text("url = here\n")
    result = await replay(ramp)
    assert result.code == ExitCode.USAGE
    assert result.err.startswith(f"error: {tmp_path / 'tui.toml'}, line 1, column 7: ")
    assert "Traceback" not in result.err
