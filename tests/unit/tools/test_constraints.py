"""constraints.txt pins what is installed, fits what is asked for, and is heeded by whatever installs."""

import re
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import constraints
from tools.audit import CLEAN, UNKNOWN, VULNERABLE, judged
from tools.pytorch import pinned

ROOT = Path(__file__).parents[3]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
OWN = {"voicechat", "pip"}
"""What is here by other ways: the project itself, and what Python's own venv brings along."""

SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "win32": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
PLACES = [(minor, system) for minor in (11, 12, 13, 14) for system in SYSTEMS]


def environment(minor: int, system: str) -> dict[str, str]:
    """What markers ask for, at a Python and a system."""
    return {
        **{name: str(value) for name, value in default_environment().items()},
        **SYSTEMS[system],
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.0",
    }


def pins(where: dict[str, str]) -> dict[str, Version]:
    """The version of each package there."""
    found: dict[str, Version] = {}
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate(where):
            name = canonicalize_name(pin.name)
            assert name not in found, f"{name} is pinned twice in {where}"
            (specifier,) = pin.specifier
            found[name] = Version(specifier.version)
    return found


def asked_for() -> list[Requirement]:
    """Everything that the project asks for, by all its extras and its build."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = content["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    texts = [text for each in lists for text in each]
    return [Requirement(text) for text in [*texts, *content["build-system"]["requires"], constraints.ALONE]]


def test_every_line_is_one_public_version_from_the_usual_index() -> None:
    for pin in PINS:
        (specifier,) = pin.specifier
        assert (specifier.operator, pin.url, pin.extras) == ("==", None, set()), pin
        assert Version(specifier.version).local is None, pin


def test_everything_that_is_installed_is_pinned() -> None:
    pinned_here = pins(environment(sys.version_info.minor, sys.platform))
    # Once setuptools is imported, what it has copies of would be found too.
    places = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    installed = {canonicalize_name(each.name): Version(each.version) for each in distributions(path=places)}
    # A build of PyTorch has a local version, which a pin of the public one admits.
    wrong = {
        name: (str(version), str(pinned_here.get(name)))
        for name, version in installed.items()
        if name not in OWN and pinned_here.get(name) != Version(version.public)
    }
    assert not wrong, f"installed and pinned versions differ; run `make install`: {wrong}"


@pytest.mark.parametrize(("minor", "system"), PLACES)
def test_what_is_asked_for_is_pinned_within_its_range(minor: int, system: str) -> None:
    where = environment(minor, system)
    here = pins(where)
    for wanted in asked_for():
        if wanted.marker is None or wanted.marker.evaluate(where):
            version = here.get(canonicalize_name(wanted.name))
            assert version is not None, f"{wanted} is not pinned; run `make constraints`"
            assert version in wanted.specifier, f"{wanted} does not admit {version}"


def test_pytorch_has_the_version_of_the_requirements() -> None:
    assert pinned() in [str(pin) for pin in PINS]


@pytest.mark.parametrize("file", ["Dockerfile", "Makefile"])
def test_whatever_installs_heeds_the_pins(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if re.search(r"(pip|\$\(PIP\)) install", line)]
    assert len(lines) >= 4
    # PyTorch's own index need not have the pinned versions; what follows brings them.
    others = [line for line in lines if "TORCH_INDEX" not in line]
    (pip,) = re.findall(r"^PIP := (.*)$", text, re.MULTILINE) or [""]
    for line in others:
        said = line.replace("$(PIP)", pip)
        assert "PIP_CONSTRAINT=constraints.txt" in said or "-c constraints.txt" in said, line


def test_requirements_heed_the_pins() -> None:
    assert "-c constraints.txt" in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()


def test_an_audit_tells_apart_what_it_found() -> None:
    sound = {"name": "a", "version": "1", "vulns": []}
    skipped = {"name": "b", "skip_reason": "Dependency not found"}
    bad = {"name": "c", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    assert judged([sound]) == CLEAN
    assert judged([sound, skipped]) == UNKNOWN
    assert judged([sound, skipped, bad]) == VULNERABLE
