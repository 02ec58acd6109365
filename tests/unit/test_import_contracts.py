"""No module takes part in a circle of imports, and each contract fails when it is broken on purpose."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest

ROOT = Path(__file__).parents[2]
LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]
CONTRACTS: list[dict[str, Any]] = LINTER["contracts"]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
    "targets"
]
PACKAGES = [Path(package) for package in WHEEL["wheel"]["packages"]]


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Contracts compare siblings; this also sees a package and what is in it, and what only types import."""
    graph = grimp.build_graph(*LINTER["root_packages"], cache_dir=None)
    order = TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})
    order.prepare()


def test_every_package_is_held_acyclic() -> None:
    held = {name for each in CONTRACTS if each["type"] == "acyclic_siblings" for name in each["ancestors"]}
    assert held >= set(LINTER["root_packages"]) == {package.name for package in PACKAGES}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code and its contracts, to be broken."""
    directory = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", directory)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            target = directory / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return directory


def broken(directory: Path) -> set[str]:
    """The contracts that don't hold in a copy."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--cache-dir", directory / "cache"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(directory / each.parent) for each in PACKAGES)},
        capture_output=True,
        encoding="utf-8",
    )
    judged = [
        line.rpartition(" ") for line in done.stdout.splitlines() if line.endswith((" KEPT", " BROKEN"))
    ]
    assert {name for name, _, _ in judged} == {contract["name"] for contract in CONTRACTS}, (
        done.stdout + done.stderr
    )
    found = {name for name, _, judgement in judged if judgement == "BROKEN"}
    assert done.returncode == bool(found)
    return found


def source(directory: Path, module: str) -> Path:
    """Where a module of a copy is written."""
    package = next(each for each in PACKAGES if each.name == module.partition(".")[0])
    path = directory / package.parent / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def members(directory: Path, package: str) -> Iterator[str]:
    """What is directly in a package of a copy."""
    for path in sorted(source(directory, package).parent.iterdir()):
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").exists()):
            yield f"{package}.{path.stem}"


def forbidden_imports(directory: Path, contract: dict[str, Any]) -> list[tuple[str, str]]:
    """What breaks a contract: which module imports which."""
    match contract["type"]:
        case "forbidden":
            return [(contract["source_modules"][0], contract["forbidden_modules"][0])]
        case "independence":
            return [(contract["modules"][0], contract["modules"][1])]
        case "layers":
            container, layers = contract["containers"][0], contract["layers"]
            highest, lowest = (layer.split("|")[0].strip() for layer in (layers[0], layers[-1]))
            return [(f"{container}.{lowest}", f"{container}.{highest}")]
        case "acyclic_siblings":
            one, other, *_ = members(directory, contract["ancestors"][0])
            return [(one, other), (other, one)]
        case unknown:
            raise AssertionError(f"no way is known to break a contract of type {unknown}")


def test_all_contracts_hold_in_a_copy(copy: Path) -> None:
    assert broken(copy) == set()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["name"].replace(" ", "_"))
def test_a_contract_that_is_broken_on_purpose_fails(copy: Path, contract: dict[str, Any]) -> None:
    imports = forbidden_imports(copy, contract)
    before = {source(copy, importer): source(copy, importer).read_bytes() for importer, _ in imports}
    try:
        for importer, imported in imports:
            with source(copy, importer).open("a", encoding="utf-8") as file:
                file.write(f"\nimport {imported}\n")
        assert contract["name"] in broken(copy)
    finally:
        for path, content in before.items():
            path.write_bytes(content)
