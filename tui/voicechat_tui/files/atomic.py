"""Writing a file in one step."""

import os
import tempfile
from pathlib import Path


def replace(file: Path, text: str) -> None:
    """Give a file a new text; a crash leaves the old one or the new one. A link and its mode stay.

    Args:
        file: The file; neither it nor its directory need exist.
        text: All that will be in it.

    Raises:
        OSError: If it can't be written.
    """
    target = file.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        if target.exists():
            Path(name).chmod(target.stat().st_mode & 0o777)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
