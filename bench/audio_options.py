"""What the benchmarks of the audio checks are asked for."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.audio_sources import recordings


@dataclass(frozen=True)
class Options:
    """One call of such a benchmark.

    Attributes:
        streams: How many honest streams to draw.
        others: How many streams of each other sort.
        files: Recordings of speech.
    """

    streams: int
    others: int
    files: tuple[Path, ...]

    @classmethod
    def parsed(cls, description: str | None) -> Self:
        """Read the command line, and print how many recordings there are."""
        parser = argparse.ArgumentParser(
            description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--streams", type=int, default=100_000, help="honest streams")
        parser.add_argument("--others", type=int, default=200, help="streams of each other sort")
        parser.add_argument("--voices", type=Path, help="a directory of recordings of people")
        given = parser.parse_args()
        files = recordings(given.voices)
        print(f"{len(files)} recordings of speech")
        return cls(given.streams, given.others, files)
