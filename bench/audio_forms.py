"""Measure how often audio in the right format is taken for another, and how often another is detected.

    python -m bench.audio_forms                       # 100,000 streams of the right form, 200 of each other
    python -m bench.audio_forms --voices DIRECTORY    # with recordings of people (WAV) too

A stream is speech, noise, tones, music, silence or a mix of two, from a random place, at a random rate and at
a level from silence to hard clipping; every third is worn as telephones, old sound cards and careless
programs wear audio. The exit status is 1 if more than 1 in 10,000 is taken for another form.
"""

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.audio_encodings import ENCODINGS
from bench.audio_options import Options
from bench.audio_sources import RATES, speech
from bench.audio_streams import SPOKEN_DB, Streams, gain
from voicechat_common.audio import Samples, samples_of
from voicechat_server.asr.audio_check.form_check import FormCheck
from voicechat_server.asr.audio_check.sample_form import BLOCK_SAMPLES, Form

MOST_FALSE = 1e-4
_STREAM = 12 * BLOCK_SAMPLES
_SPOKEN_S = 8
_TASK = 500
_SHOWN = 10_000


def told(data: Samples) -> Form | None:
    """Return what a stream is taken for, sent in packets."""
    check = FormCheck()
    packets = (data[at : at + 3200] for at in range(0, len(data), 3200))
    return next(filter(None, map(check.look, packets)), None)


def honest(files: tuple[Path, ...], streams: int, seed: int) -> Counter[str]:
    """Return how many of streams of the right form were taken for which other."""
    random = np.random.default_rng(seed)
    drawn = Streams(files, random, streams, _STREAM, lambda: int(random.choice(RATES)))
    return Counter(str(told(drawn.next())) for _ in range(streams))


def noticed(files: tuple[Path, ...], streams: int, name: str) -> tuple[str, int, Counter[str]]:
    """Return how many streams of another form were noticed, and as what."""
    random = np.random.default_rng(len(name))
    found: Counter[str] = Counter()
    for _ in range(streams):
        rate = int(random.choice(RATES))
        wave: NDArray[np.float32] = speech(files, random, _SPOKEN_S * rate, rate)
        data = ENCODINGS[name](np.clip(wave * gain(random, *SPOKEN_DB), -1, 1))
        form = told(samples_of(data[: len(data) // 2 * 2]))
        found["nothing" if form is None else form.value] += 1
    return name, streams - found["nothing"], found


def main() -> int:
    """Measure, and print what was found."""
    options = Options.parsed(__doc__)
    files = options.files
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, count, found in pool.map(partial(noticed, files, options.others), ENCODINGS):
            print(f"{name:22} {count / options.others:7.1%}  {_listed(found)}")
        taken: Counter[str] = Counter()
        for counts in pool.map(partial(honest, files, _TASK), range(-(-options.streams // _TASK))):
            taken += counts
            if taken.total() % _SHOWN == 0:
                print(f"{taken.total()} of the right form: {_listed(taken)}", flush=True)
    streams, false = taken.total(), taken.total() - taken["None"]
    print(f"{'of the right form':22} {false} of {streams} taken for another  {_listed(taken)}")
    return int(false > MOST_FALSE * streams)


def _listed(found: Counter[str]) -> str:
    return ", ".join(f"{form} {count}" for form, count in found.most_common())


if __name__ == "__main__":
    sys.exit(main())
