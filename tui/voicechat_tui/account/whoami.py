"""Asking a server whom it takes one for."""

import json
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from voicechat_common.printable import escaped
from voicechat_common.protocol.identity import AuthMode, Whoami
from voicechat_tui.client.connection.address import server_name
from voicechat_tui.client.http import HttpClient
from voicechat_tui.console.exit_codes import ExitCode
from voicechat_tui.console.running import run
from voicechat_tui.console.screen import Screen
from voicechat_tui.language import _


def whoami(address: str, *, json: bool) -> ExitCode:
    """Run the command and return its exit status."""
    return run(lambda screen, _interrupt: _ask(address, screen, as_json=json), json=json)


async def _ask(address: str, screen: Screen, *, as_json: bool) -> ExitCode:
    async with HttpClient(address) as http:
        identity = await http.whoami()
    server = server_name(address)
    if as_json:
        await screen.data(escaped(json.dumps({"server": server, **identity.model_dump(mode="json")})))
    elif identity.auth is AuthMode.NONE:
        await screen.data(_("{server} asks nobody who they are.", server=server))
    else:
        for line in _lines(server, identity):
            await screen.data(line)
    return ExitCode.OK


def _lines(server: str, identity: Whoami) -> Iterator[str]:
    """Yield what the server says, a line for each fact."""
    everything = _("all")
    rows = {
        _("Server"): server,
        _("Name"): identity.name or "",
        _("Scopes"): ", ".join(identity.scopes),
        _("Chats"): everything if identity.chats is None else ", ".join(identity.chats),
        _("Expires"): (
            _("never")
            if identity.expires_at is None
            else f"{identity.expires_at.astimezone():%Y-%m-%d %H:%M}"
        ),
        _("Token"): identity.token_id or "",
    }
    width = max(map(cell_len, rows))
    for title, value in rows.items():
        yield f"{set_cell_size(title, width)}  {value}"
