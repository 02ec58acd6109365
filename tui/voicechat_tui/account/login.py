"""Logging in: an invitation or a token becomes a login that is kept on this machine."""

import asyncio
import sys
from dataclasses import dataclass

import typer
from pydantic import TypeAdapter, ValidationError

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.mistakes import describe
from voicechat_common.names import UserName
from voicechat_common.protocol.identity import AuthMode, Redeemed, Whoami
from voicechat_tui.account.secrets import Secret, parted, read_secret
from voicechat_tui.client.connection.address import server_url
from voicechat_tui.client.http import HttpClient
from voicechat_tui.console.screen import Screen
from voicechat_tui.identity import kept
from voicechat_tui.identity.kept import KEEPING_NAMES
from voicechat_tui.identity.own_token import TOKEN_VARIABLE, own_token
from voicechat_tui.identity.place import place_of
from voicechat_tui.language import _
from voicechat_tui.redaction import login_of
from voicechat_tui.settings.loading import load


@dataclass(frozen=True)
class LoginOptions:
    """One call of the command.

    Attributes:
        link: An invitation link or a server's address; None for the server of the settings.
        name: The name that the holder of an invitation chooses; None if not said.
    """

    link: str | None
    name: str | None


def log_in(options: LoginOptions, screen: Screen) -> None:
    """Log in, and say as whom.

    Raises:
        VoicechatError: Why not.
    """
    address, secret = (None, None) if options.link is None else parted(options.link)
    address = address or load().required().url
    _refuse_login_in(address)
    if secret is None:
        # A mistake in the address is told before anything is asked.
        server_url(address)
        elsewhere, secret = read_secret()
        address = elsewhere or address
        _refuse_login_in(address)
    server = asyncio.run(_place(address))
    kept.prepare()
    if secret.is_invitation:
        known = asyncio.run(_known_as(server))
        redeemed = _redeemed(server, secret.text, options.name, screen, is_known=known is not None)
        if redeemed.token is None:
            screen.note(
                _("You are {name} on {server}, and the invitation is accepted.", name=known, server=server)
            )
            return
        token, identity = redeemed.token, redeemed.identity
    else:
        token, identity = secret.text, asyncio.run(_whoami(server, secret))
        if identity.auth is AuthMode.NONE:
            screen.note(_("{server} asks nobody who they are: there is nothing to log in to.", server=server))
            return
    keeping = kept.keep(place_of(server), identity.name, token)
    screen.note(
        _(
            "You are {name} on {server}. The login is in {place}.",
            name=identity.name,
            server=server,
            place=_(KEEPING_NAMES[keeping]),
        )
    )
    if own_token() is not None:
        screen.note(
            _("{variable} is set, and wins over the login as long as it is.", variable=TOKEN_VARIABLE)
        )
    screen.note(_("Open the app: voicechat-tui --url {server}", server=server))


async def _place(address: str) -> str:
    """Return where the server really is, so that the token goes there and nowhere else."""
    async with HttpClient(address) as http:
        return await http.place()


async def _whoami(server: str, secret: Secret) -> Whoami:
    async with HttpClient(server, token=secret.text) as http:
        try:
            return await http.whoami()
        except VoicechatError as error:
            if error.code is ErrorCode.UNAUTHORIZED:
                raise VoicechatError(
                    error.code, error.message, _("Ask whoever runs the server for another token.")
                ) from error
            raise


async def _known_as(server: str) -> str | None:
    """Return the name of somebody who is logged in already, and joins a chat with the invitation."""
    async with HttpClient(server) as http:
        try:
            return (await http.whoami()).name
        except VoicechatError as error:
            if error.code in (ErrorCode.UNAUTHORIZED, ErrorCode.NOT_FOUND):
                return None
            raise


def _redeemed(server: str, invitation: str, name: str | None, screen: Screen, *, is_known: bool) -> Redeemed:
    """Redeem an invitation; a name that is taken is asked for again where somebody can answer."""
    while True:
        chosen = None if is_known else _checked(name) if name is not None else _asked_name()
        try:
            return asyncio.run(_redeem(server, invitation, chosen))
        except VoicechatError as error:
            if error.code is not ErrorCode.NAME_TAKEN or name is not None:
                raise
            screen.error(error)


async def _redeem(server: str, invitation: str, name: str | None) -> Redeemed:
    async with HttpClient(server) as http:
        return await http.redeem(invitation, name)


def _asked_name() -> str:
    if not sys.stdin.isatty():
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("The invitation lets you choose your name, and there is no terminal to ask you for it."),
            _("Say it with --name."),
        )
    usual = load().settings.name
    sys.stderr.write(_("Your name, as others will see it [{usual}]: ", usual=usual))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return _checked(line.strip() or usual)


def _checked(name: str) -> str:
    try:
        return TypeAdapter[str](UserName).validate_python(name)
    except ValidationError as error:
        raise VoicechatError(
            ErrorCode.BAD_FIELD,
            _("{name} can't be a name: {reason}.", name=repr(name), reason=describe(error)),
            _("Choose another with --name."),
        ) from error


def _refuse_login_in(address: str) -> None:
    """Refuse an address with a name and a password: requests have one header for these and for a token."""
    if login_of(address):
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            _("An address with a name and a password presents those, so no token can go along."),
            _("Leave them out of the address."),
        )
