"""Batches of utterances as FunASR's streaming Paraformer takes them in training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch

from tools.demo_model import corpus
from tools.demo_model.dataset import Utterance
from tools.demo_model.features import MEL_BINS
from tools.demo_model.model_folder import DIMENSIONS, STACKED, STRIDE, stack

PADDING = -1
LENGTH_JITTER = 60.0
MASKED_BANDS = 2
WIDEST_BAND = 8
LONGEST_GAP = 4


@dataclass(frozen=True)
class Batch:
    """Padded utterances.

    Attributes:
        speech: Normalised stacked features, shape (utterances, frames, 560).
        speech_lengths: Frames of each utterance.
        text: Token numbers, shape (utterances, tokens), padded with -1.
        text_lengths: Tokens of each utterance.
    """

    speech: torch.Tensor
    speech_lengths: torch.Tensor
    text: torch.Tensor
    text_lengths: torch.Tensor


Normalise = Callable[[torch.Tensor], torch.Tensor]


def normaliser(statistics: torch.Tensor) -> Normalise:
    """Turn statistics of shape (2, 560), shift and scale, into a function of features."""
    shift, scale = statistics[0], statistics[1]
    return lambda features: (features + shift) * scale


def groups(utterances: Sequence[Utterance], frames: int, rng: Random) -> list[list[Utterance]]:
    """Put utterances of like length together, in random order of groups.

    Args:
        utterances: All of them are used once.
        frames: The most stacked frames, padding included, in one group.
        rng: The source of chance.
    """

    def about_as_long(utterance: Utterance) -> float:
        return len(utterance.frames) + rng.uniform(0.0, LENGTH_JITTER)

    made: list[list[Utterance]] = [[]]
    longest = 0
    for utterance in sorted(utterances, key=about_as_long):
        length = -(-len(utterance.frames) // STRIDE)
        longest = max(longest, length)
        if made[-1] and longest * (len(made[-1]) + 1) > frames:
            made.append([])
            longest = length
        made[-1].append(utterance)
    rng.shuffle(made)
    return made


def mask(features: torch.Tensor, rng: Random) -> None:
    """Blank two bands of the spectrum and a short moment, in place, so that no single cue decides."""
    for _ in range(MASKED_BANDS):
        width = rng.randint(0, WIDEST_BAND)
        low = rng.randint(0, MEL_BINS - width)
        features.view(-1, STACKED, MEL_BINS)[:, :, low : low + width] = 0.0
    gap = rng.randint(0, LONGEST_GAP)
    start = rng.randint(0, max(1, len(features) - gap))
    features[start : start + gap] = 0.0


def collate(
    utterances: Sequence[Utterance], normalise: Normalise, lead_in: torch.Tensor, rng: Random | None
) -> Batch:
    """Make a batch.

    Args:
        utterances: What goes in.
        normalise: Applied to stacked features.
        lead_in: Frames put before each utterance, shape (frames, 560): what a stream starts with.
        rng: The source of chance for masking; None masks nothing.
    """
    numbers = {token: index for index, token in enumerate(corpus.tokens())}
    speech, text = [], []
    for utterance in utterances:
        features = normalise(torch.from_numpy(stack(utterance.frames)))
        if rng is not None:
            mask(features, rng)
        speech.append(torch.cat((lead_in, features)))
        text.append(torch.tensor([numbers[character] for character in utterance.text]))
    return Batch(
        torch.nn.utils.rnn.pad_sequence(speech, batch_first=True),
        torch.tensor([len(features) for features in speech]),
        torch.nn.utils.rnn.pad_sequence(text, batch_first=True, padding_value=PADDING),
        torch.tensor([len(tokens) for tokens in text]),
    )


def stream_start(embed: torch.nn.Module, frames: int, scale: float) -> torch.Tensor:
    """Make the frames that the encoder sees as zeros, as it does before the first chunk of a stream.

    The encoder multiplies features by `scale` and adds a position code; these frames cancel the code.

    Args:
        embed: The encoder's position code.
        frames: The look-ahead of a chunk.
        scale: The square root of the encoder's width.
    """
    code: torch.Tensor = embed(torch.zeros(1, frames, DIMENSIONS))
    return -code[0] / scale


def epoch(
    utterances: Sequence[Utterance], normalise: Normalise, lead_in: torch.Tensor, frames: int, rng: Random
) -> Iterator[Batch]:
    """Yield every utterance once, masked, in batches of at most `frames` frames."""
    for group in groups(utterances, frames, rng):
        yield collate(group, normalise, lead_in, rng)
