"""Logging out: this machine forgets a login."""

from voicechat_tui.client.connection.address import ascii_url, server_name
from voicechat_tui.console.screen import Screen
from voicechat_tui.identity import kept
from voicechat_tui.language import _


def log_out(address: str, screen: Screen) -> None:
    """Forget the login for a server, and say so; to have none is no mistake.

    Raises:
        VoicechatError: `bad_setting` if it is no address, or the file of the logins can't be used;
            `unauthorized` if the keyring can't be.
    """
    url = ascii_url(server_name(address))
    found = kept.login_for(url)
    if found is None:
        screen.note(_("There is no login for {server}.", server=url))
        return
    server, _login = found
    kept.forget(server)
    screen.note(_("The login for {server} is forgotten on this machine.", server=server))
    screen.note(
        _("The token itself stays valid: whoever runs the server can revoke it, if others may have it.")
    )
