"""Every setting of the server: one typed class, filled from defaults, environment variables and options."""

import json
import os
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from platformdirs import user_cache_path, user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import reason
from voicechat_common.protocol.speech import ChunkSize, check_chunk_size
from voicechat_server.addresses import origins, public_address
from voicechat_server.asr.config import (
    EndpointConfig,
    EngineConfig,
    ModelConfig,
    RecognitionConfig,
    StreamLimits,
)

_APPLICATION = "voicechat"
ENV_PREFIX = "VOICECHAT_"
CLIENT_ENV_PREFIX = "VOICECHAT_TUI_"
"""Variables of the client, which may share an environment with the server."""

CHUNK_SIZE_FORM = "three whole numbers are needed, such as 0,10,5"


def _own(locate: Callable[[str], Path]) -> Path:
    """The user's own directory; for a user without a home, one in the working directory."""
    try:
        return locate(_APPLICATION)
    except RuntimeError:
        return Path(_APPLICATION).absolute()


def _parse_chunk_size(value: object) -> object:
    """Accept `0,10,5` as well as `[0,10,5]`."""
    if not isinstance(value, str):
        return value
    try:
        numbers = json.loads(value if value.lstrip().startswith("[") else f"[{value}]")
    except ValueError as error:
        raise ValueError(CHUNK_SIZE_FORM) from error
    if len(numbers) != 3:
        raise ValueError(CHUNK_SIZE_FORM)
    return numbers


def _parse_origins(value: object) -> object:
    """Accept `https://a.example,https://b.example`."""
    return origins.parse_origins(value) if isinstance(value, str) else value


