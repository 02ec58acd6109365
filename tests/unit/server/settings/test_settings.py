"""Settings: where values come from, and what is said about bad ones."""

import os
from pathlib import Path

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.settings.model import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("VOICECHAT_"):
            monkeypatch.delenv(name)


def refusal(**options: object) -> VoicechatError:
    with pytest.raises(VoicechatError) as caught:
        Settings.load(options)
    assert caught.value.code is ErrorCode.BAD_SETTING
    return caught.value


def test_defaults_need_no_environment() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.model == "paraformer-zh-streaming"
    assert settings.chunk_size == (0, 10, 5)
    assert settings.max_streams is None


def test_variables_are_read_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_PORT", "9001")
    monkeypatch.setenv("VOICECHAT_MODEL", "demo")
    settings = Settings.load({"port": 9002})
    assert (settings.port, settings.model) == (9002, "demo")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_MAX_STREAMS", "")
    assert Settings.load().max_streams is None


@pytest.mark.parametrize("text", ["0,8,4", "[0, 8, 4]", " 0, 8, 4 "])
def test_chunk_size_is_read_as_a_list_or_as_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_CHUNK_SIZE", text)
    assert Settings.load().chunk_size == (0, 8, 4)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0,b,5", "three whole numbers are needed, such as 0,10,5"),
        ("0,10", "three whole numbers are needed, such as 0,10,5"),
        ("0,10,5,5", "three whole numbers are needed, such as 0,10,5"),
        ("0,0,5", "step must be 1 to 60 frames, not 0"),
        ("0,10,0", "look-ahead must be 1 to 30 frames, not 0"),
        ("0,1.5,5", "whole number"),
    ],
)
def test_an_impossible_chunk_size_is_refused_with_the_reason(text: str, reason: str) -> None:
    error = refusal(chunk_size=text)
    assert reason in error.message
    assert repr(text) in error.message


def test_a_bad_variable_is_named_with_its_value_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_PORT", "eighty")
    error = refusal()
    assert error.message.startswith("VOICECHAT_PORT is 'eighty': ")
    assert "The TCP port to listen on" in error.advice
    assert "8000" in error.advice


def test_a_bad_option_is_named_as_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(max_streams=0).message.startswith("--max-streams is 0: ")


def test_every_bad_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_HUB", "elsewhere")
    message = refusal(port=70_000).message
    assert "VOICECHAT_HUB is 'elsewhere'" in message
    assert "--port is 70000" in message


@pytest.mark.parametrize("device", ["cpu", "mps", "cuda", "cuda:1"])
def test_devices_are_taken(device: str) -> None:
    assert Settings.load({"device": device}).device == device


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "CPU:0", ""])
def test_other_devices_are_refused(device: str) -> None:
    assert "a device is cpu, mps, cuda or cuda:N" in refusal(device=device).message


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("VOICECHAT_PROT", "VOICECHAT_PORT"), ("voicechat_modle", "VOICECHAT_MODEL")],
)
def test_an_unknown_variable_is_refused_with_the_nearest(
    name: str, nearest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    error = refusal()
    assert name in error.message
    assert f"Did you mean {nearest}?" in error.advice


def test_variables_of_the_client_are_not_the_servers_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECHAT_TUI_THEME", "dark")
    assert Settings.load().port == 8000


def test_the_engine_is_told_what_the_settings_say(tmp_path: Path) -> None:
    settings = Settings.load(
        {
            "model": "demo",
            "hub": "hf",
            "cache_dir": str(tmp_path),
            "threads": 3,
            "chunk_size": (5, 10, 5),
            "encoder_chunk_look_back": 0,
            "decoder_chunk_look_back": -1,
            "endpointing": False,
            "max_end_silence_ms": 500,
            "pre_roll_ms": 100,
            "max_segment_s": 20,
            "max_streams": 4,
            "max_lag_s": 2,
            "resume_grace_s": 1,
        }
    )
    config = settings.engine_config()
    assert (config.model.name, config.model.hub, config.model.revision) == ("demo", "hf", "v2.0.4")
    assert config.model.cache_dir == tmp_path
    assert (config.recognition.device, config.recognition.threads) == ("cpu", 3)
    assert config.recognition.chunk_size == (5, 10, 5)
    assert config.recognition.encoder_chunk_look_back == 0
    assert config.recognition.decoder_chunk_look_back == -1
    assert not config.endpoint.enabled
    assert config.endpoint.max_end_silence_ms == 500
    assert config.endpoint.pre_roll_ms == 100
    assert config.endpoint.max_segment_s == 20
    assert config.limits.max_streams == 4
    assert (config.limits.max_lag_s, config.limits.resume_grace_s) == (2, 1)
