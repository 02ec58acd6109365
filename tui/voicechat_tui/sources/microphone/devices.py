"""Microphones as PortAudio lists them, and how to identify one: by name, because numbers change."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicechat_common.audio import SAMPLE_RATE

_CARD_NUMBER = re.compile(r" \(hw:\d+,\d+\)$")
_COMMON_RATES = (48_000, 44_100)


@dataclass(frozen=True)
class DeviceName:
    """What identifies a microphone.

    Attributes:
        name: Its name.
        host_api: The audio system that offers it, such as ALSA or WASAPI; None if any will do.
    """

    name: str
    host_api: str | None = None

    def __str__(self) -> str:
        return self.name if self.host_api is None else f"{self.name} ({self.host_api})"


@dataclass(frozen=True)
class InputDevice:
    """An available microphone.

    Attributes:
        id: Its name and audio system.
        index: Its number, which distinguishes two of the same name until something is plugged in or
            unplugged.
        channels: How many channels it can record.
        rate: Its own samples per second.
        is_default: Whether it is the system's default.
    """

    id: DeviceName
    index: int
    channels: int
    rate: int
    is_default: bool = False


@dataclass(frozen=True)
class Format:
    """How a microphone is opened.

    Attributes:
        rate: Samples per second.
        channels: Interleaved channels.
    """

    rate: int
    channels: int


def find(devices: Iterable[InputDevice], wished: DeviceName) -> InputDevice | None:
    """Find a microphone by name; the number that ALSA gave its card may have changed since."""
    offered = [device for device in devices if wished.host_api in (None, device.id.host_api)]
    for same in (str, _without_card_number):
        for device in offered:
            if same(device.id.name) == same(wished.name):
                return device
    return None


def candidates(devices: Sequence[InputDevice], wished: DeviceName | None) -> list[InputDevice]:
    """Return the microphones to try, in this order: the chosen one, the default, or else the first."""
    chosen = find(devices, wished) if wished is not None else None
    default = next((device for device in devices if device.is_default), None) or next(iter(devices), None)
    found = [device for device in (chosen, default) if device is not None]
    return list(dict.fromkeys(found))


def formats(device: InputDevice) -> list[Format]:
    """Return the formats to try: first the one that recognition wants, then the microphone's own."""
    rates = list(dict.fromkeys((SAMPLE_RATE, device.rate, *_COMMON_RATES)))
    channels = [count for count in dict.fromkeys((1, 2, device.channels)) if count <= device.channels]
    ordered = [Format(SAMPLE_RATE, count) for count in channels[:1]]
    ordered += [Format(rate, count) for rate in rates[1:] for count in channels]
    ordered += [Format(SAMPLE_RATE, count) for count in channels[1:]]
    return list(dict.fromkeys(ordered))


def _without_card_number(name: str) -> str:
    return _CARD_NUMBER.sub("", name)
