"""Turns the tokens of a segment into words and text.

The rules are those of FunASR's `sentence_postprocess`, applied to all tokens of a segment instead of those of
one chunk, so that a word which spans a chunk border comes out whole. Unlike it, a word that is broken off, by
the end of the segment or by a Chinese character, keeps the pieces it has where they are.
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


class WordJoiner:
    """Joins tokens to words as they come.

    Word pieces (`hel@@`, `lo`) make a word, and letters spelled in a row (`a`, `p`, `i`) make `API`.
    """

    def __init__(self) -> None:
        self._open: TimedWord | None = None
        self._letters: list[TimedWord] = []

    def push(self, token: TimedToken) -> list[TimedWord]:
        """Take the next token; return the words, in order, that no later token can change any more."""
        if token.text in _UNSPOKEN:
            return []
        words: list[TimedWord] = []
        piece = token.text.replace(_CONTINUES, "")
        if self._open is not None and not _is_latin(piece):
            words += self._close(self._open)
            self._open = None
        if self._open is None:
            self._open = TimedWord(piece, token.start_ms, token.end_ms)
        else:
            self._open = TimedWord(self._open.text + piece, self._open.start_ms, token.end_ms)
        if not token.text.endswith(_CONTINUES):
            words += self._close(self._open)
            self._open = None
        return words

    def rest(self) -> list[TimedWord]:
        """Return the words after those, as they are if no token follows."""
        if self._open is None:
            return _spelled(self._letters)
        if _is_letter(self._open):
            return _spelled([*self._letters, self._open])
        return [*_spelled(self._letters), self._open]

    def _close(self, word: TimedWord) -> list[TimedWord]:
        if _is_letter(word):
            self._letters.append(word)
            return []
        words = [*_spelled(self._letters), word]
        self._letters = []
        return words


class GrowingText:
    """The text of tokens as they come; what it takes does not grow with what came before."""

    def __init__(self) -> None:
        self._joiner = WordJoiner()
        self._settled = ""
        self._last: TimedWord | None = None

    def add(self, tokens: Iterable[str]) -> None:
        """Take the texts of the next tokens."""
        words = [word for token in tokens for word in self._joiner.push(TimedToken(token, 0, 0))]
        if words:
            self._settled += text_of(words, after=self._last)
            self._last = words[-1]

    def __str__(self) -> str:
        return self._settled + text_of(self._joiner.rest(), after=self._last)


def words_of(tokens: Iterable[TimedToken]) -> list[TimedWord]:
    """Join the tokens of a segment to words."""
    joiner = WordJoiner()
    words = [word for token in tokens for word in joiner.push(token)]
    return words + joiner.rest()


def text_of(words: Sequence[TimedWord], after: TimedWord | None = None) -> str:
    """Join words to text: a space between two Latin words, none beside a Chinese character.

    Args:
        words: The words.
        after: The word before them, if any; the space between them is in the text, too.
    """
    text = ""
    previous = after
    for word in words:
        if previous is not None and _is_latin(previous.text) and _is_latin(word.text):
            text += " "
        text += word.text
        previous = word
    return text


def _spelled(letters: Sequence[TimedWord]) -> list[TimedWord]:
    if len(letters) < 2:
        return list(letters)
    spelled = "".join(letter.text for letter in letters).upper()
    return [TimedWord(spelled, letters[0].start_ms, letters[-1].end_ms)]


def _is_letter(word: TimedWord) -> bool:
    return len(word.text) == 1 and _is_latin(word.text)


def _is_latin(text: str) -> bool:
    return all(letter == "'" or (letter.isascii() and letter.isalpha()) for letter in text)
