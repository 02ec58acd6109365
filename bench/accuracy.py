"""What a number format costs in accuracy: the errors on the recordings that ship with the demo model."""

import json

import numpy as np
import soundfile

from bench.audio import Audio
from bench.figures import AccuracyFigures
from voicechat_server.asr.config import FRAME_SAMPLES
from voicechat_server.asr.models import cache
from voicechat_server.asr.models.catalog import demo_directory
from voicechat_server.asr.models.directory.files import ModelFiles
from voicechat_server.asr.models.loading.loader import load
from voicechat_server.asr.paraformer.network import Network
from voicechat_server.asr.paraformer.precision import Precision
from voicechat_server.asr.paraformer.state import Chunk
from voicechat_server.asr.paraformer.stepper import ParaformerStepper
from voicechat_server.settings.model import Settings

_CHUNK_SIZE = (0, 10, 5)
_STRIDE = _CHUNK_SIZE[1] * FRAME_SAMPLES


def measure(device: str, precision: Precision) -> AccuracyFigures:
    """Return the character error rate of a precision over all recordings."""
    from jiwer import cer

    loaded = load(ModelFiles(demo_directory(), "demo", "local"), device, threads=0)
    network = Network(loaded, precision, cache.kernels(Settings().cache_dir))
    said = _transcripts()
    texts = recognise(network, {name: _recording(name) for name in said})
    rate = float(cer(list(said.values()), [texts[name] for name in said]))
    return AccuracyFigures(precision=precision, characters=sum(map(len, said.values())), error_rate=rate)


def recognise(network: Network, recordings: dict[str, Audio]) -> dict[str, str]:
    """Return the text of each recording; all are processed together, as a batch."""
    stepper = ParaformerStepper(network, encoder_look_back=4, decoder_look_back=1)
    left = dict(recordings)
    states = {name: stepper.open(_CHUNK_SIZE) for name in recordings}
    texts = dict.fromkeys(recordings, "")
    while states:
        names = list(states)
        chunks = [Chunk(states[name], left[name][:_STRIDE], len(left[name]) < _STRIDE) for name in names]
        for name, chunk, tokens in zip(names, chunks, stepper.step(chunks), strict=True):
            texts[name] += "".join(token.text for token in tokens)
            left[name] = left[name][_STRIDE:]
            if chunk.is_final:
                del states[name]
    return texts


def _transcripts() -> dict[str, str]:
    path = demo_directory() / "samples" / "transcripts.json"
    return {name: "".join(text) for name, text in json.loads(path.read_text(encoding="utf-8")).items()}


def _recording(name: str) -> Audio:
    samples, _ = soundfile.read(demo_directory() / "samples" / f"{name}.wav", dtype="float32")
    return np.asarray(samples, np.float32)
