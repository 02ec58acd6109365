"""The figures of the receipt, on times that are told."""

from voicechat_common.protocol.speech import Done, Final, Partial
from voicechat_tui import language
from voicechat_tui.replay.timing import Timing

DONE = Done(
    received_ms=1000,
    decoded_ms=900,
    dropped_ms=100,
    segments=2,
    received_samples=16_000,
    decoded_samples=14_400,
    dropped_samples=1_600,
)


def partial(text: str, start_ms: int = 0) -> Partial:
    return Partial(segment=0, revision=1, text=text, start_ms=start_ms, end_ms=start_ms + 500)


def final(text: str) -> Final:
    return Final(segment=0, revision=2, text=text, start_ms=0, end_ms=1000)


def sent(timing: Timing) -> None:
    """A second of audio in packets of 100 ms at the pace of speech, from 10.0 on."""
    timing.begin(10.0)
    for count in range(1, 11):
        timing.sent(count * 100, 10.0 + count / 10)


def test_the_delay_of_the_first_word_counts_from_its_own_beginning() -> None:
    timing = Timing()
    sent(timing)
    timing.text(partial(""), 10.9)
    timing.text(partial("你", start_ms=450), 11.2)
    timing.text(partial("你好", start_ms=450), 99.0)
    receipt = timing.receipt(DONE, 12.0)
    assert receipt.first_word_s is not None
    assert round(receipt.first_word_s, 6) == 0.7


def test_the_delay_of_the_last_final_counts_from_the_last_sample() -> None:
    timing = Timing()
    sent(timing)
    timing.text(final("你好"), 11.25)
    receipt = timing.receipt(DONE, 11.5)
    assert receipt.last_final_s == 0.25
    assert receipt.wall_s == 1.5
    assert receipt.audio_s == 1.0


def test_a_final_before_the_end_is_no_delay() -> None:
    timing = Timing()
    timing.begin(10.0)
    timing.text(final("你好"), 10.4)
    timing.sent(1000, 11.0)
    assert timing.receipt(DONE, 11.1).last_final_s is None


def test_the_receipt_in_words() -> None:
    timing = Timing()
    sent(timing)
    timing.text(final("你好"), 11.25)
    timing.lost(250)
    assert str(timing.receipt(DONE, 11.5)) == (
        "1.0 s of audio in 1.5 s (1.50 x real time), 2 segments, 100 ms dropped, 250 ms lost, "
        "first word after 1.15 s, last final 0.25 s after the end"
    )


def test_the_receipt_in_chinese() -> None:
    timing = Timing()
    sent(timing)
    language.use("zh")
    assert (
        str(timing.receipt(DONE, 11.5))
        == "1.0 秒音频，用时 1.5 秒（实时的 1.50 倍），2 段，服务器丢弃 100 毫秒"
    )


def test_the_receipt_of_nothing() -> None:
    nothing = DONE.model_copy(update={"dropped_ms": 0, "segments": 1})
    assert str(Timing().receipt(nothing, 5.0)) == "0.0 s of audio in 0.0 s, 1 segment, nothing dropped"
