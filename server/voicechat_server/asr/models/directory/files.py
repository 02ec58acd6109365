"""What a model directory holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CONFIG = "config.yaml"
WEIGHTS = "model.pt"
TOKENS = "tokens.json"
CMVN = "am.mvn"
HUB_CONFIGURATION = "configuration.json"
"""ModelScope's own description of a model; FunASR reads it where it exists; this project doesn't need it."""

REQUIRED = (CONFIG, WEIGHTS, TOKENS, CMVN)
DOWNLOADED = (*REQUIRED, HUB_CONFIGURATION)


@dataclass(frozen=True)
class ModelFiles:
    """A complete, verified model directory on this machine.

    Attributes:
        path: The directory.
        name: The model's name, as people see it.
        revision: Which state of the model this is: a hub's revision, `local` for a directory of the
            user's, the package's version for the model that ships with it.
    """

    path: Path
    name: str
    revision: str


class Progress(Protocol):
    """Hears how far a download is. It may raise: the download stops, and goes on from there next time."""

    def __call__(self, done_bytes: int, total_bytes: int, /) -> None:
        """Take note that `done_bytes` of `total_bytes` are on this machine."""
