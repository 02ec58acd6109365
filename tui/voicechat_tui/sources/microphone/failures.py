"""Errors for a missing or failing microphone: each case in one sentence, with what to do."""

from dataclasses import dataclass

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.language import _, mark
from voicechat_tui.sources.microphone.surroundings import Surroundings

_INVALID_RATE, _INVALID_CHANNELS, _INVALID_FORMAT = -9997, -9998, -9994
_DEVICE_UNAVAILABLE = -9985
_DENIED = frozenset({-1, -13, -2_147_024_891})
"""EPERM and EACCES of Linux, E_ACCESSDENIED of Windows."""
_BUSY = frozenset({-16, -2_004_287_478})
"""EBUSY of Linux, AUDCLNT_E_DEVICE_IN_USE of Windows."""
_NO_SOUND_SERVER = frozenset({-111, -110})
"""ECONNREFUSED and ETIMEDOUT from the plug-in that connects ALSA to PulseAudio and PipeWire."""

_PORTAUDIO = {
    "debian": "apt install libportaudio2",
    "ubuntu": "apt install libportaudio2",
    "fedora": "dnf install portaudio",
    "rhel": "dnf install portaudio",
    "suse": "zypper install libportaudio2",
    "opensuse": "zypper install libportaudio2",
    "arch": "pacman -S portaudio",
    "alpine": "apk add portaudio",
}
_SOUND_PLUGINS = mark(
    "Install the package that connects ALSA to the sound server: "
    "`apt install libasound2-plugins` or `pipewire-alsa`."
)


@dataclass(frozen=True)
class Refusal:
    """An error from PortAudio.

    Attributes:
        text: PortAudio's message.
        code: PortAudio's error number.
        host_code: The audio system's own number, 0 if it gave none.
        host_text: The audio system's own message.
    """

    text: str
    code: int = 0
    host_code: int = 0
    host_text: str = ""

    @property
    def is_about_format(self) -> bool:
        """Whether it may open at another rate or number of channels."""
        return self.code in (_INVALID_RATE, _INVALID_CHANNELS, _INVALID_FORMAT)

    @property
    def reason(self) -> str:
        """The most specific message, without a full stop."""
        return (self.host_text or self.text).strip().rstrip(".")


def no_sounddevice() -> VoicechatError:
    """The Python package that wraps PortAudio is not installed."""
    return VoicechatError(
        ErrorCode.NO_PORTAUDIO,
        _("The Python package sounddevice is not installed."),
        _("Install the client with its microphone: `pip install 'voicechat[tui]'`."),
    )


def no_portaudio(here: Surroundings) -> VoicechatError:
    """PortAudio, the library for every system's microphones, is not installed."""
    if here.system == "Darwin":
        command = "brew install portaudio"
    elif here.system == "Windows":
        command = "pip install --force-reinstall sounddevice"
    else:
        known = (_PORTAUDIO[name] for name in here.distributions if name in _PORTAUDIO)
        command = next(known, _PORTAUDIO["debian"])
    return VoicechatError(
        ErrorCode.NO_PORTAUDIO,
        _("PortAudio, the library for microphones, is not installed."),
        _("Install it and start again: `{command}`.", command=command),
    )


def no_microphone(here: Surroundings) -> VoicechatError:
    """PortAudio lists no recording device."""
    code = ErrorCode.NO_MICROPHONE
    if here.has_sound_card and not here.may_use_sound_card and not here.has_sound_server:
        code = ErrorCode.MICROPHONE_DENIED
        message = _("You don't have permission to use this machine's sound card.")
        advice = _(
            "Add yourself to the group audio and log in again: `sudo usermod -aG audio $USER`; "
            "or run PipeWire, which needs no group."
        )
    elif here.has_sound_server and here.system == "Linux":
        message = _("No microphone can be found, although a sound server is running.")
        advice = _(_SOUND_PLUGINS)
    elif here.in_wsl:
        message = _("WSL has no microphone without WSLg.")
        advice = _("Run `wsl --update` in Windows, then `apt install libasound2-plugins` here.")
    elif here.over_ssh:
        message = _("You are logged in over SSH, and this machine has no microphone.")
        advice = _("Run voicechat-tui on the machine in front of you, with the server's address after --url.")
    elif here.in_container:
        message = _("A container has no microphone of its own.")
        advice = _("Run voicechat-tui outside it, or give it one: `docker run --device /dev/snd …`.")
    else:
        message = _("No microphone can be found.")
        advice = _("Plug one in, or switch it on in the system's sound settings.")
    return VoicechatError(code, message, advice)


