"""buildah, with a store of images and layers that belongs to this test alone."""

import os
import shutil
import subprocess
from pathlib import Path

from platformdirs import user_cache_path

CACHE = user_cache_path("voicechat-image-test")
STORE = CACHE / "store"
MOUNTS = Path("/proc/self/mounts")

NEEDED = {"buildah": "buildah", "debootstrap": "debootstrap", "runc": "runc", "curl": "curl"}
"""Programs, and the Debian packages that bring them."""

SHOWN_LINES = 60


def refuse_unable_machine() -> None:
    """Say what this test lacks, and exit.

    Raises:
        SystemExit: A program or a privilege is missing.
    """
    absent = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if absent:
        raise SystemExit(f"Error: not found: {', '.join(absent)}. On Debian: apt install {' '.join(absent)}")
    if os.geteuid() != 0:
        raise SystemExit("Error: only root may mount the image. Try: sudo make image-test")


def buildah(*arguments: str | Path) -> str:
    """Run buildah; return what it prints.

    Raises:
        SystemExit: It failed; the end of its messages is told.
    """
    driver = os.environ.get("STORAGE_DRIVER", "overlay")
    store = ["--root", str(STORE / "images"), "--runroot", str(STORE / "run"), "--storage-driver", driver]
    done = subprocess.run(
        ["buildah", *store, *arguments],
        env=os.environ | {"BUILDAH_ISOLATION": "chroot"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        said = [*done.stdout.splitlines(), *done.stderr.splitlines()][-SHOWN_LINES:]
        raise SystemExit("\n".join([*said, f"Error: buildah {arguments[0]} failed."]))
    return done.stdout.strip()


def empty_store() -> None:
    """Remove all images and layers; they are gigabytes."""
    mounted = [line.split()[1] for line in MOUNTS.read_text(encoding="utf-8").splitlines()]
    for place in sorted((place for place in mounted if Path(place).is_relative_to(STORE)), reverse=True):
        subprocess.run(["umount", place], check=True)
    if STORE.exists():
        shutil.rmtree(STORE)
