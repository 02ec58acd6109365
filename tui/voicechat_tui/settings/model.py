"""The client's settings, each with a sentence on what it does."""

import getpass
import json
import os
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from voicechat_common.errors import VoicechatError
from voicechat_common.names import UserName
from voicechat_tui.client.connection.address import DEFAULT_URL, speech_url
from voicechat_tui.client.speech.policy import SpeechPolicy
from voicechat_tui.language import Language, _, mark
from voicechat_tui.redaction import shown

ENV_PREFIX = "VOICECHAT_TUI_"

Theme = Literal["auto", "dark", "light", "ansi", "mono"]
LogLevel = Literal["debug", "info", "warning", "error"]


def _server_address(value: str) -> str:
    try:
        speech_url(value)
    except VoicechatError as error:
        raise ValueError(str(error)) from error
    return value


def _key_names(value: object) -> object:
    """Accept `"f2, ctrl+t"` as well as `["f2", "ctrl+t"]`, and all of it as JSON, as in a variable."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ValueError(_('it must be a JSON object, such as {"talk": "f2, ctrl+t"}')) from error
    if not isinstance(value, dict):
        return value
    return {
        action: [key.strip() for key in keys.split(",") if key.strip()] if isinstance(keys, str) else keys
        for action, keys in value.items()
    }


class Settings(BaseModel):
    """The settings from the file and the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    url: Annotated[str, AfterValidator(_server_address)] = Field(
        DEFAULT_URL, description=mark("The server: `host:port`, or an address such as `wss://voice.example`.")
    )
    user: UserName | None = Field(
        None, description=mark("The name that others see; if unset, your login name.")
    )
    language: Literal["auto"] | Language = Field(
        "auto", description=mark("Language of the interface: `auto` follows the locale, `en` or `zh`.")
    )
    theme: Theme = Field(
        "auto",
        description=mark("Colours: `auto`, `dark`, `light`, `ansi` (the terminal's own) or `mono` (none)."),
    )
    device: str | None = Field(
        None, min_length=1, description=mark("The microphone's name; if unset, the system's default.")
    )
    host_api: str | None = Field(
        None,
        min_length=1,
        description=mark("The microphone's audio system, if several offer that microphone."),
    )
    warm_microphone: bool = Field(
        True,
        description=mark("Keep the microphone open between talks, so that the first word is not lost."),
    )
    pre_roll_ms: int = Field(
        300,
        ge=0,
        le=5_000,
        description=mark("Milliseconds of audio from before a talk that a warm microphone adds to it."),
    )
    journal: bool = Field(
        False,
        description=mark(
            "Keep speech on this machine's disk until it is recognised, so that it survives a crash."
        ),
    )
    journal_max_mb: int = Field(
        500,
        ge=1,
        le=1_000_000,
        description=mark("Megabytes the journal may use; an hour of speech takes 115."),
    )
    wait_ready_s: float = Field(
        60.0,
        ge=0,
        le=3_600,
        description=mark("Seconds to wait for a server that is still loading its model."),
    )
    reconnect_s: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description=mark("Seconds to keep trying to resume a lost stream."),
    )
    log_level: LogLevel = Field("info", description=mark("The lowest severity that is logged."))
    keys: Annotated[dict[str, tuple[str, ...]], BeforeValidator(_key_names)] = Field(
        default_factory=dict,
        description=mark('Other keys for actions, by the action\'s name: `talk = "f2, ctrl+t"`.'),
    )

    @property
    def name(self) -> str:
        """The name that others see; a login without one, as in some containers, gets one from its number."""
        if self.user is not None:
            return self.user
        try:
            return getpass.getuser()
        except (OSError, KeyError, ImportError):
            return f"user{os.getuid()}" if hasattr(os, "getuid") else "user"

    @property
    def chosen_language(self) -> Language | None:
        """The language to pass to `language.use`; None follows the locale."""
        return None if self.language == "auto" else self.language

    @property
    def policy(self) -> SpeechPolicy:
        """The limits of a stream of speech."""
        usual = SpeechPolicy()
        return replace(
            usual,
            not_ready_s=self.wait_ready_s,
            unreachable_s=min(usual.unreachable_s, self.wait_ready_s),
            lost_s=self.reconnect_s,
        )


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return f"{ENV_PREFIX}{field.upper()}"


def shown_value(field: str, value: object) -> str:
    """Return the value of a field as quoted in an error."""
    return repr(shown(value) if field == "url" and isinstance(value, str) else value)
