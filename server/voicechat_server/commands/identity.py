"""`voicechat-server token`, `invite` and `keys`: who may use the server."""

# Databases and cryptography take a second to import, which `--help` need not pay: only what uses them does.
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from voicechat_common.mistakes import describe
from voicechat_common.names import ChatId, UserName
from voicechat_server.commands.options import DatabaseOption, KeyFileOption, settings_with
from voicechat_server.identity.durations import parse_duration
from voicechat_server.identity.links import invitation_link
from voicechat_server.identity.model import MOST_CHATS, PARTICIPANT, Scope
from voicechat_server.settings.model import Settings

if TYPE_CHECKING:
    from voicechat_server.identity.authority import Authority

token_app = typer.Typer(
    help="Make, list and revoke the tokens by which the server knows people.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
keys_app = typer.Typer(
    help="Look after the keys that sign tokens.", no_args_is_help=True, rich_markup_mode=None
)

ChatsOption = Annotated[
    list[str] | None,
    typer.Option("--chat", help="A chat to limit it to; may be given more than once. [every chat]"),
]
ScopesOption = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What it allows; may be given more than once. [read, write and speak]"),
]
"""Without any, what somebody needs who takes part in chats."""


def _expires(default: str) -> object:
    return typer.Option("--expires", help="How long it is valid: 90m, 12h, 30d, 52w.", show_default=default)


@token_app.command("create")
def create_token(
    user: Annotated[str, typer.Option("--user", help="Whose token: the name that others see.")],
    chats: ChatsOption = None,
    scopes: ScopesOption = None,
    expires: Annotated[str, _expires("52w")] = "52w",
    database: DatabaseOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Make a token for somebody, and print it.

    It is shown only now. Who has it is that person to the server; a person may have several.
    """
    name, limited_to, lasts = _name(user), _chats(chats), _duration(expires)

    async def make(settings: Settings) -> None:
        async with _authority(settings) as authority:
            issued = await authority.issue(name, _scopes(scopes), limited_to, lasts)
        ends = issued.identity.expires_at
        typer.echo(f"{issued.identity.token_id} for {name}, until {_shown(ends)}.", err=True)
        typer.echo(issued.text)

    asyncio.run(make(settings_with(database=database, key_file=key_file)))


@token_app.command("list")
def list_tokens(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Show what was given out: tokens and invitations, never the texts that are secret."""
    from voicechat_server.commands.token_list import as_json_list, as_table
    from voicechat_server.identity.registry import Registry

    settings = settings_with(database=database)

    async def show() -> None:
        async with Registry(settings.database) as registry:
            records = await registry.all()
        typer.echo(as_json_list(records) if as_json else as_table(records, datetime.now(UTC)))

    asyncio.run(show())


@token_app.command("revoke")
def revoke_tokens(
    token_ids: Annotated[list[str] | None, typer.Argument(help="Ids, as `token list` shows them.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Revoke all tokens of this person.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Revoke tokens or invitations. A running server notices within about a second, and cuts connections."""
    from voicechat_server.identity.registry import Registry

    if not token_ids and user is None:
        raise typer.BadParameter("name the ids of tokens, or a person with --user")
    settings = settings_with(database=database)

    async def revoke() -> None:
        async with Registry(settings.database) as registry:
            records = await registry.all()
            unknown = set(token_ids or ()) - {record.token_id for record in records}
            if unknown:
                raise typer.BadParameter(f"there is no {', '.join(sorted(unknown))}; see `token list`")
            ids = {record.token_id for record in records if user is not None and record.name == user}
            if user is not None and not ids:
                raise typer.BadParameter(f"nobody called {user!r} was ever given a token; see `token list`")
            count = await registry.revoke(frozenset(ids | set(token_ids or ())), datetime.now(UTC))
        typer.echo(f"Revoked: {count}.")

    asyncio.run(revoke())


def invite(
    chats: ChatsOption = None,
    scopes: ScopesOption = None,
    many: Annotated[bool, typer.Option("--many", help="It may be used any number of times. [once]")] = False,
    expires: Annotated[str, _expires("7d")] = "7d",
    url: Annotated[
        str | None,
        typer.Option("--url", help="Where people reach the server. [VOICECHAT_PUBLIC_URL, or localhost]"),
    ] = None,
    database: DatabaseOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Print a link that becomes a token for the name its holder chooses."""
    limited_to, lasts = _chats(chats), _duration(expires)
    settings = settings_with(database=database, key_file=key_file, public_url=url)

    async def make() -> None:
        async with _authority(settings) as authority:
            invited = await authority.invite(_scopes(scopes), limited_to, lasts, None if many else 1)
        invitation = invited.invitation
        times = "any number of times" if many else "once"
        typer.echo(
            f"{invitation.invitation_id}, to be used {times}, until {_shown(invitation.expires_at)}.",
            err=True,
        )
        server = settings.public_url or f"http://localhost:{settings.port}"
        typer.echo(invitation_link(server, invited.text))

    asyncio.run(make())


@keys_app.command("rotate")
def rotate_keys(
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Drop the old keys: every token and invitation becomes invalid."),
    ] = False,
    key_file: KeyFileOption = None,
) -> None:
    """Sign with a new key from now on. Tokens of the old ones stay valid, unless they are forgotten."""
    from voicechat_server.identity.key_file import KeyFile

    path = settings_with(key_file=key_file).key_file
    keys = KeyFile(path).rotate(keep=not forget)
    typer.echo(f"{keys.newest.kid} signs from now on. Older keys that still verify: {len(keys.ring) - 1}.")


@asynccontextmanager
async def _authority(settings: Settings) -> AsyncIterator["Authority"]:
    """Hold what gives out tokens; its keys are made if there are none yet."""
    from voicechat_server.identity.authority import Authority
    from voicechat_server.identity.key_file import KeyFile
    from voicechat_server.identity.registry import Registry

    keys, _ = KeyFile(settings.key_file).load_or_create()
    async with Registry(settings.database) as registry:
        yield Authority(keys, registry)


def _name(user: str) -> str:
    return _checked(TypeAdapter(UserName), user, "--user")


def _chats(given: list[str] | None) -> frozenset[str] | None:
    if not given:
        return None
    if len(given) > MOST_CHATS:
        raise typer.BadParameter(f"one token may name {MOST_CHATS} chats", param_hint="--chat")
    return frozenset(_checked(TypeAdapter(ChatId), chat, "--chat") for chat in given)


def _checked(form: TypeAdapter[str], value: str, option: str) -> str:
    try:
        return form.validate_python(value)
    except ValidationError as error:
        raise typer.BadParameter(describe(error), param_hint=option) from error


def _scopes(given: list[Scope] | None) -> frozenset[Scope]:
    return frozenset(given) if given else PARTICIPANT


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from error


def _shown(moment: datetime) -> str:
    return moment.astimezone().isoformat(sep=" ", timespec="minutes")
