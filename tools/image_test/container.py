"""Run an image as a container engine does: its own user, no privileges, a root that can't be written."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from tools.image_test.store import buildah

NAMESPACES = ("pid", "mount", "ipc", "uts")
"""The network is not among them: the container is reached on loopback."""

HOST_FILES = ("/etc/hosts", "/etc/resolv.conf")


@dataclass(frozen=True)
class Image:
    """An image whose files can be looked at.

    Attributes:
        root: Where its files are mounted.
        config: What the Dockerfile says about running it, in Docker's form.
    """

    root: Path
    config: dict[str, Any]

    @property
    def uid(self) -> int:
        """The user it runs as."""
        return int(self.config["User"].partition(":")[0])

    @property
    def size_bytes(self) -> int:
        """The size of its files."""
        done = subprocess.run(
            ["du", "--bytes", "--summarize", "--one-file-system", self.root],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return int(done.stdout.split()[0])


@contextmanager
def mounted(name: str) -> Iterator[Image]:
    """Mount the files of an image while the context lasts."""
    config = json.loads(buildah("inspect", "--type", "image", name))["Docker"]["config"]
    container = buildah("from", "--pull-never", name)
    try:
        yield Image(Path(buildah("mount", container)), config)
    finally:
        buildah("rm", container)


class Container:
    """A container that runs.

    Args:
        name: Its name among all containers of this machine.
        process: The runtime that waits for it.
        config: What the Dockerfile says about running it.
    """

    def __init__(self, name: str, process: subprocess.Popen[str], config: Mapping[str, Any]) -> None:
        self._name = name
        self._process = process
        self._config = config

    def stop(self, within_s: float) -> int:
        """Stop it as `docker stop` does; return its exit status.

        Raises:
            subprocess.TimeoutExpired: It took too long.
        """
        subprocess.run(["runc", "kill", self._name, self._config["StopSignal"]], check=True)
        return self._process.wait(within_s)

    def healthy(self) -> bool:
        """Run the health check of its image inside it."""
        check = self._config["Healthcheck"]["Test"]
        environment = [f"--env={entry}" for entry in self._config["Env"]]
        return (
            subprocess.run(["runc", "exec", *environment, self._name, *check[1:]], check=False).returncode
            == 0
        )

    def wait(self, within_s: float) -> tuple[int, str]:
        """Wait for its end; return its exit status and what it printed."""
        output, _ = self._process.communicate(timeout=within_s)
        return self._process.returncode, output


@contextmanager
def running(
    image: Image,
    command: Sequence[str] | None = None,
    volumes: Mapping[Path, str] | None = None,
    **environment: str,
) -> Iterator[Container]:
    """Run an image while the context lasts.

    Args:
        image: The image.
        command: What to run in place of what the image says.
        volumes: Directories of this machine, and where the container sees them.
        environment: Variables, which win over the image's.
    """
    name = f"voicechat-image-test-{uuid4().hex[:8]}"
    with TemporaryDirectory(prefix=f"{name}-") as bundle:
        all_volumes = _own_volumes(image, Path(bundle), volumes or {}) | dict(volumes or {})
        specification = _specification(image, command, all_volumes, environment)
        Path(bundle, "config.json").write_text(json.dumps(specification), encoding="utf-8")
        process = subprocess.Popen(
            ["runc", "run", "--bundle", bundle, name], stdout=subprocess.PIPE, encoding="utf-8"
        )
        try:
            yield Container(name, process, {**image.config, "Env": specification["process"]["env"]})
        finally:
            if process.poll() is None:
                subprocess.run(["runc", "kill", name, "KILL"], check=True)
            process.communicate()


def _own_volumes(image: Image, bundle: Path, given: Mapping[Path, str]) -> dict[Path, str]:
    """Make the volumes that an image declares and nobody gives, filled from the image, as engines do."""
    own = {}
    for number, place in enumerate(sorted(set(image.config.get("Volumes") or ()) - set(given.values()))):
        directory = bundle / f"volume{number}"
        subprocess.run(["cp", "--archive", f"{image.root}{place}", directory], check=True)
        own[directory] = place
    return own


def _specification(
    image: Image, command: Sequence[str] | None, volumes: Mapping[Path, str], environment: Mapping[str, str]
) -> dict[str, Any]:
    config = image.config
    given = {**dict(entry.split("=", 1) for entry in config["Env"]), **environment}
    binds = {str(source): place for source, place in volumes.items()}
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": image.uid, "gid": image.uid},
            "args": [*config["Entrypoint"], *(config["Cmd"] if command is None else command)],
            "env": [f"{key}={value}" for key, value in given.items()],
            "cwd": config["WorkingDir"],
            "noNewPrivileges": True,
        },
        "root": {"path": str(image.root), "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm"},  # noqa: S108 - a mount, not a file
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"},  # noqa: S108 - a mount, not a file
            *(_bind(source, place, "rw") for source, place in binds.items()),
            *(_bind(file, file, "ro") for file in HOST_FILES),
        ],
        "linux": {"namespaces": [{"type": kind} for kind in NAMESPACES]},
    }


def _bind(source: str, place: str, mode: str) -> dict[str, Any]:
    return {"destination": place, "type": "bind", "source": source, "options": ["bind", mode]}
