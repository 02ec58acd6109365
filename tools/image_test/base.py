"""The base image, made of Debian's packages; its Python is of the release the public image has."""

import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.image_test.store import buildah, has_image

BASE = "localhost/voicechat-image-test-base"
SUITE = "bookworm"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
LEFT_OVER = ("var/cache/apt/", "var/lib/apt/lists/")
"""What installing leaves behind and the public image doesn't have."""


def make_base() -> str:
    """Return the name of the base image, which is made once."""
    if not has_image(BASE):
        with TemporaryDirectory(prefix="voicechat-base-") as scratch:
            _make(Path(scratch))
    return BASE


def _make(scratch: Path) -> None:
    root, archive = scratch / "root", scratch / "root.tar"
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    with tarfile.open(archive, "w") as packed:
        packed.add(root, "", filter=_wanted)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, archive, "/")
    buildah("commit", "--quiet", "--rm", container, BASE)


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.startswith(LEFT_OVER) else entry
