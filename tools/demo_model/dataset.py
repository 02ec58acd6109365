"""Training data: utterances made from seeds, and the file that holds many of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np

from tools.demo_model import augmentation, corpus, synthesis
from tools.demo_model.features import MelFrames, log_mel
from tools.demo_model.synthesis import Waveform

LONGEST_SECONDS = 14.0
SEVERAL_SENTENCES_SHARE = 0.18
PLAIN_VOICE_SHARE = 0.6
HARSH_SHARE = 0.15


@dataclass(frozen=True)
class Utterance:
    """A text and how it sounds.

    Attributes:
        text: What is said.
        frames: Log-mel features of shape (frames, 80).
    """

    text: str
    frames: MelFrames


def silence_before(rng: Random) -> float:
    """Draw the seconds before the first syllable: any phase of a chunk, now and then a long wait."""
    return rng.uniform(0.0, 0.9) if rng.random() < 0.8 else rng.uniform(0.9, 3.0)


def silence_after(rng: Random) -> float:
    """Draw the seconds after the last syllable: often none at all, now and then a long wait."""
    kind = rng.random()
    if kind < 0.3:
        return 0.0
    return rng.uniform(0.0, 0.6) if kind < 0.8 else rng.uniform(0.6, 2.0)


def say(texts: Sequence[str], voice: synthesis.Voice, rng: Random) -> Waveform:
    """Say sentences one after the other with pauses between them and silence around them."""
    pauses = [rng.uniform(0.25, 1.6) for _ in texts[1:]]
    speech = augmentation.join_with_pauses([synthesis.speak(text, voice) for text in texts], pauses)
    return augmentation.surround_with_silence(speech, silence_before(rng), silence_after(rng))


def training_utterance(seed: int) -> Utterance:
    """Make the utterance that belongs to a seed: its sentences, voice, silences and recording situation."""
    rng = Random(seed)
    if rng.random() < PLAIN_VOICE_SHARE:
        voice, severity = synthesis.plain_voice(rng), augmentation.MILD
    else:
        harsh = rng.random() < HARSH_SHARE / (1 - PLAIN_VOICE_SHARE)
        voice, severity = synthesis.any_voice(rng), augmentation.HARSH if harsh else augmentation.MILD
    count = rng.choice((2, 2, 3)) if rng.random() < SEVERAL_SENTENCES_SHARE else 1
    while True:
        texts = [corpus.sentence(rng) for _ in range(count)]
        samples = say(texts, voice, rng)
        if len(samples) <= LONGEST_SECONDS * synthesis.SAMPLE_RATE:
            heard = augmentation.degrade(samples, severity, rng)
            return Utterance("".join(texts), log_mel(heard))


def training_utterances(first_seed: int, count: int, workers: int) -> Iterator[Utterance]:
    """Make the utterances of consecutive seeds in several processes, in the order of the seeds."""
    with get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(training_utterance, range(first_seed, first_seed + count), chunksize=32)


def save(path: Path, utterances: Sequence[Utterance]) -> None:
    """Write utterances to one `.npz` file."""
    np.savez(
        path,
        texts=np.array([utterance.text for utterance in utterances]),
        borders=np.cumsum([0, *(len(utterance.frames) for utterance in utterances)]),
        frames=np.concatenate([utterance.frames for utterance in utterances]),
    )


def load(path: Path) -> list[Utterance]:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        frames = stored["frames"]
        spans = pairwise(stored["borders"].tolist())
        return [
            Utterance(str(text), frames[start:end])
            for text, (start, end) in zip(stored["texts"], spans, strict=True)
        ]
