"""The name that a server knows the person by, where a token says it."""

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.connection.address import ascii_url, server_name
from voicechat_tui.identity.kept import login_for
from voicechat_tui.identity.own_token import own_token


async def own_name(server: str) -> str | None:
    """Return the name, or None where nothing says it.

    Args:
        server: The server's address. It is asked only for a token of the environment, whose name nobody
            here knows.

    Raises:
        VoicechatError: If the server can't be asked, or does not know the token; `bad_setting` if the token
            or the file of the logins can't be used.
    """
    if own_token() is None:
        return kept_name(server)
    from voicechat_tui.client.http import HttpClient

    async with HttpClient(server) as http:
        try:
            return (await http.whoami()).name
        except VoicechatError as error:
            # A server from before there were tokens takes any name.
            if error.code is ErrorCode.NOT_FOUND:
                return None
            raise


def kept_name(server: str) -> str | None:
    """Return the name that the login for a server says, or None.

    Raises:
        VoicechatError: `bad_setting` if it is no address, or the file of the logins can't be used.
    """
    url = ascii_url(server_name(server))
    # Many servers send what comes without TLS to where they speak it, and there the login is.
    found = login_for(url) or login_for(url.replace("http://", "https://", 1))
    return None if found is None else found[1].name
