"""The logins that are kept on this machine: in the system's keyring where there is one, or else in a file.

The file names the servers in any case, so that nobody's keyring is asked about a server without a login.
"""

from enum import StrEnum
from threading import Lock

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.identity import login_file, system_keyring
from voicechat_tui.identity.login_file import Login, Logins
from voicechat_tui.identity.place import covers
from voicechat_tui.identity.system_keyring import KeyringError
from voicechat_tui.language import _, mark

_one_at_a_time = Lock()
"""Several connections open at once, and a keyring that is locked shall ask its question once."""
_known: dict[str, tuple[tuple[int, int], str]] = {}
"""What the keyring has said, by server, and when the file was written then: each question takes a process."""


class Keeping(StrEnum):
    """Where a login is kept."""

    KEYRING = "keyring"
    FILE = "file"


KEEPING_NAMES = {
    Keeping.KEYRING: mark("the system's keyring"),
    Keeping.FILE: mark("a file that only you can read"),
}


def login_for(url: str) -> tuple[str, Login] | None:
    """Return the server that an address belongs to, and the login for it; None if there is none.

    Raises:
        VoicechatError: `bad_setting` if the file can't be used, or others can read it too.
    """
    found = [each for each in login_file.read().servers.items() if covers(each[0], url)]
    return max(found, key=lambda each: len(each[0]), default=None)


def token_for(url: str) -> str | None:
    """Return the token for an address, or None if there is none. May take as long as a keyring does.

    Raises:
        VoicechatError: `bad_setting` if the file can't be used; `unauthorized` if the token is in the
            keyring, and that can't be read.
    """
    if (found := login_for(url)) is None:
        return None
    server, login = found
    if login.token is not None:
        return login.token
    try:
        with _one_at_a_time:
            return _from_keyring(server)
    except KeyringError as error:
        raise _locked(server, str(error)) from error


def _from_keyring(server: str) -> str:
    """Ask once, and again when a login has changed, which rewrites the file."""
    written_at = login_file.written_at()
    known_since, token = _known.get(server, (None, None))
    if token is None or known_since != written_at:
        token = system_keyring.stored(server)
        if token is None:
            raise KeyringError(_("the token is gone from it"))
        _known[server] = (written_at, token)
    return token


def prepare() -> None:
    """See to it that a login can be kept: an invitation may work only once.

    Raises:
        VoicechatError: `bad_setting` if it can't.
    """
    login_file.update(lambda logins: logins)


def keep(server: str, name: str | None, token: str) -> Keeping:
    """Keep a login in place of the one before, and return where.

    Args:
        server: For which server, as `place_of` writes it.
        name: The name that the server knows the person by.
        token: The token.

    Raises:
        VoicechatError: `bad_setting` if the file can't be used.
    """
    try:
        system_keyring.store(server, token)
        login, keeping = Login(name=name), Keeping.KEYRING
    except KeyringError:
        login, keeping = Login(name=name, token=token), Keeping.FILE
    login_file.update(lambda logins: Logins(servers={**logins.servers, server: login}))
    return keeping


def forget(server: str) -> None:
    """Forget the login for a server.

    Args:
        server: Which one, as `login_for` returns it.

    Raises:
        VoicechatError: `bad_setting` if the file can't be used; `unauthorized` if the token is in the
            keyring, and that can't be changed, which leaves the login.
    """
    login = login_file.read().servers.get(server)
    if login is not None and login.token is None:
        try:
            system_keyring.delete(server)
        except KeyringError as error:
            raise _locked(server, str(error)) from error
    login_file.update(
        lambda logins: Logins(
            servers={place: login for place, login in logins.servers.items() if place != server}
        )
    )


def _locked(server: str, reason: str) -> VoicechatError:
    return VoicechatError(
        ErrorCode.UNAUTHORIZED,
        _(
            "The login for {server} is in the system's keyring, which can't be used: {reason}.",
            server=server,
            reason=reason,
        ),
        _("Unlock the keyring, or log in again: `voicechat-tui login {server}`.", server=server),
    )
