"""`make debian-test`: the demo and the unit tests in a fresh clone on a bare Debian 13 with its own Python.

Debian is built with debootstrap, with what the README requires and nothing else, and entered with chroot.
Tests that miss something there have to skip, naming it. pip is configured as on this machine.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.image_test.pip_setup import PipSetup, read_pip_setup

ROOT = Path(__file__).resolve().parent.parent
SUITE = "trixie"
PACKAGES = "ca-certificates,git,make,python3,python3-venv"
COMMANDS = (
    "make demo",
    "make install",
    ".venv/bin/python -m pytest --numprocesses=4 --dist=worksteal tests/unit",
)
PASSED_ON = {"http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"}
"""Variables by which programs find the network, in lower case."""
_began = time.monotonic()


def main() -> int:
    """Run the whole test; return the exit status of the first command that fails."""
    refuse_unable_machine()
    with TemporaryDirectory(prefix="voicechat-debian-") as directory:
        root = Path(directory)
        say("making Debian 13")
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, root / "voicechat"], check=True)
        setup = read_pip_setup()
        (root / "etc/pip.conf").write_text(setup.file(), encoding="utf-8")
        for command in COMMANDS:
            say(command)
            if status := run_within(root, setup, command):
                return status
    say("passed")
    return 0


def refuse_unable_machine() -> None:
    """Say what this test lacks, and exit.

    Raises:
        SystemExit: A program or a privilege is missing.
    """
    if shutil.which("debootstrap") is None:
        raise SystemExit("Error: debootstrap not found. On Debian: apt install debootstrap")
    if os.geteuid() != 0:
        raise SystemExit("Error: only root may enter another root. Try: sudo make debian-test")


def run_within(root: Path, setup: PipSetup, command: str) -> int:
    """Run a shell command in the clone within another root; return its exit status.

    Its mounts are invisible to other processes, and are gone when it ends.
    """
    mounts = [f"mount --types proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
    for place in [*setup.places(), Path("/etc/hosts"), Path("/etc/resolv.conf")]:
        target = root / place.relative_to("/")
        if place.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        mounts.append(f"mount --bind {place} {target}")
    variables = {name: value for name, value in os.environ.items() if name.lower() in PASSED_ON}
    entering = f"exec chroot {root} /bin/sh -c 'cd /voicechat && {command}'"
    return subprocess.run(
        ["unshare", "--mount", "--propagation=private", "/bin/sh", "-ec", "\n".join([*mounts, entering])],
        env={"HOME": "/root", "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | variables,
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def say(text: str) -> None:
    """Print the test's progress."""
    print(f"[{time.monotonic() - _began:4.0f} s] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
