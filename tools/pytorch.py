"""Install the build of PyTorch that fits this machine: for CPUs, unless it has an NVIDIA GPU.

`make` and `start.bat` run this before they install everything else; it needs Python and pip only. Variables
have the last word, with the meaning they have in the Dockerfile:

    COMPUTE        `cpu`, or the CUDA version of a build of PyTorch, such as `cu130`
    TORCH_INDEX    where PyTorch comes from; if empty, from where pip is set up to look
"""

import os
import platform
import shutil
import subprocess
import sys
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
INDEX = "https://download.pytorch.org/whl/{compute}"
CUDA = "cu130"
ANSWERS_WITHIN_S = 5.0
LOOKS_WITHIN_S = 10.0
DRIVER = Path("/proc/driver/nvidia/gpus")
SIZES = {"cpu": "200 MB", "cuda": "3 GB"}
"""What is downloaded for PyTorch and all that it needs, by what it computes on."""


def main() -> int:
    """Install PyTorch unless it is installed; return the exit status."""
    wanted = pinned()
    if installed() == wanted.removeprefix("torch=="):
        return 0
    compute = os.environ.get("COMPUTE") or (CUDA if has_nvidia_gpu() else "cpu")
    index = index_for(compute)
    size = SIZES["cpu" if compute == "cpu" else "cuda"]
    if index and not answers(index):
        say(f"{index} doesn't answer.")
        index = ""
    if index:
        say(f"PyTorch for {compute} comes from {index}: about {size}.")
        if install(wanted, "--index-url", index) == 0:
            return 0
        say(f"There is no {wanted} for this machine at {index}.")
    if compute == "cpu" and platform.system() == "Linux":
        # What others offer may be the build for CUDA; only theirs is known to be without.
        size = f"{SIZES['cpu']}, or {SIZES['cuda']} if that is the build for NVIDIA GPUs"
    say(f"PyTorch comes from where pip is set up to look: about {size}.")
    return install(wanted)


def pinned() -> str:
    """Return the requirement that `requirements.txt` states of PyTorch."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (pin,) = (line for line in lines if line.startswith("torch=="))
    return pin


def installed() -> str | None:
    """Return the version of PyTorch in this environment, whatever the build; None if there is none."""
    try:
        return version("torch").partition("+")[0]
    except PackageNotFoundError:
        return None


def has_nvidia_gpu() -> bool:
    """Whether there is an NVIDIA GPU with a driver, without which PyTorch can't use it."""
    if DRIVER.is_dir() and any(DRIVER.iterdir()):
        return True
    # The driver brings this program, on Windows and below it, too.
    program = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    if program is None:
        return False
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, encoding="utf-8", timeout=LOOKS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.startswith("GPU ")


def index_for(compute: str) -> str:
    """Return the index that has a build; empty where the one that pip looks at has it."""
    if (wished := os.environ.get("TORCH_INDEX")) is not None:
        return wished
    usual = {"Darwin": ("cpu",), "Linux": (CUDA,)}.get(platform.system(), ())
    return "" if compute in usual else INDEX.format(compute=compute)


def answers(index: str) -> bool:
    """Whether an index answers within seconds."""
    answered: list[bool] = []

    def ask() -> None:
        try:
            with urlopen(Request(f"{index}/torch/", method="HEAD"), timeout=ANSWERS_WITHIN_S):  # noqa: S310
                answered.append(True)
        except (OSError, HTTPException) as error:
            print(f"  {error}", file=sys.stderr)

    # Nothing interrupts the search for a host's name, so that is left to itself when it takes too long.
    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWERS_WITHIN_S)
    return bool(answered)


def install(*arguments: str) -> int:
    """Let pip install something; return its exit status."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    return subprocess.run([*command, *arguments], check=False).returncode


def say(text: str) -> None:
    """Tell what is being done."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
