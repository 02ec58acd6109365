"""Build an image of the Dockerfile."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tools.image_test.pip_setup import read_pip_setup
from tools.image_test.store import buildah

ROOT = Path(__file__).resolve().parents[2]


def build(name: str, target: str, base: str, **arguments: str) -> None:
    """Build an image.

    Args:
        name: What it is called afterwards.
        target: The stage of the Dockerfile.
        base: The image to build on.
        arguments: Further build arguments.
    """
    setup = read_pip_setup()
    arguments = {"BASE_IMAGE": base} | arguments
    if setup.has_own_sources:
        arguments["TORCH_INDEX"] = ""
    with TemporaryDirectory(prefix="voicechat-build-") as scratch:
        configuration = Path(scratch) / "pip.conf"
        configuration.write_text(setup.file(), encoding="utf-8")
        mounts = {configuration: "/etc/pip.conf"} | {place: str(place) for place in setup.places()}
        buildah(
            "build",
            # Docker's own format; the other has no health checks.
            *("--format", "docker"),
            *("--tag", name),
            *("--target", target),
            *(option for source, place in mounts.items() for option in ("--volume", f"{source}:{place}:ro")),
            *(option for key, value in arguments.items() for option in ("--build-arg", f"{key}={value}")),
            ROOT,
        )
