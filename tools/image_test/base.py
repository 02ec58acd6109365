"""The base image, made of Debian's packages; its Python is of the release the public image has."""

import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.image_test.store import CACHE, buildah

BASE = "localhost/voicechat-image-test-base"
SUITE = "bookworm"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
LEFT_OVER = ("var/cache/apt/", "var/lib/apt/lists/")
"""What installing leaves behind and the public image doesn't have."""


def make_base() -> str:
    """Make the base image from an archive of its files, which is made once; return its name."""
    archive = CACHE / f"{SUITE}.tar"
    if not archive.exists():
        _pack(archive)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, archive, "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    return BASE


def _pack(archive: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".part")
    with TemporaryDirectory(prefix="voicechat-base-") as root:
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with tarfile.open(unfinished, "w") as packed:
            packed.add(root, "", filter=_wanted)
    unfinished.replace(archive)


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.startswith(LEFT_OVER) else entry