class Settings(BaseSettings):
    """The settings of one server. This is the only place that declares them."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_ignore_empty=True, frozen=True, protected_namespaces=()
    )

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="The address to listen on; 0.0.0.0 lets other machines in, as a container needs.",
    )
    port: int = Field(8000, ge=0, le=65_535, description="The TCP port to listen on; 0 takes a free one.")
    model: str = Field(
        "paraformer-zh-streaming",
        min_length=1,
        description="`paraformer-zh-streaming`, `demo` (small, ships with the package) or a model directory.",
    )
    hub: Literal["ms", "hf"] = Field(
        "ms", description="Where a model is downloaded from: `ms` is ModelScope, `hf` is Hugging Face."
    )
    model_revision: str = Field("v2.0.4", min_length=1, description="The revision of the model at the hub.")
    cache_dir: Path = Field(
        default_factory=lambda: _own(user_cache_path) / "models",
        description="Where downloaded models are kept.",
    )
    device: str = Field(
        "cpu",
        description="Where the model runs: `cpu`, `cuda:N` or `mps`; an absent device is an error.",
    )
    threads: int = Field(
        0, ge=0, le=1024, description="CPU threads the model may use; 0 takes one for each core."
    )
    precision: Literal["auto", "fp32", "int8", "fp16", "bf16"] = Field(
        "auto",
        description="Number format: `fp32`; `int8` on CPU; `fp16`, `bf16` on CUDA; `auto` takes the fastest.",
    )
    chunk_size: Annotated[ChunkSize, NoDecode, BeforeValidator(_parse_chunk_size)] = Field(
        (0, 10, 5),
        description="`left,step,look-ahead` in 60 ms frames: larger steps are cheaper, smaller ones sooner.",
    )
    encoder_chunk_look_back: int = Field(
        4, ge=-1, le=1000, description="Earlier chunks the encoder attends to; -1 for all of the segment."
    )
    decoder_chunk_look_back: int = Field(
        1, ge=-1, le=1000, description="Earlier chunks the decoder attends to; -1, as 0, for none."
    )
    endpointing: bool = Field(
        True, description="Whether speech is cut into segments at silences, unless a stream asks otherwise."
    )
    max_end_silence_ms: int = Field(
        800, ge=100, le=10_000, description="Milliseconds of silence that end a segment."
    )
    pre_roll_ms: int = Field(
        300, ge=0, le=5_000, description="Milliseconds before the first speech that belong to a segment."
    )
    max_segment_s: float = Field(30.0, ge=2, le=300, description="Seconds after which a segment is cut.")
    max_streams: int | None = Field(
        None, ge=1, description="Streams at once; unset lets the server decide what it can carry."
    )
    max_lag_s: float = Field(
        5.0, ge=1, le=600, description="Seconds of undecoded audio after which a stream's socket isn't read."
    )
    resume_grace_s: float = Field(
        30.0, ge=0, le=3600, description="Seconds a stream that lost its connection is kept for its return."
    )
    idle_timeout_s: float = Field(
        30.0,
        gt=0,
        le=86_400,
        description="Seconds a connection has to open a stream, and a stream to send its first audio.",
    )
    max_frame_bytes: int = Field(
        8 * 2**20,
        ge=1024,
        le=2**28,
        description="The largest binary frame taken, in bytes; 8388608 hold four minutes of audio.",
    )
    max_sockets_per_address: int = Field(
        1000,
        ge=1,
        description="WebSockets one address may have at once; behind a proxy, the address that it names.",
    )
    shutdown_grace_s: float = Field(
        8.0, ge=0, le=600, description="Seconds that open streams get for their finals when the server ends."
    )
    database: str = Field(
        default_factory=lambda: str(_own(user_data_path) / "chats.db"),
        min_length=1,
        description="Where chats are kept: a file, or the URL of a PostgreSQL database.",
    )
    min_free_mb: int = Field(
        100,
        ge=0,
        le=10**9,
        description="Megabytes of the disk of a database file that stay free: nothing new is stored there.",
    )
    max_waiting_messages: int = Field(
        512,
        ge=16,
        le=100_000,
        description="Messages that may wait for a chat reader; a slower one is cut off and resumes.",
    )
    auth: Literal["none", "token"] | None = Field(
        None,
        description="Who may use the server: with `none`, anybody; with `token`, holders of a token. "
        "Unset means `none` on loopback; any other address requires a choice.",
    )
    key_file: Path = Field(
        default_factory=lambda: _own(user_data_path) / "keys.json",
        description="The file of the keys that sign tokens; made when it is first needed.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parse_origins)] = Field(
        origins.LOCAL,
        description="Origins of pages that may use the server, with commas; `:*` is any port, `*` any page.",
    )
    public_url: Annotated[str | None, AfterValidator(public_address.check)] = Field(
        None,
        description="Where a proxy offers the server, with any path: `https://chat.example.com/voice`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The lowest severity that is logged."
    )

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", value):
            raise ValueError("a device is cpu, mps, cuda or cuda:N")
        return value

    @field_validator("chunk_size")
    @classmethod
    def _possible_chunk_size(cls, value: ChunkSize) -> ChunkSize:
        return check_chunk_size(value)

    @classmethod
    def load(cls, options: Mapping[str, object] | None = None) -> Self:
        """Return the settings of this process.

        Args:
            options: Values that override the environment, by field name: the command line's options.

        Raises:
            VoicechatError: `bad_setting`, naming the variable or option, its value and the remedy.
        """
        refuse_unknown_variables(os.environ)
        given = dict(options or {})
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise _bad_setting(error, given) from error

    def engine_config(self) -> EngineConfig:
        """Return the part of the settings that concerns the recognition engine."""
        return EngineConfig(
            model=ModelConfig(
                name=self.model, hub=self.hub, revision=self.model_revision, cache_dir=self.cache_dir
            ),
            recognition=RecognitionConfig(
                device=self.device,
                threads=self.threads,
                precision=self.precision,
                chunk_size=self.chunk_size,
                encoder_chunk_look_back=self.encoder_chunk_look_back,
                decoder_chunk_look_back=self.decoder_chunk_look_back,
            ),
            endpoint=EndpointConfig(
                enabled=self.endpointing,
                max_end_silence_ms=self.max_end_silence_ms,
                pre_roll_ms=self.pre_roll_ms,
                max_segment_s=self.max_segment_s,
            ),
            limits=StreamLimits(
                max_streams=self.max_streams,
                max_lag_s=self.max_lag_s,
                resume_grace_s=self.resume_grace_s,
                idle_timeout_s=self.idle_timeout_s,
            ),
        )


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return f"{ENV_PREFIX}{field.upper()}"


def option(field: str) -> str:
    """Return the command line option of a field."""
    return f"--{field.replace('_', '-')}"


def refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """Refuse a misspelt variable, which would otherwise be ignored silently.

    Raises:
        VoicechatError: `bad_setting`, naming the closest known variable.
    """
    known = [variable(field) for field in Settings.model_fields]
    for name in sorted(environment):
        upper = name.upper()
        if not upper.startswith(ENV_PREFIX) or upper.startswith(CLIENT_ENV_PREFIX) or upper in known:
            continue
        nearest = get_close_matches(upper, known, n=1, cutoff=0.0)
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"The environment variable {name} is not a setting of the server.",
            f"Did you mean {nearest[0]}? Rename or unset it; docs/configuration.md lists all settings.",
        )


def _bad_setting(error: ValidationError, options: Mapping[str, object]) -> VoicechatError:
    problems = error.errors(include_url=False)
    return VoicechatError(
        ErrorCode.BAD_SETTING,
        " ".join(_problem(problem, options) for problem in problems),
        " ".join(_remedy(problem) for problem in problems),
    )


def _problem(problem: ErrorDetails, options: Mapping[str, object]) -> str:
    field = str(problem["loc"][0])
    source = option(field) if field in options else variable(field)
    value = options.get(field, os.environ.get(variable(field), problem["input"]))
    return f"{source} is {value!r}: {reason(problem)}."


def _remedy(problem: ErrorDetails) -> str:
    field = str(problem["loc"][0])
    info = Settings.model_fields[field]
    default = info.get_default(call_default_factory=True, validated_data={})
    return f"{field}: {info.description} Leave it out for the default, {default}."
