"""The models known by name, and the hubs that have them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from voicechat_common.errors import ErrorCode, VoicechatError

DEMO = "demo"


class Hub(StrEnum):
    """Where models can be downloaded."""

    MS = "ms"
    HF = "hf"

    @property
    def label(self) -> str:
        """The name people know the hub by."""
        return {Hub.MS: "ModelScope", Hub.HF: "Hugging Face"}[self]

    @property
    def other(self) -> "Hub":
        """The hub to try when this one can't be reached."""
        return Hub.HF if self is Hub.MS else Hub.MS


@dataclass(frozen=True)
class KnownModel:
    """A model that is downloaded on demand.

    Attributes:
        name: What `--model` calls it.
        default_revision: The revision that is taken unless another is asked for.
        repositories: Its repository at each hub.
        aliases: By hub, what the hub itself calls a revision, where that is another name.
        size_bytes: About how much is downloaded.
    """

    name: str
    default_revision: str
    repositories: Mapping[Hub, str]
    aliases: Mapping[Hub, Mapping[str, str]]
    size_bytes: int

    def hub_revision(self, hub: Hub, revision: str) -> str:
        """Return the hub's own name of a revision."""
        return self.aliases.get(hub, {}).get(revision, revision)


PARAFORMER = KnownModel(
    name="paraformer-zh-streaming",
    default_revision="v2.0.4",
    repositories={
        Hub.MS: "iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-online",
        Hub.HF: "funasr/paraformer-zh-streaming",
    },
    # Hugging Face has no tag v2.0.4. This is the commit of its tag apache-2.0-20260804, the first that states
    # the licence of the weights.
    aliases={Hub.HF: {"v2.0.4": "fd2af606b37d7fb8b3b8a218c5be5b07b53ef6ba"}},
    size_bytes=880_800_000,
)

KNOWN = {model.name: model for model in (PARAFORMER,)}


def hub_named(name: str) -> Hub:
    """Return the hub of a name.

    Raises:
        VoicechatError: `bad_setting`.
    """
    try:
        return Hub(name)
    except ValueError as error:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"There is no hub {name!r}.",
            "Use `ms` (ModelScope) or `hf` (Hugging Face).",
        ) from error


def check_revision(revision: str) -> str:
    """Return a revision that can be a directory's name.

    Raises:
        VoicechatError: `bad_setting`.
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", revision):
        return revision
    raise VoicechatError(
        ErrorCode.BAD_SETTING,
        f"{revision!r} can't be a revision.",
        f"Use a tag, a branch or a commit of letters, digits, dots and dashes, such as "
        f"{PARAFORMER.default_revision}.",
    )


def demo_directory() -> Path:
    """Return where the model that ships with the package lies."""
    return Path(str(files("voicechat_server.asr") / "demo_model"))
