"""What a login begins with: a server, and a token or an invitation, as people have them."""

import getpass
import sys
from dataclasses import dataclass, field

import typer

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.identity.own_token import LONGEST_TOKEN, is_token
from voicechat_tui.language import _

_INVITATION = "#invitation="
"""Stands in a link between the address of the server and the invitation."""
_LONGEST_LINK = 4 * LONGEST_TOKEN


@dataclass(frozen=True)
class Secret:
    """A token or an invitation.

    Attributes:
        text: The text itself.
        is_invitation: Whether it has to be turned into a token first.
    """

    text: str = field(repr=False)
    is_invitation: bool


def parted(link: str) -> tuple[str, Secret | None]:
    """Return the address of the server and the invitation in a link; an address alone has none.

    Raises:
        VoicechatError: `bad_field` if what stands for the invitation can't be one.
    """
    address, mark, invitation = link.strip().partition(_INVITATION)
    return address, _checked(invitation, is_invitation=True) if mark else None


def read_secret() -> tuple[str | None, Secret]:
    """Ask for a token or an invitation, without showing it; read it from standard input without a terminal.

    Returns:
        The server, where an invitation names it, and the secret.

    Raises:
        VoicechatError: `bad_field` if it can't be either.
    """
    if sys.stdin.isatty():
        try:
            text = getpass.getpass(_("Token or invitation (not shown): ")).strip()
        except EOFError as error:
            raise typer.Abort from error
    else:
        text = sys.stdin.read(_LONGEST_LINK).strip()
    if _INVITATION in text:
        address, secret = parted(text)
        if secret is not None:
            return address or None, secret
    return None, _checked(text, is_invitation=False)


def _checked(text: str, *, is_invitation: bool) -> Secret:
    if not is_token(text):
        raise VoicechatError(
            ErrorCode.BAD_FIELD,
            _("This can't be an invitation.") if is_invitation else _("This can't be a token."),
            _("Check that it was copied whole."),
        )
    return Secret(text, is_invitation)
