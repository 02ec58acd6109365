"""The project's licence, change log and security policy, and the page that says what came from others."""

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from voicechat_common import __version__

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [ROOT / name for name in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
ROW = re.compile(r"^\| `([^`]+)` \| .+ \| (.+) \|$", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def listed() -> dict[str, str]:
    """The licence of the files that each pattern of the page's first table names."""
    _, _, section = read("docs/licences.md").partition("## What the package contains\n")
    return dict(ROW.findall(section.partition("\n## ")[0]))


def test_the_package_names_the_licences_of_all_it_contains() -> None:
    spdx = {re.sub(r"^\[([^\]]+)\].*", r"\1", licence) for licence in listed().values()}
    assert set(PROJECT["project"]["license"].split(" AND ")) == spdx == {"MIT", "Unicode-3.0"}
    files = {file for pattern in PROJECT["project"]["license-files"] for file in ROOT.glob(pattern)}
    assert files == {ROOT / "LICENSE", *(ROOT / f"LICENSES/{name}.txt" for name in spdx - {"MIT"})}
    assert read("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 the voicechat authors\n")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_everything_in_the_package_but_its_code_is_listed(package: Path) -> None:
    data = [
        file.relative_to(package.parent).as_posix()
        for file in package.rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"}
    ]
    assert data
    for name in data:
        assert any(fnmatchcase(name, pattern) for pattern in listed()), f"docs/licences.md lacks {name}"


def test_what_came_from_others_is_where_the_page_says() -> None:
    foreign = [pattern for pattern, licence in listed().items() if licence != "MIT"]
    assert foreign
    for pattern in foreign:
        assert any(fnmatchcase(pattern, f"{package.name}/*") for package in PACKAGES)
        assert any((package.parent / pattern).is_file() for package in PACKAGES), pattern


def test_whatever_carries_a_copyright_is_listed_as_from_others() -> None:
    carrying = [
        file.relative_to(package.parent).as_posix()
        for package in PACKAGES
        for file in package.rglob("*")
        if file.suffix in {".py", ".txt", ".toml", ".yaml", ".json", ".mako", ".tcss"}
        and re.search(r"(?i)copyright|\(c\) |©", file.read_text(encoding="utf-8"))
    ]
    assert carrying == [pattern for pattern, licence in listed().items() if licence != "MIT"]


def test_the_newest_version_of_the_change_log_is_the_packages() -> None:
    titles = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), re.MULTILINE)
    assert titles[0] == ("Unreleased", "")
    assert titles[1][0] == __version__
    dates = [date for _, date in titles[1:]]
    assert all(dates)
    assert dates == sorted(dates, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", read("CHANGELOG.md"), re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"])
def test_links_lead_somewhere(name: str) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", read(name)):
        file = ROOT / (target or name)
        assert file.exists(), target
        titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [
            re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles
        ]
