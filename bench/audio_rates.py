"""Measure how often the rate of honest streams is doubted, and how often a wrong one is noticed.

    python -m bench.audio_rates                       # 100,000 honest streams, 200 of each wrong rate
    python -m bench.audio_rates --voices DIRECTORY    # with recordings of people (WAV) too

The honest streams are those of `bench.audio_forms`, but longer, and brought to 16 kHz. The exit
status is 1 if the rate of more than 1 in 10,000 is doubted.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from bench.audio_encodings import as_pcm
from bench.audio_forms import MOST_FALSE
from bench.audio_options import Options
from bench.audio_sources import RATES, speech
from bench.audio_streams import SPOKEN_DB, Streams, gain
from voicechat_common.audio import SAMPLE_RATE, Resampler, Samples
from voicechat_server.asr.audio_check.rate_check import RateCheck
from voicechat_server.asr.vad.silero import VoiceActivityDetector
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, VadState

WRONG = (48_000, 44_100, 32_000, 24_000, 22_050, 11_025, 8_000)
"""Rates of speech that is read at 16 kHz."""

_STREAM_S = 9
_SPOKEN_S = 20
"""Seconds at the rate that it is read at, among which are pauses."""

_TOGETHER = 32
_TASK = 250
_SHOWN = 10_000


@cache
def _detector() -> VoiceActivityDetector:
    torch.set_num_threads(1)
    return VoiceActivityDetector()


def is_told(data: Samples) -> bool:
    """Return whether a stream that is read at 16 kHz is taken for one of a higher rate."""
    check, state = RateCheck(), VadState()
    audio = data.astype(np.float32) / np.float32(32_768)
    step = _TOGETHER * WINDOW_SAMPLES
    for at in range(0, len(audio) - step, step):
        windows = audio[at : at + step]
        (probabilities,) = _detector().probabilities([(windows, state)])
        check.look(windows, probabilities)
        while len(tried := check.windows(_TOGETHER)):
            (probabilities,) = _detector().probabilities([(tried, check.state)])
            if check.judge(probabilities):
                return True
        if check.is_over:
            break
    return False


def doubted(files: tuple[Path, ...], streams: int, seed: int) -> int:
    """Return of how many honest streams the rate is doubted."""
    random = np.random.default_rng(seed)
    rate = RATES[seed % len(RATES)]
    drawn = Streams(files, random, streams, _STREAM_S * rate, lambda: rate)
    return sum(is_told(_at_16_khz(drawn.next(), rate)) for _ in range(streams))


def _at_16_khz(data: Samples, rate: int) -> Samples:
    resampler = Resampler(rate)
    return np.concatenate((resampler.process(data), resampler.finish()))


def noticed(files: tuple[Path, ...], streams: int, rate: int) -> int:
    """Return how many streams of another rate than 16 kHz are noticed."""
    random = np.random.default_rng(rate)
    found = 0
    for _ in range(streams):
        wave = speech(files, random, _SPOKEN_S * SAMPLE_RATE, rate)
        found += is_told(as_pcm(wave * gain(random, *SPOKEN_DB)))
    return found


def main() -> int:
    """Measure, and print what was found."""
    options = Options.parsed(__doc__)
    files = options.files
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(partial(noticed, files, options.others), WRONG)
        for rate, count in zip(WRONG, found, strict=True):
            print(f"{rate:6} sent as 16000 {count / options.others:7.1%}", flush=True)
        streams = false = 0
        for count in pool.map(partial(doubted, files, _TASK), range(-(-options.streams // _TASK))):
            streams, false = streams + _TASK, false + count
            if streams % _SHOWN == 0:
                print(f"{false} of {streams} honest ones doubted", flush=True)
    print(f"{false} of {streams} honest ones doubted")
    return int(false > MOST_FALSE * streams)


if __name__ == "__main__":
    sys.exit(main())
