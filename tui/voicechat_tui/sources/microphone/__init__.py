"""Microphones: finding them, opening them, and coping when they come and go.

Nothing here imports sounddevice before a `SoundSystem` is asked for something.
"""

from voicechat_tui.sources.microphone.core import State
from voicechat_tui.sources.microphone.devices import DeviceName, Format, InputDevice, formats
from voicechat_tui.sources.microphone.microphone import Microphone
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.portaudio import SoundSystem
from voicechat_tui.sources.microphone.preview import PreviewMeter
from voicechat_tui.sources.microphone.surroundings import Surroundings, look_around

__all__ = [
    "DeviceName",
    "Format",
    "InputDevice",
    "Microphone",
    "MicrophonePolicy",
    "PreviewMeter",
    "SoundSystem",
    "State",
    "Surroundings",
    "formats",
    "look_around",
]
