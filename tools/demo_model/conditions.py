"""What a model is measured on: speech under named conditions, none of which it was trained on."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import soundfile

from tools.demo_model import augmentation, corpus, synthesis
from tools.demo_model.synthesis import SAMPLE_RATE, Waveform

RATES = (16_000, 8_000, 22_050, 44_100, 48_000)
SHIFTS_MS = (-200, -100, 100, 200, 300, 400, 500, 600)
QUIET_BELOW_PEAK_DB = 30.0
CONVERSATION = "talk"


@dataclass(frozen=True)
class Case:
    """One recording to recognise.

    Attributes:
        name: The sample's name, or the seed.
        text: What is said in it.
        samples: Mono speech in [-1, 1] at 16 kHz.
    """

    name: str
    text: str
    samples: Waveform


def noisy(case: Case, severity: augmentation.Severity) -> Case:
    """Put a recording into the situation that belongs to its name."""
    heard = augmentation.degrade(case.samples, severity, Random(f"situation {case.name}"))
    return Case(case.name, case.text, heard)


def at_rate(case: Case, rate: int) -> Case:
    """Send a recording through 16-bit PCM of another rate and back."""
    return Case(case.name, case.text, augmentation.through_rate(case.samples, rate))


def spoken(seed: int, voice: synthesis.Voice, before: float, after: float) -> Case:
    """Say the sentence of a seed."""
    text = corpus.sentence(Random(seed))
    speech = augmentation.scale_peak(synthesis.speak(text, voice), 0.5)
    return Case(str(seed), text, augmentation.surround_with_silence(speech, before, after))


def held_out(first_seed: int, count: int) -> Mapping[str, list[Case]]:
    """Make sentences of seeds that training does not use, each under every condition."""
    seeds = range(first_seed, first_seed + count)
    plain = [
        spoken(
            seed, synthesis.plain_voice(Random(f"voice {seed}")), Random(f"start {seed}").uniform(0, 0.6), 0.3
        )
        for seed in seeds
    ]
    cut = [spoken(seed, synthesis.plain_voice(Random(f"voice {seed}")), 0.2, 0.0) for seed in seeds]
    further = [spoken(seed, synthesis.any_voice(Random(f"voice {seed}")), 0.2, 0.3) for seed in seeds]
    no_other_rate = augmentation.Severity((18, 50), noise=1.0, echo=0.15, tilt=0.3, other_rate=0.0)
    rates = {f"ten voices, {rate} Hz": [at_rate(case, rate) for case in plain] for rate in RATES[1:]}
    return {
        "ten voices, clean": plain,
        "ten voices, cut at the last syllable": cut,
        "ten voices, noise 18-50 dB, echo": [noisy(case, no_other_rate) for case in plain],
        **rates,
        "all voices, clean": further,
        "all voices, noise 8-45 dB, echo, rates": [noisy(case, augmentation.HARSH) for case in further],
    }


def shipped(folder: Path) -> list[Case]:
    """Read the recordings of a samples folder with their transcripts.

    Raises:
        ValueError: A recording is not 16 kHz mono.
    """
    transcripts = json.loads((folder / "transcripts.json").read_text(encoding="utf-8"))
    cases = []
    for name, text in transcripts.items():
        stored, rate = soundfile.read(folder / f"{name}.wav", dtype="float32")
        if rate != SAMPLE_RATE or stored.ndim != 1:
            raise ValueError(f"{name}.wav is not 16 kHz mono")
        samples: Waveform = np.asarray(stored, np.float32)
        cases.append(Case(name, text if isinstance(text, str) else "".join(text), samples))
    return cases


def shifted(case: Case, milliseconds: int) -> Case:
    """Move where the chunks fall: put silence before the recording, or cut off silence it begins with."""
    offset = abs(milliseconds) * SAMPLE_RATE // 1000
    if milliseconds >= 0:
        return Case(case.name, case.text, np.pad(case.samples, (offset, 0)))
    start, _ = synthesis.loud_span(case.samples, QUIET_BELOW_PEAK_DB)
    return Case(case.name, case.text, case.samples[min(offset, start) :])


def of_samples(folder: Path) -> Iterator[tuple[str, list[Case]]]:
    """Yield the shipped sentences through every rate and at every shift, and the shipped conversation."""
    cases = shipped(folder)
    sentences = [case for case in cases if case.name != CONVERSATION]
    conversation = [case for case in cases if case.name == CONVERSATION]
    for rate in RATES:
        yield f"samples, {rate} Hz", [at_rate(case, rate) for case in sentences]
    for shift in SHIFTS_MS:
        yield f"samples, shifted {shift} ms", [shifted(case, shift) for case in sentences]
    for rate in RATES:
        yield f"conversation, {rate} Hz", [at_rate(case, rate) for case in conversation]
