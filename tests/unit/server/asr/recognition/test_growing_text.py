"""The text of a segment as it grows, against all of its tokens joined anew."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voicechat_common.protocol.speech import Partial
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.paraformer.state import Token
from voicechat_server.asr.recognition.segment import Segment
from voicechat_server.asr.recognition.text import GrowingText, TimedToken, TimedWord, WordJoiner

SPOKEN = [
    "好",
    "龥",
    "3",
    "95",
    "a",
    "b",
    "x",
    "'",
    "it's",
    "the",
    "word",
    "hel@@",
    "lo",
    "a@@",
    "b@@",
    "i@@",
]
ODD = ["3@@", "好@@", "@@", "", "<blank>", "<unk>", "</s>"]
TOKENS = st.sampled_from([*SPOKEN, *ODD])
CHUNKS = st.lists(st.lists(TOKENS, max_size=6), max_size=20)
THREE_HOURS = 3 * 3600
TOKENS_PER_S = 4


def is_latin(text: str) -> bool:
    return all(letter == "'" or (letter.isascii() and letter.isalpha()) for letter in text)


def pieces_joined(tokens: list[str]) -> list[str]:
    words: list[str] = []
    goes_on = False
    for token in tokens:
        if token in {"<blank>", "<s>", "</s>", "<unk>", "<OOV>"}:
            continue
        piece = token.replace("@@", "")
        if goes_on and is_latin(piece):
            words[-1] += piece
        else:
            words.append(piece)
        goes_on = token.endswith("@@")
    return words


def letters_joined(words: list[str]) -> list[str]:
    joined: list[str] = []
    run: list[str] = []
    for word in [*words, None]:
        if word is not None and len(word) == 1 and is_latin(word):
            run.append(word)
            continue
        joined += ["".join(run).upper()] if len(run) > 1 else run
        run = []
        if word is not None:
            joined.append(word)
    return joined


def whole(tokens: list[str]) -> str:
    """The text of all tokens, joined at once."""
    text, previous = "", "好"
    for word in letters_joined(pieces_joined(tokens)):
        text += " " * (is_latin(previous) and is_latin(word)) + word
        previous = word
    return text


@settings(max_examples=400)
@given(CHUNKS)
@example([["a"], ["b"], ["c@@"], ["好"]])
@example([["hel@@"], ["好"], ["lo"], ["@@"], ["a"]])
def test_text_that_grows_is_that_of_all_tokens_joined_at_once(chunks: list[list[str]]) -> None:
    growing = GrowingText()
    tokens: list[str] = []
    for chunk in chunks:
        growing.add(chunk)
        tokens += chunk
        assert str(growing) == whole(tokens)


@settings(max_examples=200)
@given(CHUNKS, st.integers(0, 20), st.integers(0, 120))
def test_clients_are_told_what_changes_and_nothing_else(
    chunks: list[list[str]], cut_after: int, limit_frame: int
) -> None:
    """Each frame has a token; after some chunks the segment is cut at a frame."""
    limit = limit_frame * FRAME_SAMPLES
    segment = Segment(begin=0, wanted=120 * FRAME_SAMPLES, decoded=0)
    tokens: list[str] = []
    told: list[Partial] = []
    expected: list[tuple[int, str]] = []
    before, most = "", 120
    for number, chunk in enumerate(chunks):
        first = sum(map(len, chunks[:number]))
        if number == cut_after:
            most = limit_frame
            segment.limit_to(limit)
            before = whole(tokens[:most])
        tokens += chunk
        if segment.add([Token(text, first + place) for place, text in enumerate(chunk)]):
            told.append(segment.partial(0))
        if (now := whole(tokens[:most])) != before:
            expected.append((len(expected) + 1, now))
            before = now
    assert [(partial.revision, partial.text) for partial in told] == expected
    assert segment.has_final == bool(before or expected)
    assert segment.final(0).text == before


@pytest.mark.parametrize("token", ["好", "word", "wor@@", "a"])
def test_a_chunk_late_in_a_long_segment_is_joined_alone(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was joined with all before it, in a second after three hours."""
    segment = Segment(begin=0, wanted=THREE_HOURS * 16_000, decoded=0)
    count = THREE_HOURS * TOKENS_PER_S
    segment.add([Token("好" if number % 9 else "a", number * 4) for number in range(count)])
    joined: list[str] = []
    join = WordJoiner.push

    def push(joiner: WordJoiner, token: TimedToken) -> list[TimedWord]:
        joined.append(token.text)
        return join(joiner, token)

    monkeypatch.setattr(WordJoiner, "push", push)
    assert segment.add([Token(token, count * 4)])
    assert joined == [token]
