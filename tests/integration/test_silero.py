"""Speech probabilities of many streams at once, against silero-vad's own, window by window."""

from functools import cache

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.samples import as_float, pcm
from voicechat_server.asr.vad.silero import VoiceActivityDetector, package_directory
from voicechat_server.asr.vad.state import WINDOW_SAMPLES, VadState

Audio = NDArray[np.float32]

DETECTOR = VoiceActivityDetector()
SECONDS = 3


def recordings() -> list[Audio]:
    """Speech, silence, noise and what no microphone gives, as whole windows."""
    count = SECONDS * 16_000 // WINDOW_SAMPLES * WINDOW_SAMPLES
    speech = as_float(pcm("talk"))
    noise = np.random.default_rng(1).standard_normal(count).astype(np.float32)
    spoken = [speech[begin : begin + count] for begin in (0, 5 * 16_000, 11 * 16_000)]
    return [*spoken, np.zeros(count, np.float32), noise * 0.01, noise]


RECORDINGS = recordings()


@cache
def expected() -> list[Audio]:
    """The probabilities of each recording by the model as silero-vad runs it."""
    found = []
    for audio in RECORDINGS:
        model = torch.jit.load(str(package_directory() / "data" / "silero_vad.jit"))
        with torch.inference_mode():
            windows = torch.from_numpy(audio).split(WINDOW_SAMPLES)
            found.append(np.array([float(model(window, 16_000)) for window in windows], np.float32))
    return found


def test_speech_is_told_from_silence() -> None:
    assert all((probabilities > 0.5).mean() > 0.3 for probabilities in expected()[:3])
    assert (expected()[3] < 0.1).all()


@settings(max_examples=40)
@given(st.data())
def test_any_company_and_any_cut_give_what_silero_vad_gives(data: st.DataObject) -> None:
    states = [VadState() for _ in RECORDINGS]
    places = [0] * len(RECORDINGS)
    found: list[list[Audio]] = [[] for _ in RECORDINGS]
    last = len(expected()[0])
    while min(places) < last:
        going_on = [number for number, place in enumerate(places) if place < last]
        chosen = data.draw(st.lists(st.sampled_from(going_on), min_size=1, unique=True))
        counts = [min(data.draw(st.integers(1, 70)), last - places[number]) for number in chosen]
        begins = [places[number] * WINDOW_SAMPLES for number in chosen]
        batch = [
            (RECORDINGS[number][begin : begin + count * WINDOW_SAMPLES], states[number])
            for number, begin, count in zip(chosen, begins, counts, strict=True)
        ]
        for number, count, probabilities in zip(chosen, counts, DETECTOR.probabilities(batch), strict=True):
            places[number] += count
            found[number].append(probabilities)
    for mine, theirs in zip(found, expected(), strict=True):
        np.testing.assert_allclose(np.concatenate(mine), theirs, rtol=0, atol=1e-4)


def test_what_is_no_number_stays_in_its_stream() -> None:
    bad = np.full(3 * WINDOW_SAMPLES, np.nan, np.float32)
    good = RECORDINGS[0][: 3 * WINDOW_SAMPLES]
    _, probabilities = DETECTOR.probabilities([(bad, VadState()), (good, VadState())])
    np.testing.assert_allclose(probabilities, expected()[0][:3], rtol=0, atol=1e-4)
