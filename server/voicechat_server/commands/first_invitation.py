"""The first invitation to a server that has nobody yet: without it, nobody could invite anybody."""

import typer

from voicechat_server.identity.authority import Authority
from voicechat_server.identity.key_file import KeyFile
from voicechat_server.identity.links import invitation_link
from voicechat_server.identity.model import PARTICIPANT, Scope
from voicechat_server.identity.registry import Registry
from voicechat_server.settings.model import Settings


async def offer_first_invitation(settings: Settings, address: str) -> None:
    """Print an invitation to administer the server, if it has just got its keys or never gave anything out.

    It is printed, not logged: a log is kept, and read by others.

    Args:
        settings: The settings of the server, which asks for tokens.
        address: `host:port` where it can be reached from this machine.

    Raises:
        VoicechatError: The key file or the database can't be used.
    """
    keys, are_new = KeyFile(settings.key_file).load_or_create()
    async with Registry(settings.database) as registry:
        if not are_new and await registry.all():
            return
        invited = await Authority(keys, registry).invite(PARTICIPANT | {Scope.ADMIN})
    ends = invited.invitation.expires_at.astimezone().isoformat(sep=" ", timespec="minutes")
    link = invitation_link(settings.public_url or f"http://{address}", invited.text)
    typer.echo(
        "Nobody has a token for this server yet. Whoever accepts this invitation first becomes its "
        f"administrator; it works once, until {ends}, and is not shown again:\n"
        f"  voicechat-tui login {link}"
    )
