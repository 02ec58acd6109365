"""Subtitles: splitting, times, and the format."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from voicechat_common.protocol.speech import Word
from voicechat_common.transcript import Segment, join_texts
from voicechat_tui.replay.subtitles import LONGEST_CELLS, LONGEST_MS, SHORTEST_MS, Cue, cues_of, srt


def segment(words: list[Word], *, index: int = 0, is_final: bool = True) -> Segment:
    text = join_texts(word.text for word in words)
    return Segment(index, 1, text, len(text), words[0].start_ms, words[-1].end_ms, is_final, tuple(words))


def spoken(
    text: str, *, start_ms: int = 0, each_ms: int = 200, pauses: dict[int, int] | None = None
) -> list[Word]:
    """Characters one after another, with pauses before some of them."""
    words, at = [], start_ms
    for number, char in enumerate(text):
        at += (pauses or {}).get(number, 0)
        words.append(Word(char, at, at + each_ms))
        at += each_ms
    return words


def test_a_short_segment_is_one_cue() -> None:
    assert cues_of([segment(spoken("你好欢迎使用", start_ms=500))]) == [Cue(500, 1700, "你好欢迎使用")]


def test_a_long_segment_is_split_at_its_longest_pause() -> None:
    words = spoken("我的电话号码是一三五零一二七八六四九请你记下来谢谢", pauses={7: 100, 18: 400})
    assert [cue.text for cue in cues_of([segment(words)])] == [
        "我的电话号码是一三五零一二七八六四九",
        "请你记下来谢谢",
    ]


def test_a_pause_near_the_edge_does_not_leave_a_single_word() -> None:
    words = spoken("好" + "一二三四五六七八九十" * 3, pauses={1: 900})
    assert len(cues_of([segment(words)])[0].text) > 1


def test_slow_speech_is_split_by_time() -> None:
    cues = cues_of([segment(spoken("慢慢地说话", each_ms=2000))])
    assert all(cue.end_ms - cue.start_ms <= LONGEST_MS for cue in cues)
    assert len(cues) > 1


def test_english_words_keep_their_spaces() -> None:
    words = [Word("hello", 0, 300), Word("world", 300, 600), Word("你", 600, 900)]
    assert cues_of([segment(words)])[0].text == "hello world你"


def test_a_segment_without_words_keeps_its_own_times() -> None:
    assert cues_of([Segment(0, 1, "你好", 2, 100, 2000, True)]) == [Cue(100, 2000, "你好")]


def test_what_is_not_final_or_empty_is_left_out() -> None:
    open_one = segment(spoken("还没说完"), index=1, is_final=False)
    assert cues_of([Segment(0, 1, "", 0, 0, 500, True), open_one]) == []


def test_a_brief_cue_stays_until_it_can_be_read_or_the_next_one_comes() -> None:
    first = segment([Word("好", 0, 200)])
    second = segment([Word("的", 500, 600)], index=1)
    assert cues_of([first, second]) == [Cue(0, 500, "好"), Cue(500, 500 + SHORTEST_MS, "的")]


@given(
    gaps=st.lists(st.integers(0, 3000), min_size=1, max_size=120),
    each_ms=st.integers(20, 900),
)
def test_cues_say_everything_once_in_order_and_fit(gaps: list[int], each_ms: int) -> None:
    text = "".join(chr(0x4E00 + number) for number in range(len(gaps)))
    cues = cues_of([segment(spoken(text, each_ms=each_ms, pauses=dict(enumerate(gaps))))])
    assert "".join(cue.text for cue in cues) == text
    assert all(cell_len(cue.text) <= LONGEST_CELLS for cue in cues)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(cues))
    assert all(cue.start_ms < cue.end_ms for cue in cues)


def test_the_format() -> None:
    cues = [Cue(0, 1_234, "你好"), Cue(3_723_004, 3_724_000, "再见")]
    assert srt(cues) == "1\n00:00:00,000 --> 00:00:01,234\n你好\n\n2\n01:02:03,004 --> 01:02:04,000\n再见\n\n"
