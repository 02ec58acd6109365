"""The map: each folder and file that the page names exists, and its diagrams are small and of folders."""

import re
from itertools import product
from pathlib import Path

import grimp
import pytest

from tools.documented import blocks

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "docs/architecture.md", ROOT / "docs/zh/architecture.md"]
NAMING = [*PAGES, *(ROOT / name for name in ("CONTRIBUTING.md", "docs/kernels.md", "docs/zh/kernels.md"))]
"""Pages that name files."""

SERVER, CLIENT = ROOT / "server/voicechat_server", ROOT / "tui/voicechat_tui"
KERNELS = SERVER / "asr/paraformer/kernels"
BASES = [ROOT, SERVER, CLIENT, ROOT / "common/voicechat_common", CLIENT / "ui", KERNELS]
BOX = re.compile(r'(\w+)\["([^"]+)"\]')


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def ways(page: Path) -> list[tuple[Path, list[str]]]:
    """The files of each numbered step, with the folder that they are in."""
    steps, base = [], ROOT
    for line in re.sub(r"\n +", " ", text(page)).splitlines():
        if opening := re.match(r"(?:In|在) `([^`]+/)`", line):
            base = ROOT / opening[1]
        elif re.match(r"\d+\. `", line):
            steps.append((base, re.findall(r"`([\w/]+\.py)`", line)))
    return steps


@pytest.mark.parametrize("page", NAMING, ids=lambda page: str(page.relative_to(ROOT)))
def test_everything_that_looks_like_a_path_exists(page: Path) -> None:
    named = [
        name for name in re.findall(r"`([\w./]+)`", text(page)) if "/" in name.strip("/") or ".py" in name
    ]
    assert len(named) > 10
    for name in named:
        assert any((base / name).exists() for base in BASES) or name.startswith("/"), name


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_modules_that_are_named_by_dots_exist(page: Path) -> None:
    """Such as `asr.recognition.session`."""
    named = re.findall(r"`((?:\w+\.)+\w+)`", text(page))
    for name in named:
        if not name.endswith((".toml", ".py", ".md")):
            parts = name.removeprefix("voicechat_server.").removeprefix("voicechat_tui.").split(".")
            places = [base.joinpath(*parts) for base in (SERVER, CLIENT)]
            assert any(place.is_dir() or place.with_suffix(".py").is_file() for place in places), name


def test_the_functions_of_kernels_exist() -> None:
    """Such as `linear.pack`."""
    named = set(re.findall(r"`(\w+)\.(\w+)`", text(ROOT / "docs/kernels.md")))
    functions = {(module, name) for module, name in named if name not in {"py", "md"}}
    assert len(functions) > 5
    for module, name in functions:
        assert f"\ndef {name}(" in text(KERNELS / f"{module}.py")


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_each_step_of_a_way_is_in_the_folder_it_is_said_to_be_in(page: Path) -> None:
    steps = ways(page)
    assert len(steps) > 30
    for base, files in steps:
        assert files
        for name in files:
            assert (base / name).is_file(), name


def test_both_languages_go_the_same_way() -> None:
    assert ways(PAGES[0]) == ways(PAGES[1])


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(SERVER.name, CLIENT.name, cache_dir=None)


def drawn(diagram: int) -> tuple[dict[str, str], list[list[str]]]:
    """The boxes of a diagram with their folders, and its lines: groups of boxes, and words between."""
    text = blocks(PAGES[0], "mermaid")[diagram]
    lines = [re.split(r" -- | --> ", BOX.sub(r"\1", line)) for line in text.splitlines() if "-->" in line]
    return dict(BOX.findall(text)), lines


DIAGRAMS = pytest.mark.parametrize(("diagram", "base"), [(0, SERVER), (1, CLIENT)], ids=["server", "client"])


@DIAGRAMS
def test_the_boxes_are_folders_and_few(diagram: int, base: Path) -> None:
    boxes, lines = drawn(diagram)
    assert 8 <= len(boxes) <= 15
    assert all((base / folder).is_dir() for folder in boxes.values())
    ends = {end for line in lines for group in (line[0], line[-1]) for end in group.strip().split(" & ")}
    assert ends == set(boxes)


@DIAGRAMS
def test_an_arrow_without_words_is_an_import(diagram: int, base: Path, graph: grimp.ImportGraph) -> None:
    boxes, lines = drawn(diagram)
    inside = {}
    for box, folder in boxes.items():
        package = f"{base.name}.{folder.replace('/', '.')}"
        inside[box] = {package, *graph.find_descendants(package)}
    arrows = [(one, other) for one, *words, other in lines if not words]
    assert arrows
    for one, other in arrows:
        for importer, imported in product(one.strip().split(" & "), other.strip().split(" & ")):
            known = {
                name for each in inside[importer] for name in graph.find_modules_directly_imported_by(each)
            }
            assert known & inside[imported], f"{importer} does not import {imported}"
