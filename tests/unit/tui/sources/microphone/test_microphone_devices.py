"""Which microphone is meant by a name, and how it is tried to be opened."""

import pytest

from voicechat_tui.sources.microphone.devices import (
    DeviceName,
    Format,
    InputDevice,
    candidates,
    find,
    formats,
)


def device(name: str, api: str = "ALSA", *, index: int = 0, is_default: bool = False) -> InputDevice:
    return InputDevice(DeviceName(name, api), index, 2, 48_000, is_default)


WEBCAM = device("USB Webcam: Audio (hw:2,0)")
HEADSET_MME = device("Headset", "MME", index=1, is_default=True)
HEADSET_WASAPI = device("Headset", "Windows WASAPI", index=2)
ALL = [WEBCAM, HEADSET_MME, HEADSET_WASAPI]


@pytest.mark.parametrize(
    ("wished", "found"),
    [
        (DeviceName("Headset", "Windows WASAPI"), HEADSET_WASAPI),
        (DeviceName("Headset", "MME"), HEADSET_MME),
        (DeviceName("Headset"), HEADSET_MME),
        (DeviceName("Headset", "ALSA"), None),
        (DeviceName("Head"), None),
        (DeviceName("USB Webcam: Audio (hw:2,0)", "ALSA"), WEBCAM),
        (DeviceName("USB Webcam: Audio (hw:0,0)", "ALSA"), WEBCAM),
        (DeviceName("USB Webcam: Audio"), WEBCAM),
        (DeviceName("USB Webcam: Video (hw:2,0)", "ALSA"), None),
    ],
)
def test_a_microphone_is_found_by_name_and_audio_system(
    wished: DeviceName, found: InputDevice | None
) -> None:
    assert find(ALL, wished) == found


def test_of_two_cards_of_a_kind_the_one_with_the_remembered_number_is_taken() -> None:
    cards = [device(f"USB: Audio (hw:{number},0)", index=number) for number in (1, 2)]
    assert find(cards, DeviceName("USB: Audio (hw:2,0)", "ALSA")) == cards[1]


@pytest.mark.parametrize(
    ("devices", "wished", "expected"),
    [
        (ALL, None, [HEADSET_MME]),
        (ALL, WEBCAM.id, [WEBCAM, HEADSET_MME]),
        (ALL, HEADSET_MME.id, [HEADSET_MME]),
        (ALL, DeviceName("gone"), [HEADSET_MME]),
        ([WEBCAM, HEADSET_WASAPI], None, [WEBCAM]),
        ([], WEBCAM.id, []),
    ],
)
def test_the_wished_one_is_tried_and_then_the_default(
    devices: list[InputDevice], wished: DeviceName | None, expected: list[InputDevice]
) -> None:
    assert candidates(devices, wished) == expected


def test_16_khz_mono_is_tried_first_and_then_what_the_device_is() -> None:
    studio = InputDevice(DeviceName("studio", "ALSA"), 0, 8, 96_000)
    assert formats(studio)[:4] == [Format(16_000, 1), Format(96_000, 1), Format(96_000, 2), Format(96_000, 8)]
    assert Format(48_000, 2) in formats(studio)
    assert len(set(formats(studio))) == len(formats(studio)) == 12


def test_a_device_is_never_opened_with_channels_it_has_not() -> None:
    assert {wanted.channels for wanted in formats(InputDevice(DeviceName("mono"), 0, 1, 16_000))} == {1}


def test_names_for_people() -> None:
    assert [str(DeviceName("Headset")), str(HEADSET_MME.id)] == ["Headset", "Headset (MME)"]
