"""pip in the build is set up as pip on this machine: the same sources, certificates and constraints."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SOURCES = {"index-url", "extra-index-url", "find-links"}
CERTIFICATES = Path("/etc/ssl/certs")


@dataclass(frozen=True)
class PipSetup:
    """How pip is set up.

    Attributes:
        values: Each setting that a file or an environment variable gives, the winning one if several do.
    """

    values: dict[str, str]

    @property
    def has_own_sources(self) -> bool:
        """Whether packages come from elsewhere than the public index."""
        return not SOURCES.isdisjoint(self.values)

    def file(self) -> str:
        """Return a `pip.conf` of all settings."""
        return "\n".join(["[global]", *(f"{key} = {value}" for key, value in self.values.items()), ""])

    def places(self) -> set[Path]:
        """Return the files and directories the settings name, to be mounted."""
        words = [word for value in self.values.values() for word in value.split()]
        named = {Path(urlsplit(word).path) for word in words if word.startswith(("/", "file://"))}
        # The pages of a local index link to files beside the index.
        widened = {place.parent if place.name == "simple" else place for place in named}
        return {place for place in widened | {CERTIFICATES} if place.exists()}


def read_pip_setup() -> PipSetup:
    """Return how pip is set up on this machine."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8", check=True
    )
    values: dict[str, str] = {}
    # Environment variables win over files; where pip lists them differs from one version to the next.
    for line in sorted(done.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        values[name.rpartition(".")[2]] = ast.literal_eval(value)
    return PipSetup(values)
