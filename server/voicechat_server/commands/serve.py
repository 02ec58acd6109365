"""`voicechat-server serve`: check what can be checked, then listen and serve until a signal."""

import asyncio
from collections.abc import Callable
from inspect import Parameter, Signature
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import typer

from voicechat_server.asr.capacity.threads import hand_over_soon
from voicechat_server.asr.models.loading.devices import refuse_absent_device
from voicechat_server.asr.models.resolving import refuse_absent
from voicechat_server.logs.crashes import log_crashes
from voicechat_server.logs.setup import configure_logging
from voicechat_server.settings.contradictions import refuse_contradictions, refuse_undecided_access
from voicechat_server.settings.model import Settings


def _option(field: str) -> Parameter:
    """Return the option of a setting; one that isn't given leaves the setting to its variable or default."""
    info = Settings.model_fields[field]
    default = info.get_default(call_default_factory=True, validated_data={})
    choices = _choices(info.annotation)
    option = typer.Option(
        help=f"{info.description} [{_shown(default)}]",
        show_default=False,
        metavar=f"<{'|'.join(choices)}>" if choices else None,
    )
    given = _parsed_type(info.annotation) | None
    return Parameter(field, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[given, option])


def _choices(annotation: object) -> tuple[str, ...]:
    """Return the values that a setting may have, if it is one of a few."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return next(filter(None, map(_choices, get_args(annotation))), ())
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _parsed_type(annotation: object) -> type:
    """Return the command line's type for a value; the settings parse everything but numbers and flags."""
    accepted = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return next((kind for kind in (bool, int, float) if kind in accepted), str)


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


def _with_an_option_for_each_setting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the signature from which Typer builds its options."""
    vars(command)["__signature__"] = Signature([_option(field) for field in Settings.model_fields])
    return command


@_with_an_option_for_each_setting
def serve(**options: object) -> None:
    """Start the server.

    Each option has a corresponding environment variable: VOICECHAT_MAX_LAG_S for --max-lag-s. Options
    override variables, which override the defaults in brackets.
    """
    settings = Settings.load({field: value for field, value in options.items() if value is not None})
    configure_logging(settings.log_level)
    log_crashes()
    run(settings)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        VoicechatError: The server can't start with these settings; it was not listening yet.
    """
    refuse_undecided_access(settings)
    refuse_contradictions(settings)
    refuse_absent_device(settings.device)
    refuse_absent(settings.engine_config().model)
    # FastAPI and uvicorn take half a second to import, which `--help` and `models` need not pay.
    from voicechat_server.api.app import create_app
    from voicechat_server.api.gate.descriptors import allow_many
    from voicechat_server.api.server import Server, bind, reachable_address
    from voicechat_server.chat.storage.store import prepare
    from voicechat_server.commands.first_invitation import offer_first_invitation

    listener = bind(settings.host, settings.port)
    asyncio.run(prepare(settings.database))
    if settings.auth == "token":
        asyncio.run(offer_first_invitation(settings, reachable_address(listener)))
    app = create_app(settings)
    allow_many()
    hand_over_soon()
    Server(app).run_until_signal(listener)
