"""One process with one stream of another system.

    python -m bench.worker SYSTEM MODEL THREADS DEVICE CHUNKS

It loads, warms up, reports that it is ready, waits for a line so that several start together, and prints
its times.
"""

import os
import sys
import time
from pathlib import Path

from pydantic import BaseModel

from bench.audio import Scene, chunks, recording
from bench.systems import System, stream

_WARM_UP_CHUNKS = 6
"""Until the look-back is full: from then on all chunks cost the same."""


class Times(BaseModel):
    """What a worker reports.

    Attributes:
        seconds: Of each chunk.
    """

    seconds: list[float]


def main(system: str, model: str, threads: str, device: str, count: str) -> None:
    """Measure `count` chunks."""
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # some systems print what they do
    audio = chunks(recording(Scene.SPEECH))
    feed = stream(System(system), Path(model), int(threads), device)
    for _ in range(_WARM_UP_CHUNKS):
        feed(next(audio))
    print("ready", file=told, flush=True)
    sys.stdin.readline()
    seconds = []
    for _ in range(int(count)):
        chunk = next(audio)
        began = time.perf_counter()
        feed(chunk)
        seconds.append(time.perf_counter() - began)
    print(Times(seconds=seconds).model_dump_json(), file=told, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
