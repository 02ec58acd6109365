"""`docs/models.md` names what the code does."""

import re
from pathlib import Path

from voicechat_common.errors import ErrorCode
from voicechat_server.asr.models.catalog import KNOWN, Hub
from voicechat_server.asr.models.directory.description import PARTS
from voicechat_server.asr.models.directory.files import DOWNLOADED
from voicechat_server.asr.models.directory.manifest import MANIFEST

DOCUMENT = Path(__file__).parents[5] / "docs" / "models.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_every_model_stands_with_its_repositories_and_revisions() -> None:
    for model in KNOWN.values():
        assert f"`{model.name}`" in TEXT
        for hub in Hub:
            assert f"`{model.repositories[hub]}`" in TEXT
            assert f"`{model.hub_revision(hub, model.default_revision)}`" in TEXT


def test_every_part_and_file_stands_there() -> None:
    for name in (*PARTS.values(), *DOWNLOADED, MANIFEST):
        assert f"`{name}`" in TEXT


def test_every_error_named_there_is_one() -> None:
    named = re.findall(r"^\| `(\w+)` \| [a-z]", TEXT.partition("| error |")[2], re.MULTILINE)
    assert len(named) > 5
    assert set(named) <= {code.value for code in ErrorCode}
