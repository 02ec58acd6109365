"""Sentences drawn from the grammar, and the tokens that spell them."""

import re
from collections.abc import Iterator, Mapping
from random import Random

from tools.demo_model import grammar

MAX_CHARACTERS = 26
LOOSE_WORDS_SHARE = 0.12
TWO_SENTENCES_SHARE = 0.12
TWO_SENTENCES_BELOW = 12

WORD_SLOTS: Mapping[str, tuple[str, ...]] = {
    "city": grammar.CITIES,
    "weather": grammar.WEATHER,
    "day": grammar.DAYS,
    "place": grammar.PLACES,
    "person": grammar.PEOPLE,
    "goods": grammar.GOODS,
    "food": grammar.FOOD,
    "drink": grammar.DRINKS,
    "counted_food": grammar.COUNTED_FOOD,
    "action": grammar.ACTIONS,
    "device": grammar.DEVICES,
    "digit": grammar.DIGITS,
    "decade": grammar.DIGITS[1:3],
}
SLOT = re.compile(r"\{([^}]+)\}")
RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?( digits)?")


def number(value: int) -> str:
    """Spell a whole number from 1 to 999 the way it is counted aloud."""
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    text = grammar.DIGITS[hundreds] + grammar.HUNDREDS if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else grammar.DIGITS[tens]) + grammar.TENS
    elif hundreds and ones:
        text += grammar.DIGITS[0]
    return text + (grammar.DIGITS[ones] if ones else "")


def digits(rng: Random, count: int) -> str:
    """Draw a string of digits as they are read out one by one."""
    return "".join(rng.choice(grammar.DIGITS) for _ in range(count))


def time_of_day(rng: Random) -> str:
    """Draw a time such as 下午三点半."""
    text = rng.choice(grammar.PARTS_OF_DAY) + number(rng.randint(1, 12)) + grammar.O_CLOCK
    kind = rng.random()
    if kind < 0.3:
        return text + grammar.HALF
    if kind < 0.55:
        return text + number(rng.randint(5, 59)) + grammar.MINUTES
    return text


def fill(slot: str, rng: Random) -> str:
    """Draw the text of one slot.

    Args:
        slot: A word list's name, `time`, `code`, a range of numbers (`2..72`), or of digits (`4..10 digits`).
        rng: The source of chance.

    Raises:
        KeyError: The grammar names a slot that does not exist.
    """
    if slot == "time":
        return time_of_day(rng)
    if slot == "code":
        return digits(rng, rng.choice((4, 6)))
    span = RANGE.fullmatch(slot)
    if span is None:
        return rng.choice(WORD_SLOTS[slot])
    low = int(span[1])
    drawn = rng.randint(low, int(span[2] or low))
    return digits(rng, drawn) if span[3] else number(drawn)


def from_template(rng: Random) -> str:
    """Draw a template and fill its slots."""
    return SLOT.sub(lambda slot: fill(slot[1], rng), rng.choice(grammar.TEMPLATES))


def sentence(rng: Random) -> str:
    """Draw one utterance of at most `MAX_CHARACTERS` characters.

    A share of them are loose words, so that the model cannot lean on the grammar alone, and a share of the
    short ones is continued with a second sentence.
    """
    while True:
        if rng.random() < LOOSE_WORDS_SHARE:
            text = "".join(rng.choice(grammar.LOOSE_WORDS) for _ in range(rng.randint(2, 6)))
        else:
            text = from_template(rng)
            if len(text) < TWO_SENTENCES_BELOW and rng.random() < TWO_SENTENCES_SHARE:
                text += from_template(rng)
        if len(text) <= MAX_CHARACTERS:
            return text


def sentences(seed: int) -> Iterator[str]:
    """Yield the endless series of sentences that belongs to a seed."""
    rng = Random(seed)
    while True:
        yield sentence(rng)


def characters() -> list[str]:
    """List every character the grammar can produce, in code-point order."""
    fixed = "".join(SLOT.sub("", template) for template in grammar.TEMPLATES)
    marks = grammar.TENS + grammar.HUNDREDS + grammar.O_CLOCK + grammar.HALF + grammar.MINUTES
    return sorted({*fixed, *marks, *"".join(grammar.LOOSE_WORDS)})


def tokens() -> list[str]:
    """List the model's tokens in the order of its output layer."""
    return ["<blank>", "<s>", "</s>", *characters(), "<unk>"]
