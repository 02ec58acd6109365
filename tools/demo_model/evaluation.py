"""Error rates of a model folder, streamed through FunASR's own `AutoModel.generate`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
from funasr import AutoModel

from tools.demo_model.conditions import Case
from tools.demo_model.synthesis import Waveform

CHUNK_SIZES = ((0, 10, 5), (0, 8, 4))
ENCODER_LOOK_BACK = 4
DECODER_LOOK_BACK = 1


@dataclass(frozen=True)
class Mistake:
    """A recording that was not recognised exactly."""

    name: str
    said: str
    recognised: str


@dataclass(frozen=True)
class Score:
    """How well a model did under one condition.

    Attributes:
        condition: The name of the condition.
        chunk_size: Left context, step and look-ahead in frames of 60 ms.
        recordings: How many there were.
        error_rate: Wrong, missing and extra characters per character said.
        mistakes: The recordings that were not exactly right.
    """

    condition: str
    chunk_size: tuple[int, int, int]
    recordings: int
    error_rate: float
    mistakes: list[Mistake]


class Recogniser:
    """A model folder as FunASR streams it."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._model = AutoModel(
            model=str(folder),
            device="cpu",
            ncpu=threads,
            disable_update=True,
            disable_pbar=True,
            disable_log=True,
            log_level="ERROR",
        )

    def text(self, samples: Waveform, chunk_size: tuple[int, int, int]) -> str:
        """Recognise a recording, chunk by chunk, with a fresh cache."""
        results = self._model.generate(
            input=samples,
            cache={},
            is_final=True,
            chunk_size=list(chunk_size),
            encoder_chunk_look_back=ENCODER_LOOK_BACK,
            decoder_chunk_look_back=DECODER_LOOK_BACK,
        )
        return "".join(str(result["text"]) for result in results).replace(" ", "")


def score(
    recogniser: Recogniser, condition: str, cases: Sequence[Case], chunk_size: tuple[int, int, int]
) -> Score:
    """Recognise every recording of a condition and count the errors."""
    recognised = [recogniser.text(case.samples, chunk_size) for case in cases]
    mistakes = [
        Mistake(case.name, case.text, text)
        for case, text in zip(cases, recognised, strict=True)
        if text != case.text
    ]
    error_rate = float(jiwer.cer([case.text for case in cases], recognised))
    return Score(condition, chunk_size, len(cases), error_rate, mistakes)


def table_line(scored: Score) -> str:
    """Format a score as a row of a Markdown table."""
    exact = scored.recordings - len(scored.mistakes)
    chunk = ",".join(str(frames) for frames in scored.chunk_size)
    return f"| {scored.condition} | [{chunk}] | {exact}/{scored.recordings} | {scored.error_rate:.2%} |"
