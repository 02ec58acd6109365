"""docs/microphone.md has every message about the microphone, with its advice, and the limits of the code."""

from dataclasses import replace
from pathlib import Path

import pytest

from voicechat_common.errors import VoicechatError
from voicechat_common.levels import Ballistics
from voicechat_tui.settings.model import Settings
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.failures import Refusal
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.surroundings import Surroundings

TEXT = (Path(__file__).parents[3] / "docs" / "microphone.md").read_text(encoding="utf-8")

LINUX = Surroundings()
MACOS = Surroundings(system="Darwin")
WINDOWS = Surroundings(system="Windows")
FORBIDDEN = Surroundings(has_sound_card=True)

ALL = [
    failures.no_portaudio(LINUX),
    failures.no_sounddevice(),
    failures.no_microphone(LINUX),
    failures.no_microphone(FORBIDDEN),
    failures.no_microphone(replace(LINUX, has_sound_server=True)),
    failures.no_microphone(replace(LINUX, in_wsl=True)),
    failures.no_microphone(replace(LINUX, over_ssh=True)),
    failures.no_microphone(replace(LINUX, in_container=True)),
    failures.cannot_open("NAME", Refusal("", -9985), LINUX),
    failures.cannot_open("NAME", Refusal("", host_code=-111), LINUX),
    failures.cannot_open("NAME", Refusal("", -9997), LINUX),
    failures.cannot_open("NAME", Refusal("REASON"), LINUX),
    failures.denied("NAME", LINUX),
    failures.denied("NAME", WINDOWS),
    failures.denied("NAME", MACOS),
    failures.all_zero("NAME", MACOS),
    failures.all_zero("NAME", LINUX),
    failures.lost("NAME"),
    failures.not_there("NAME"),
    failures.no_answer(),
    failures.no_audio("REASON"),
]


def row(error: VoicechatError) -> str:
    return f"| {error.message} | {error.advice} |"


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.message)
def test_every_message_is_documented_with_its_advice(error: VoicechatError) -> None:
    assert row(error) in TEXT


def test_no_message_is_documented_that_is_never_said() -> None:
    table = TEXT.split("| message | what to do |\n|---|---|\n")[1]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert sorted(rows) == sorted(row(error) for error in ALL)


def test_the_documented_limits_are_those_of_the_code() -> None:
    policy, meter = MicrophonePolicy(), Ballistics()
    assert (policy.post_roll_s, policy.lost_after_s, policy.queue_s) == (0.3, 2.0, 10.0)
    assert (meter.release_db_per_s, meter.hold_s, meter.clip_run) == (20 / 1.7, 1.5, 3)
    for limit in (
        "Three tenths of a second",
        "nothing for 2 s",
        "Up to 10 s",
        "20 dB in 1.7 s",
        "held for 1.5 s",
    ):
        assert limit in " ".join(TEXT.split())
    assert "Three samples" in " ".join(TEXT.split())


@pytest.mark.parametrize("name", ["device", "host_api", "warm_microphone", "pre_roll_ms"])
def test_the_documented_settings_exist(name: str) -> None:
    assert f"`{name}`" in TEXT
    assert name in Settings.model_fields
