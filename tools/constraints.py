"""Write `constraints.txt`: one version of everything that `make` and the images install.

    python -m tools.constraints           # the newest versions that fit
    python -m tools.constraints --keep    # what is pinned stays where it still fits

One file holds for every Python and system: where versions differ, each has a marker. PyTorch is pinned in
`requirements.txt`, by its public version, which admits its builds for CPUs and for CUDA.
"""

import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.pytorch import pinned

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
FILE = ROOT / "constraints.txt"
OLDEST_PYTHON = "3.11"
HEADER = """\
# Written by `make constraints`: one version of everything that `make` and the images install.
# pip reads it through requirements.txt, the Makefile and the Dockerfile.
"""
ALONE = "funasr-onnx>=0.4.1"
"""The benchmark installs this without its dependencies, which are too old."""


def main() -> int:
    """Write the file; return the exit status."""
    keep = "--keep" in sys.argv[1:]
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    with TemporaryDirectory() as directory:
        build = Path(directory, "build.in")
        build.write_text("\n".join([*project["build-system"]["requires"], pinned()]), encoding="utf-8")
        alone = Path(directory, "alone.in")
        alone.write_text(ALONE, encoding="utf-8")
        pins = [
            *compiled(directory, keep, "--all-extras", str(PROJECT), str(build)),
            *compiled(directory, keep, "--no-deps", str(alone)),
        ]
    FILE.write_text(HEADER + "".join(f"{pin}\n" for pin in sorted(pins)), encoding="utf-8")
    return 0


def compiled(directory: str, keep: bool, *arguments: str) -> list[str]:
    """Return the pins of some requirements, each with its marker.

    Args:
        directory: For uv's files.
        keep: Whether existing pins are kept where they still fit.
        arguments: Arguments for uv.
    """
    output = Path(directory, "constraints.txt")
    output.write_bytes(FILE.read_bytes() if keep and FILE.exists() else b"")
    options = ["--quiet", "--universal", "--python-version", OLDEST_PYTHON, "--no-header", "--no-annotate"]
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", *options, "--output-file", output, *arguments],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return output.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    sys.exit(main())
