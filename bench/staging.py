"""Directories that exist either completely or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give an empty directory to fill; it gets the target's name when the context ends without an error."""
    directory = target.with_name(f".{target.name}.part")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    yield directory
    directory.rename(target)
