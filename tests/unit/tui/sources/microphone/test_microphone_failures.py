"""What is said when there is no microphone or it fails: by PortAudio's answer, and by where the client is."""

from dataclasses import replace

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.failures import Refusal
from voicechat_tui.sources.microphone.surroundings import Surroundings

LINUX = Surroundings()
MACOS = Surroundings(system="Darwin")
WINDOWS = Surroundings(system="Windows")
CARD = Surroundings(has_sound_card=True, may_use_sound_card=True)

UNANTICIPATED = -9999


def host(code: int, text: str) -> Refusal:
    return Refusal("Unanticipated host error", UNANTICIPATED, code, text)


@pytest.mark.parametrize(
    ("here", "code", "message", "advice"),
    [
        (LINUX, ErrorCode.NO_MICROPHONE, "No microphone can be found.", "Plug one in"),
        (MACOS, ErrorCode.NO_MICROPHONE, "No microphone can be found.", "sound settings"),
        (WINDOWS, ErrorCode.NO_MICROPHONE, "No microphone can be found.", "sound settings"),
        (CARD, ErrorCode.NO_MICROPHONE, "No microphone can be found.", "Plug one in"),
        (
            replace(CARD, may_use_sound_card=False),
            ErrorCode.MICROPHONE_DENIED,
            "You don't have permission to use this machine's sound card.",
            "usermod -aG audio",
        ),
        (
            replace(CARD, may_use_sound_card=False, has_sound_server=True),
            ErrorCode.NO_MICROPHONE,
            "No microphone can be found, although a sound server is running.",
            "libasound2-plugins",
        ),
        (Surroundings(in_wsl=True), ErrorCode.NO_MICROPHONE, "WSL has no microphone", "wsl --update"),
        (
            Surroundings(in_wsl=True, has_sound_server=True),
            ErrorCode.NO_MICROPHONE,
            "a sound server is running",
            "libasound2-plugins",
        ),
        (Surroundings(over_ssh=True), ErrorCode.NO_MICROPHONE, "over SSH", "--url"),
        (Surroundings(in_container=True), ErrorCode.NO_MICROPHONE, "A container", "--device /dev/snd"),
        (Surroundings(over_ssh=True, in_container=True), ErrorCode.NO_MICROPHONE, "over SSH", "--url"),
    ],
)
def test_no_microphone(here: Surroundings, code: ErrorCode, message: str, advice: str) -> None:
    error = failures.no_microphone(here)
    assert error.code is code
    assert message in error.message
    assert advice in error.advice


@pytest.mark.parametrize(
    ("here", "command"),
    [
        (Surroundings(distributions=("ubuntu", "debian")), "apt install libportaudio2"),
        (Surroundings(distributions=("linuxmint", "ubuntu")), "apt install libportaudio2"),
        (Surroundings(distributions=("fedora",)), "dnf install portaudio"),
        (Surroundings(distributions=("arch",)), "pacman -S portaudio"),
        (Surroundings(distributions=("opensuse-leap", "suse")), "zypper install libportaudio2"),
        (Surroundings(distributions=("alpine",)), "apk add portaudio"),
        (LINUX, "apt install libportaudio2"),
        (MACOS, "brew install portaudio"),
        (WINDOWS, "pip install --force-reinstall sounddevice"),
    ],
)
def test_no_portaudio(here: Surroundings, command: str) -> None:
    error = failures.no_portaudio(here)
    assert error.code is ErrorCode.NO_PORTAUDIO
    assert error.advice == f"Install it and start again: `{command}`."


def test_no_sounddevice() -> None:
    assert failures.no_sounddevice().advice.endswith("`pip install 'voicechat[tui]'`.")


@pytest.mark.parametrize(
    ("refusal", "here", "code", "advice"),
    [
        (Refusal("Device unavailable", -9985), LINUX, ErrorCode.MICROPHONE_BUSY, "Close that program"),
        (host(-16, "Device or resource busy"), LINUX, ErrorCode.MICROPHONE_BUSY, "Close that program"),
        (host(-2_004_287_478, "in use"), WINDOWS, ErrorCode.MICROPHONE_BUSY, "Close that program"),
        (host(-13, "Permission denied"), LINUX, ErrorCode.MICROPHONE_DENIED, "group audio"),
        (host(-1, "Operation not permitted"), LINUX, ErrorCode.MICROPHONE_DENIED, "group audio"),
        (host(1, "Undefined external error."), WINDOWS, ErrorCode.MICROPHONE_DENIED, "Privacy & security"),
        (host(-2_147_024_891, ""), WINDOWS, ErrorCode.MICROPHONE_DENIED, "Let desktop apps access"),
        (host(1, "Undefined external error."), LINUX, ErrorCode.MICROPHONE_FAILED, "Plug it in again"),
        (host(-111, "Connection refused"), LINUX, ErrorCode.MICROPHONE_FAILED, "systemctl --user restart"),
        (Refusal("Invalid sample rate", -9997), LINUX, ErrorCode.MICROPHONE_FAILED, "48000 Hz"),
        (host(-5, "Input/output error"), LINUX, ErrorCode.MICROPHONE_FAILED, "Plug it in again"),
        (Refusal("Internal PortAudio error", -9986), MACOS, ErrorCode.MICROPHONE_FAILED, "choose another"),
    ],
)
def test_a_microphone_that_does_not_open(
    refusal: Refusal, here: Surroundings, code: ErrorCode, advice: str
) -> None:
    error = failures.cannot_open("headset", refusal, here)
    assert error.code is code
    assert "headset" in error.message
    assert advice in error.advice


def test_the_audio_systems_own_words_are_given_on() -> None:
    said = [
        failures.cannot_open("headset", refusal, LINUX).message
        for refusal in (host(-5, "Input/output error."), Refusal("Internal PortAudio error", -9986))
    ]
    assert said == [
        "The microphone headset can't be opened: Input/output error.",
        "The microphone headset can't be opened: Internal PortAudio error.",
    ]


def test_zeros_mean_a_permission_on_macos_and_a_switch_elsewhere() -> None:
    assert "System Settings > Privacy & Security" in failures.all_zero("headset", MACOS).advice
    assert "mute switch" in failures.all_zero("headset", LINUX).advice


@pytest.mark.parametrize("here", [LINUX, MACOS, WINDOWS])
def test_each_failure_is_one_sentence_and_an_advice(here: Surroundings) -> None:
    errors: list[VoicechatError] = [
        failures.no_sounddevice(),
        failures.no_portaudio(here),
        failures.no_microphone(here),
        failures.denied("headset", here),
        failures.all_zero("headset", here),
        failures.lost("headset"),
        failures.not_there("headset"),
        failures.no_answer(),
        failures.no_audio("PortAudio not initialized"),
    ]
    for error in errors:
        assert error.message.endswith(".")
        assert ". " not in error.message
        assert error.advice.endswith(".")
