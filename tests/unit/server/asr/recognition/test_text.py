"""From the tokens of a segment to its words and text, whatever chunks the tokens came in."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.funasr_oracle import text_by_funasr
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.state import Token
from voicechat_server.asr.recognition.segment import Segment
from voicechat_server.asr.recognition.text import TimedToken, text_of, words_of

CHINESE = st.sampled_from(["你", "好", "我", "的", "龥", "一", "3", "0", "95", "2020"])
LETTER = st.sampled_from(list("abixz"))
LATIN = st.text("helowrd'", min_size=2, max_size=5).filter(lambda word: word.strip("'") != "")
PIECES = st.lists(LATIN | LETTER, min_size=2, max_size=4).map(
    lambda parts: [*(f"{part}@@" for part in parts[:-1]), parts[-1]]
)
UNSPOKEN = st.sampled_from(["<s>", "</s>", "<unk>", "<OOV>"])
WHOLE_WORDS = st.lists(
    (CHINESE | LETTER | LATIN | UNSPOKEN).map(lambda token: [token]) | PIECES, max_size=12
).map(lambda words: [token for word in words for token in word])
"""Tokens whose words are all finished: one that is not, FunASR loses or moves, while we keep it in place."""


def timed(*texts: str) -> list[TimedToken]:
    return [TimedToken(text, place * 100, place * 100 + 90) for place, text in enumerate(texts)]


def text(*tokens: str) -> str:
    return text_of(words_of(timed(*tokens)))


def words(*tokens: str) -> list[str]:
    return [word.text for word in words_of(timed(*tokens))]


@settings(max_examples=400)
@given(WHOLE_WORDS)
def test_the_text_of_whole_words_is_that_of_funasr(tokens: list[str]) -> None:
    assert text(*tokens) == text_by_funasr(tokens)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["hel@@", "lo"], "hello"),
        (["hel@@", "lo", "wor@@", "l@@", "d"], "hello world"),
        (["我", "说", "hel@@", "lo", "你", "好"], "我说hello你好"),
        (["good", "morning", "你", "好", "good", "night"], "good morning你好good night"),
        (["a", "p", "i"], "API"),
        (["用", "a", "p", "i", "吧"], "用API吧"),
        (["the", "u", "s", "market"], "the US market"),
        (["plan", "b"], "plan b"),
        (["it's", "a", "pen"], "it's a pen"),
        (["iphone", "15"], "iphone15"),
        (["你", "<unk>", "好", "<blank>"], "你好"),
        ([], ""),
    ],
)
def test_tokens_become_text(tokens: list[str], expected: str) -> None:
    assert text(*tokens) == expected


def test_a_word_that_is_unfinished_at_the_end_is_kept() -> None:
    assert text("你", "hel@@") == "你hel"
    assert words("你", "hel@@", "lo", "wor@@") == ["你", "hello", "wor"]


@pytest.mark.parametrize("character", ["你", "3"])
def test_a_chinese_character_ends_an_unfinished_word_before_it(character: str) -> None:
    assert words("hel@@", character, "lo") == ["hel", character, "lo"]


def test_a_word_lasts_from_its_first_piece_to_its_last() -> None:
    lasting = words_of(timed("我", "hel@@", "lo", "a", "b"))
    assert [(word.text, word.start_ms, word.end_ms) for word in lasting] == [
        ("我", 0, 90),
        ("hello", 100, 290),
        ("AB", 300, 490),
    ]


def segment_of(chunks: list[list[Token]], begin: int, frames: int) -> Segment:
    end = begin + frames * FRAME_SAMPLES
    segment = Segment(begin=begin, wanted=end, decoded=end, closed=True)
    for chunk in chunks:
        segment.add(chunk)
    return segment


@pytest.mark.parametrize("border", [1, 2, 3])
def test_a_word_that_spans_a_chunk_border_comes_out_whole(border: int) -> None:
    tokens = [Token("我", 1), Token("hel@@", 5), Token("lo", 9), Token("好", 12)]
    final = segment_of([tokens[:border], tokens[border:]], 0, 20).final(0)
    assert final.text == "我hello好"
    assert [word.text for word in final.words] == ["我", "hello", "好"]


def test_a_partial_shows_the_pieces_there_are_and_the_next_one_the_word() -> None:
    segment = Segment(begin=0, wanted=9600, decoded=9600)
    assert segment.add([Token("hel@@", 3)])
    assert segment.partial(0).text == "hel"
    segment.wanted = segment.decoded = 19_200
    assert segment.add([Token("lo", 11)])
    assert segment.partial(0).text == "hello"


@given(
    tokens=WHOLE_WORDS,
    begin=st.integers(0, 1_000_000),
    borders=st.lists(st.integers(0, 40), max_size=4),
    steps=st.lists(st.integers(0, 12), min_size=40, max_size=40),
)
def test_words_are_in_order_and_inside_their_segment(
    tokens: list[str], begin: int, borders: list[int], steps: list[int]
) -> None:
    frame = 0
    placed = []
    for token, step in zip(tokens, steps, strict=False):
        frame += step
        placed.append(Token(token, frame))
    edges = [0, *sorted(borders), len(placed)]
    chunks = [placed[first:last] for first, last in pairwise(edges)]
    final = segment_of(chunks, begin, frame + 1).final(0)
    assert final.text == text(*(token.text for token in placed))
    times = [time for word in final.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert all(final.start_ms <= time <= final.end_ms for time in times)


def test_a_word_in_the_last_frame_ends_with_the_audio() -> None:
    """The last frame is 60 ms long, the audio may end within it."""
    segment = Segment(begin=0, wanted=1400, decoded=1400, closed=True)
    segment.add([Token("我", 1)])
    final = segment.final(0)
    assert final.words[0].end_ms == final.end_ms == 87


def test_a_word_after_a_pause_does_not_begin_in_the_pause() -> None:
    final = segment_of([[Token("我", 3), Token("好", 49)]], 0, 60).final(0)
    assert [(word.start_ms, word.end_ms) for word in final.words] == [(10, 410), (2770, 3170)]