def cannot_open(device: str, refusal: Refusal, here: Surroundings) -> VoicechatError:
    """A microphone is listed but does not open."""
    if refusal.code == _DEVICE_UNAVAILABLE or refusal.host_code in _BUSY:
        return VoicechatError(
            ErrorCode.MICROPHONE_BUSY,
            _("The microphone {device} is in use by another program.", device=device),
            _("Close that program, or choose another microphone."),
        )
    if _is_denied(refusal, here):
        return denied(device, here)
    if refusal.host_code in _NO_SOUND_SERVER:
        return VoicechatError(
            ErrorCode.MICROPHONE_FAILED,
            _("The sound server does not answer for the microphone {device}.", device=device),
            _("Restart it: `systemctl --user restart pipewire pipewire-pulse`, or `pulseaudio --start`."),
        )
    if refusal.is_about_format:
        return VoicechatError(
            ErrorCode.MICROPHONE_FAILED,
            _("The microphone {device} can't be opened at any common sample rate.", device=device),
            _("Set it to 48000 Hz in the system's sound settings, or choose another microphone."),
        )
    return VoicechatError(
        ErrorCode.MICROPHONE_FAILED,
        _("The microphone {device} can't be opened: {reason}.", device=device, reason=refusal.reason),
        _("Plug it in again, or choose another microphone."),
    )


def denied(device: str, here: Surroundings) -> VoicechatError:
    """The system forbids the use of a microphone."""
    if here.system == "Windows":
        advice = _(
            "Allow it in Settings > Privacy & security > Microphone, with `Let desktop apps access your "
            "microphone`."
        )
    elif here.system == "Darwin":
        advice = _macos_advice()
    else:
        advice = _("Add yourself to the group audio and log in again: `sudo usermod -aG audio $USER`.")
    return VoicechatError(
        ErrorCode.MICROPHONE_DENIED,
        _("The system does not let this program use the microphone {device}.", device=device),
        advice,
    )


def all_zero(device: str, here: Surroundings) -> VoicechatError:
    """A microphone delivers nothing but zeros, as macOS does for a program without permission."""
    if here.system == "Darwin":
        return VoicechatError(
            ErrorCode.MICROPHONE_SILENT,
            _("macOS gives this terminal only silence from the microphone {device}.", device=device),
            _macos_advice(),
        )
    return VoicechatError(
        ErrorCode.MICROPHONE_SILENT,
        _("The microphone {device} delivers nothing at all, not even noise.", device=device),
        _("Check its mute switch, and whether it is muted in the system's sound settings."),
    )


def lost(device: str) -> VoicechatError:
    """A microphone stopped while it was open."""
    return VoicechatError(
        ErrorCode.MICROPHONE_LOST,
        _("The microphone {device} was unplugged or has stopped.", device=device),
        _("Plug it in again; it will be used again automatically."),
    )


def not_there(device: str) -> VoicechatError:
    """The chosen microphone is missing or does not open; another one is used."""
    return VoicechatError(
        ErrorCode.NO_MICROPHONE,
        _("The microphone {device} is missing; another one is being used.", device=device),
        _("Plug it in and it will be used automatically, or choose another microphone."),
    )


def no_audio(reason: str) -> VoicechatError:
    """The system's audio can't be used at all."""
    return VoicechatError(
        ErrorCode.MICROPHONE_FAILED,
        _("The system's audio can't be used: {reason}.", reason=reason),
        _("Restart the sound server or the machine; you can still read and type."),
    )


def no_answer() -> VoicechatError:
    """The system's audio hangs."""
    return VoicechatError(
        ErrorCode.MICROPHONE_FAILED,
        _("The system's audio does not answer."),
        _("Restart the sound server or the machine; you can still read and type."),
    )


def _macos_advice() -> str:
    return _("Allow your terminal in System Settings > Privacy & Security > Microphone, then start it again.")


def _is_denied(refusal: Refusal, here: Surroundings) -> bool:
    # Without permission, Windows' MME merely reports an undefined error.
    undefined = here.system == "Windows" and "undefined external error" in refusal.host_text.lower()
    return undefined or refusal.host_code in _DENIED
