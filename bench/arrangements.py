"""Another system in several processes at the same time, each with a separate stream."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.children import Child
from bench.figures import CHUNK_MS, ArrangementFigures
from bench.systems import System
from bench.worker import Times

_PACKAGES = {
    System.STOCK: "funasr",
    System.FUNASR_ONNX: "funasr_onnx",
    System.SHERPA_ONNX: "sherpa_onnx",
}


@dataclass(frozen=True)
class Arrangement:
    """How many processes, and threads in each, a system is given."""

    processes: int
    threads: int


def missing(system: System) -> str | None:
    """Return why a system can't be measured here, if it can't."""
    needed = [_PACKAGES[system], *([] if system is System.STOCK else ["onnx"])]
    absent = [name.replace("_", "-") for name in needed if find_spec(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else None


def measure(
    system: System, model: Path, arrangement: Arrangement, device: str, chunks: int
) -> ArrangementFigures:
    """Return what a chunk costs while all processes are busy: the median over processes and chunks.

    Raises:
        ChildFailedError: A process ended without reporting its times.
    """
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Child("bench.worker", system, model, arrangement.threads, device, chunks))
            for _ in range(arrangement.processes)
        ]
        for worker in workers:
            worker.line()
        for worker in workers:
            worker.answer()
        times = [Times.model_validate_json(worker.line()) for worker in workers]
    chunk_ms = statistics.median([second for told in times for second in told.seconds]) * 1000
    return ArrangementFigures(
        system=system,
        processes=arrangement.processes,
        threads=arrangement.threads,
        chunk_ms=chunk_ms,
        streams=arrangement.processes * CHUNK_MS / chunk_ms,
    )
