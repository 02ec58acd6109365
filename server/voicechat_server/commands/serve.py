"""`voicechat-server serve`: check what can be known, listen, serve until told to end."""

import asyncio
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from voicechat_server.asr.capacity.threads import hand_over_soon
from voicechat_server.asr.models.loading.hardware import refuse_absent_device
from voicechat_server.asr.models.resolving import refuse_absent
from voicechat_server.logs.crashes import log_crashes
from voicechat_server.logs.setup import configure_logging
from voicechat_server.settings import Settings
from voicechat_server.settings.contradictions import refuse_contradictions


def _option(field: str) -> Any:
    info = Settings.model_fields[field]
    default = info.get_default(call_default_factory=True, validated_data={})
    choices = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    return typer.Option(
        help=f"{info.description} [{_shown(default)}]",
        show_default=False,
        metavar=f"<{'|'.join(choices)}>" if choices else None,
    )


def _shown(default: object) -> str:
    match default:
        case None:
            return "unset"
        case bool():
            return "yes" if default else "no"
        case tuple():
            return ",".join(map(str, default))
        case _:
            return str(default)


def serve(
    host: Annotated[str | None, _option("host")] = None,
    port: Annotated[int | None, _option("port")] = None,
    model: Annotated[str | None, _option("model")] = None,
    hub: Annotated[str | None, _option("hub")] = None,
    model_revision: Annotated[str | None, _option("model_revision")] = None,
    cache_dir: Annotated[str | None, _option("cache_dir")] = None,
    device: Annotated[str | None, _option("device")] = None,
    threads: Annotated[int | None, _option("threads")] = None,
    precision: Annotated[str | None, _option("precision")] = None,
    chunk_size: Annotated[str | None, _option("chunk_size")] = None,
    encoder_chunk_look_back: Annotated[int | None, _option("encoder_chunk_look_back")] = None,
    decoder_chunk_look_back: Annotated[int | None, _option("decoder_chunk_look_back")] = None,
    endpointing: Annotated[bool | None, _option("endpointing")] = None,
    max_end_silence_ms: Annotated[int | None, _option("max_end_silence_ms")] = None,
    pre_roll_ms: Annotated[int | None, _option("pre_roll_ms")] = None,
    max_segment_s: Annotated[float | None, _option("max_segment_s")] = None,
    max_streams: Annotated[int | None, _option("max_streams")] = None,
    max_lag_s: Annotated[float | None, _option("max_lag_s")] = None,
    resume_grace_s: Annotated[float | None, _option("resume_grace_s")] = None,
    idle_timeout_s: Annotated[float | None, _option("idle_timeout_s")] = None,
    max_frame_bytes: Annotated[int | None, _option("max_frame_bytes")] = None,
    max_sockets_per_address: Annotated[int | None, _option("max_sockets_per_address")] = None,
    shutdown_grace_s: Annotated[float | None, _option("shutdown_grace_s")] = None,
    database: Annotated[str | None, _option("database")] = None,
    min_free_mb: Annotated[int | None, _option("min_free_mb")] = None,
    max_waiting_messages: Annotated[int | None, _option("max_waiting_messages")] = None,
    cors_origins: Annotated[str | None, _option("cors_origins")] = None,
    public_url: Annotated[str | None, _option("public_url")] = None,
    log_level: Annotated[str | None, _option("log_level")] = None,
) -> None:
    """Start the server.

    Each option has an environment variable of its name: --max-lag-s is VOICECHAT_MAX_LAG_S. Options win over
    variables, which win over the defaults in brackets.
    """
    given = locals()
    settings = Settings.load({field: value for field, value in given.items() if value is not None})
    configure_logging(settings.log_level)
    log_crashes()
    run(settings)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        VoicechatError: The server can't start with these settings; nothing has listened yet.
    """
    refuse_contradictions(settings)
    refuse_absent_device(settings.device)
    refuse_absent(settings.engine_config().model)
    # FastAPI and uvicorn take half a second to import, which `--help` and `models` need not pay.
    from voicechat_server.api.app import create_app
    from voicechat_server.api.gate.descriptors import allow_many
    from voicechat_server.api.server import Server, bind
    from voicechat_server.chat.storage.store import prepare

    app = create_app(settings)
    listener = bind(settings.host, settings.port)
    asyncio.run(prepare(settings.database))
    allow_many()
    hand_over_soon()
    Server(app).run_until_signal(listener)
