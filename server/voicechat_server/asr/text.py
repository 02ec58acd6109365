"""Tokens of a segment to words and text.

The rules are those of FunASR's `sentence_postprocess`, applied to all tokens of a segment instead of those of
one chunk, so that a word which spans a chunk border comes out whole. Unlike it, a word that is broken off, by
the end of the segment or by a Chinese character, keeps the pieces it has in their place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_CONTINUES = "@@"
_UNSPOKEN = frozenset({"<blank>", "<s>", "</s>", "<unk>", "<OOV>"})


@dataclass(frozen=True)
class TimedToken:
    """A token and the stretch of the stream it was spoken in, in milliseconds."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class TimedWord:
    """A word, or a single Chinese character, and when it was spoken, in milliseconds."""

    text: str
    start_ms: int
    end_ms: int


def words_of(tokens: Iterable[TimedToken]) -> list[TimedWord]:
    """Join word pieces (`hel@@`, `lo`) to words, and letters spelled in a row (`a`, `p`, `i`) to `API`."""
    words: list[TimedWord] = []
    open_word: TimedWord | None = None
    for token in tokens:
        if token.text in _UNSPOKEN:
            continue
        piece = token.text.replace(_CONTINUES, "")
        if open_word is not None and not _is_latin(piece):
            words.append(open_word)
            open_word = None
        if open_word is None:
            open_word = TimedWord(piece, token.start_ms, token.end_ms)
        else:
            open_word = TimedWord(open_word.text + piece, open_word.start_ms, token.end_ms)
        if not token.text.endswith(_CONTINUES):
            words.append(open_word)
            open_word = None
    if open_word is not None:
        words.append(open_word)
    return _join_spelled(words)


def text_of(words: Sequence[TimedWord]) -> str:
    """Join words to text: a space between two Latin words, none beside a Chinese character."""
    text = ""
    previous: TimedWord | None = None
    for word in words:
        if previous is not None and _is_latin(previous.text) and _is_latin(word.text):
            text += " "
        text += word.text
        previous = word
    return text


def _join_spelled(words: list[TimedWord]) -> list[TimedWord]:
    joined: list[TimedWord] = []
    run: list[TimedWord] = []
    for word in [*words, None]:
        if word is not None and len(word.text) == 1 and _is_latin(word.text):
            run.append(word)
            continue
        if len(run) > 1:
            spelled = "".join(letter.text for letter in run).upper()
            joined.append(TimedWord(spelled, run[0].start_ms, run[-1].end_ms))
        else:
            joined += run
        run = []
        if word is not None:
            joined.append(word)
    return joined


def _is_latin(text: str) -> bool:
    return all(letter == "'" or (letter.isascii() and letter.isalpha()) for letter in text)
