"""What kind of machine this is, as far as that explains why there is no microphone."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
_WSLG_SOUND = "/mnt/wslg/PulseServer"


@dataclass(frozen=True)
class Surroundings:
    """Where the client runs.

    Attributes:
        system: `Linux`, `Darwin`, `Windows` or another name of `platform.system`.
        distributions: The Linux distribution and those it resembles, as os-release names them.
        over_ssh: Whether the terminal is on another machine.
        in_container: Whether this is a container.
        in_wsl: Whether this is Linux on Windows.
        has_sound_card: Whether the kernel offers a recording device.
        may_use_sound_card: Whether this user may open it.
        has_sound_server: Whether PulseAudio or PipeWire can be found.
    """

    system: str = "Linux"
    distributions: tuple[str, ...] = ()
    over_ssh: bool = False
    in_container: bool = False
    in_wsl: bool = False
    has_sound_card: bool = False
    may_use_sound_card: bool = False
    has_sound_server: bool = False


def look_around(
    environment: Mapping[str, str] | None = None, root: Path = Path("/"), system: str | None = None
) -> Surroundings:
    """Find out where the client runs.

    Args:
        environment: The variables; those of the process if not given.
        root: The root of the file system.
        system: The operating system; this machine's if not given.
    """
    environment = os.environ if environment is None else environment
    cards = sorted((root / "dev/snd").glob("pcmC*c")) if (root / "dev/snd").is_dir() else []
    return Surroundings(
        system=system or platform.system(),
        distributions=_distributions(root),
        over_ssh=any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")),
        in_container=bool(environment.get("container"))
        or any(_below(root, file).exists() for file in _CONTAINER_FILES),
        in_wsl=bool(environment.get("WSL_DISTRO_NAME"))
        or "microsoft" in _text(root / "proc/sys/kernel/osrelease").lower(),
        has_sound_card=bool(cards),
        may_use_sound_card=any(os.access(card, os.R_OK | os.W_OK) for card in cards),
        has_sound_server=_has_sound_server(environment, root),
    )


def _has_sound_server(environment: Mapping[str, str], root: Path) -> bool:
    runtime = environment.get("XDG_RUNTIME_DIR")
    sockets = [_below(root, _WSLG_SOUND)]
    if runtime:
        sockets += [_below(root, runtime) / name for name in ("pulse/native", "pipewire-0")]
    return bool(environment.get("PULSE_SERVER")) or any(socket.exists() for socket in sockets)


def _distributions(root: Path) -> tuple[str, ...]:
    fields = dict(line.split("=", 1) for line in _text(root / "etc/os-release").splitlines() if "=" in line)
    return tuple(f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").split())


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
