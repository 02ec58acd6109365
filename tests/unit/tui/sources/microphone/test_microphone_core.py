"""The microphone without a device: what of the audio is given on, what is told, what is to be done next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_common.audio import Samples, bytes_of
from voicechat_common.errors import ErrorCode
from voicechat_tui.sources.microphone import failures
from voicechat_tui.sources.microphone.core import MicrophoneCore, State
from voicechat_tui.sources.microphone.devices import DeviceName, Format, InputDevice
from voicechat_tui.sources.microphone.events import (
    AllZero,
    Clipped,
    Closed,
    LevelChanged,
    Lost,
    MicrophoneEvent,
    Opened,
    Overflow,
    Quiet,
    Returned,
    Unavailable,
)
from voicechat_tui.sources.microphone.policy import MicrophonePolicy
from voicechat_tui.sources.microphone.surroundings import Surroundings

HERE = Surroundings()
POLICY = MicrophonePolicy(pre_roll_s=0.1, post_roll_s=0.06, packet_ms=20)
AS_WANTED = Format(16_000, 1)
HEADSET = InputDevice(DeviceName("headset", "ALSA"), 0, 1, 16_000, is_default=True)
WEBCAM = InputDevice(DeviceName("webcam", "ALSA"), 1, 2, 48_000)
BLOCK = 320
BREAK: list[int] = []


class Counter:
    """Delivers samples that count upwards, so that each can be told from all others."""

    def __init__(self, core: MicrophoneCore) -> None:
        self.core = core
        self.position = 0

    @property
    def now(self) -> float:
        """The moment until which everything was delivered."""
        return self.position / 16_000

    def talk(self) -> list[list[int]]:
        return as_lists(self.core.talk(self.now))

    def hush(self) -> list[list[int]]:
        return as_lists(self.core.hush(self.now))

    def mute(self, *, muted: bool) -> list[list[int]]:
        return as_lists(self.core.mute(self.now, muted=muted))

    def deliver(self, blocks: int = 1) -> list[list[int]]:
        packets: list[Samples] = []
        for _ in range(blocks):
            samples = np.arange(self.position + 1, self.position + 1 + BLOCK).astype(np.int16)
            packets += self.core.block(bytes_of(samples), self.position / 16_000)
            self.position += BLOCK
        return as_lists(packets)


def as_lists(packets: list[Samples]) -> list[list[int]]:
    return [packet.tolist() for packet in packets]


def joined(packets: list[list[int]]) -> list[int]:
    return [sample for packet in packets for sample in packet]


def counted(begin: int, end: int) -> list[int]:
    return list(range(begin + 1, end + 1))


def listening(
    policy: MicrophonePolicy = POLICY,
    *,
    wished: DeviceName | None = None,
    device: InputDevice = HEADSET,
    opened_as: Format = AS_WANTED,
) -> MicrophoneCore:
    core = MicrophoneCore(wished, policy, HERE)
    core.opening()
    core.opened(device, opened_as)
    return core


def told(core: MicrophoneCore) -> list[MicrophoneEvent]:
    """What was told, but for the levels."""
    return [event for event in core.take_events() if not isinstance(event, LevelChanged)]


def test_nothing_is_given_on_before_a_talk() -> None:
    assert Counter(listening()).deliver(100) == []


def test_a_talk_begins_with_the_pre_roll_and_ends_with_the_post_roll() -> None:
    source = Counter(listening())
    source.deliver(10)
    packets = source.talk() + source.deliver(10)
    assert source.hush() == []
    packets += source.deliver(10)
    assert joined(packets) == counted(10 * BLOCK - 1_600, 20 * BLOCK + 960)
    assert {len(packet) for packet in packets} == {BLOCK}
    assert not source.core.is_talking


def test_a_talk_gets_no_more_pre_roll_than_was_heard() -> None:
    source = Counter(listening())
    source.deliver(2)
    assert joined(source.talk()) == counted(0, 2 * BLOCK)


def test_the_pre_roll_is_given_once() -> None:
    source = Counter(listening())
    source.deliver(10)
    source.talk()
    source.hush()
    source.deliver(10)
    assert joined(source.talk()) == counted(15 * BLOCK, 20 * BLOCK)


def test_who_talks_again_within_the_post_roll_goes_on() -> None:
    source = Counter(listening())
    packets = source.talk() + source.deliver(1)
    source.hush()
    packets += source.deliver(1) + source.talk() + source.deliver(10)
    assert joined(packets) == counted(0, 12 * BLOCK)
    assert source.core.is_talking


def test_without_rolls_a_talk_is_exactly_what_was_said() -> None:
    source = Counter(listening(MicrophonePolicy(pre_roll_s=0, post_roll_s=0, packet_ms=20)))
    source.deliver(5)
    packets = source.talk() + source.deliver(5)
    source.hush()
    packets += source.deliver(5)
    assert joined(packets) == counted(5 * BLOCK, 10 * BLOCK)


def test_nothing_that_is_heard_while_muted_is_given_on() -> None:
    source = Counter(listening())
    packets = source.talk() + source.deliver(3)
    packets += source.mute(muted=True) + source.deliver(50)
    packets += source.mute(muted=False) + source.deliver(3)
    assert joined(packets) == counted(0, 3 * BLOCK) + counted(53 * BLOCK, 56 * BLOCK)
    assert BREAK in packets


def test_the_pre_roll_holds_nothing_that_was_heard_while_muted() -> None:
    source = Counter(listening())
    source.mute(muted=True)
    source.deliver(20)
    source.mute(muted=False)
    source.deliver(1)
    assert joined(source.talk()) == counted(20 * BLOCK, 21 * BLOCK)


def test_audio_that_is_still_on_its_way_when_muting_ends_is_not_given_on() -> None:
    core = listening()
    core.mute(1.0, muted=True)
    core.mute(2.0, muted=False)
    core.talk(2.0)
    late, fresh = (bytes_of(np.full(BLOCK, value, np.int16)) for value in (1, 2))
    packets = core.block(late, 1.99) + core.block(fresh, 2.0)
    assert as_lists(packets) == [[2] * BLOCK]


def test_audio_that_is_behind_is_taken_by_when_it_was_said() -> None:
    core = listening()
    blocks = [bytes_of(np.full(BLOCK, number + 1, np.int16)) for number in range(100)]
    for number in range(50):
        core.block(blocks[number], number * 0.02)
    # The program was busy: a second later, half a second after the key press, the rest comes at once.
    packets = core.talk(1.5)
    core.hush(1.7)
    for number in range(50, 100):
        packets += core.block(blocks[number], number * 0.02)
    assert {packet[0] for packet in as_lists(packets)} == set(range(71, 89))


def test_a_resampler_lets_nothing_through_that_was_heard_while_muted() -> None:
    core = listening(device=WEBCAM, opened_as=Format(48_000, 1))
    core.mute(0.0, muted=True)
    for _ in range(50):
        core.block(bytes_of(np.full(960, 20_000, np.int16)), 0.0)
    core.mute(0.0, muted=False)
    core.talk(0.0)
    after = [packet for _ in range(50) for packet in core.block(bytes_of(np.zeros(960, np.int16)), 0.0)]
    assert len(np.concatenate(after)) > 10_000
    assert not np.concatenate(after).any()


def test_the_level_of_a_muted_microphone_is_still_shown() -> None:
    source = Counter(listening())
    source.mute(muted=True)
    source.deliver(10)
    levels = [event.level for event in source.core.take_events() if isinstance(event, LevelChanged)]
    assert levels[-1].peak_db > -30


@given(st.lists(st.sampled_from(["deliver", "talk", "hush", "mute", "unmute", "lose"]), max_size=60))
def test_no_sample_is_given_twice_or_out_of_order_or_while_muted(steps: list[str]) -> None:
    core = listening()
    source = Counter(core)
    given_on: list[int] = []
    forbidden: set[int] = set()
    is_muted = False
    for step in steps:
        before = source.position
        match step:
            case "deliver":
                given_on += joined(source.deliver(3))
            case "talk":
                given_on += joined(source.talk())
            case "hush":
                given_on += joined(source.hush())
            case "mute" | "unmute":
                is_muted = step == "mute"
                given_on += joined(source.mute(muted=is_muted))
            case "lose":
                given_on += joined(as_lists(core.lost()))
                core.opened(HEADSET, AS_WANTED)
        if is_muted:
            forbidden |= set(range(before + 1, source.position + 1))
    assert given_on == sorted(set(given_on))
    assert not forbidden & set(given_on)


def test_stereo_at_48_khz_becomes_mono_at_16_khz() -> None:
    core = listening(device=WEBCAM, opened_as=Format(48_000, 2))
    core.talk(0.0)
    angle = np.arange(48_000) * 2 * np.pi * 440 / 48_000
    wave = np.rint(8_000 * np.sin(angle)).astype(np.int16)
    stereo = np.stack([wave, wave], axis=1).reshape(-1)
    blocks = [bytes_of(stereo[at : at + 1_920]) for at in range(0, 96_000, 1_920)]
    packets = [packet for block in blocks for packet in core.block(block, 0.0)]
    heard = np.concatenate(packets)
    assert 15_000 < len(heard) <= 16_000
    expected = 8_000 * np.sin(np.arange(len(heard)) * 2 * np.pi * 440 / 16_000)
    assert np.abs(heard - expected)[400:].max() < 80


def test_a_microphone_that_opens_says_so() -> None:
    core = listening(wished=DeviceName("headset"))
    assert told(core) == [Opened(HEADSET.id, 16_000)]
    assert (core.state, core.is_fallback) == (State.LISTENING, False)


def test_another_one_than_the_wished_says_so_too() -> None:
    core = listening(wished=DeviceName("studio", "ALSA"))
    (opened,) = told(core)
    assert isinstance(opened, Opened)
    assert opened.problem is not None
    assert opened.problem.message == "The microphone studio is missing; another one is being used."
    assert core.is_fallback


def test_a_wished_microphone_that_is_back_is_taken_up_again() -> None:
    core = listening(wished=WEBCAM.id)
    core.returned(WEBCAM.id)
    assert (core.must_reopen, told(core)[-1]) == (True, Returned(WEBCAM.id))
    core.opening()
    core.opened(WEBCAM, Format(48_000, 1))
    assert (core.must_reopen, core.is_fallback) == (False, False)


def test_a_wished_microphone_that_is_back_but_does_not_open_is_looked_for_less_often() -> None:
    core = listening(wished=WEBCAM.id)
    delays = []
    for _ in range(6):
        delays.append(core.look_in_s)
        core.returned(WEBCAM.id)
        core.opening()
        core.opened(HEADSET, AS_WANTED)
    assert delays == [3, 6, 12, 24, 48, 60]
    core.opened(WEBCAM, AS_WANTED)
    assert core.look_in_s == 3


def test_a_talk_goes_on_after_its_microphone_was_lost() -> None:
    source = Counter(listening())
    packets = source.talk() + source.deliver(3)
    packets += as_lists(source.core.lost())
    source.core.opened(WEBCAM, AS_WANTED)
    packets += source.deliver(3)
    assert joined(packets) == counted(0, 6 * BLOCK)
    assert packets[3] == BREAK
    assert source.core.is_talking


def test_a_lost_microphone_is_told_with_what_to_do() -> None:
    core = listening()
    core.lost()
    lost = told(core)[-1]
    assert isinstance(lost, Lost)
    assert lost.device == HEADSET.id
    assert lost.error.code is ErrorCode.MICROPHONE_LOST
    assert lost.error.message == "The microphone headset was unplugged or has stopped."


def test_a_talk_that_was_ending_ends_when_its_microphone_is_lost() -> None:
    source = Counter(listening())
    source.talk()
    source.hush()
    assert BREAK not in as_lists(source.core.lost())
    assert not source.core.is_talking


@pytest.mark.parametrize("muted", [True, False])
def test_a_talk_without_audio_ends_at_once(*, muted: bool) -> None:
    core = listening() if muted else MicrophoneCore(None, POLICY, HERE)
    core.mute(0.0, muted=muted)
    core.talk(0.0)
    core.hush(0.0)
    assert not core.is_talking


def test_a_warm_microphone_is_always_wanted_and_another_only_for_a_talk() -> None:
    assert listening().is_wanted
    cold = listening(MicrophonePolicy(warm=False, post_roll_s=0.02))
    wanted = [cold.is_wanted]
    cold.talk(0.0)
    wanted.append(cold.is_wanted)
    cold.hush(0.0)
    wanted.append(cold.is_wanted)
    cold.block(bytes(2 * BLOCK), 0.0)
    wanted.append(cold.is_wanted)
    assert wanted == [False, True, True, False]
    cold.closed()
    assert told(cold)[-1] == Closed()


def test_none_to_be_had_is_told_once_for_each_reason_and_tried_again_ever_later() -> None:
    core = MicrophoneCore(None, POLICY, HERE)
    absent, busy = failures.no_microphone(HERE), failures.not_there("headset")
    assert [core.failed(absent) for _ in range(5)] == [0.5, 1, 2, 4, 4]
    core.failed(busy)
    assert told(core) == [Unavailable(absent), Unavailable(busy)]
    core.opened(HEADSET, AS_WANTED)
    assert core.failed(busy) == 0.5
    assert told(core) == [Opened(HEADSET.id, 16_000), Unavailable(busy)]


def test_lost_audio_is_told_in_milliseconds() -> None:
    core = listening(device=WEBCAM, opened_as=Format(48_000, 2))
    core.overflowed(48_000)
    core.overflowed(-1)
    core.dropped(np.zeros(960, np.int16))
    assert told(core)[1:] == [Overflow(1000), Overflow(0), Overflow(60)]


def noise(amplitude: int, seconds: float) -> bytes:
    values = np.random.default_rng(7).integers(-amplitude, amplitude + 1, round(16_000 * seconds))
    return bytes_of(values.astype(np.int16))


def test_a_microphone_without_permission_is_told_from_a_quiet_room() -> None:
    forbidden, quiet = listening(), listening()
    for _ in range(200):
        forbidden.block(bytes(640), 0.0)
        quiet.block(noise(5, 0.02), 0.0)
    (all_zero,) = told(forbidden)[1:]
    assert isinstance(all_zero, AllZero)
    assert all_zero.error.code is ErrorCode.MICROPHONE_SILENT
    assert told(quiet)[1:] == [Quiet()]


def test_a_microphone_that_was_heard_may_fall_silent() -> None:
    core = listening()
    core.block(noise(5_000, 0.1), 0.0)
    for _ in range(200):
        core.block(bytes(640), 0.0)
    assert told(core)[1:] == [Quiet()]


def test_another_device_is_judged_anew() -> None:
    core = listening()
    core.block(noise(5_000, 0.1), 0.0)
    core.opened(WEBCAM, AS_WANTED)
    for _ in range(200):
        core.block(bytes(640), 0.0)
    assert isinstance(told(core)[-1], AllZero)


def test_clipping_is_told_once_until_it_stops() -> None:
    core = listening()
    for _ in range(10):
        core.block(bytes_of(np.full(BLOCK, 32_767, np.int16)), 0.0)
    for _ in range(200):
        core.block(noise(3_000, 0.02), 0.0)
    core.block(bytes_of(np.full(BLOCK, -32_768, np.int16)), 0.0)
    assert told(core)[1:] == [Clipped(), Clipped()]


def test_levels_come_twenty_times_a_second_and_only_the_newest_is_kept() -> None:
    core = listening()
    core.take_events()
    levels = 0
    for _ in range(50):
        core.block(noise(3_000, 0.02), 0.0)
        levels += len(core.take_events())
    assert levels == 20
    for _ in range(50):
        core.block(noise(3_000, 0.02), 0.0)
    assert len(core.take_events()) == 1


def test_a_reader_who_never_comes_costs_no_memory() -> None:
    core = listening()
    for _ in range(1_000):
        core.overflowed(0)
    assert len(core.take_events()) == 64
