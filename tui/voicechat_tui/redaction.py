"""Addresses without their secrets: what may be shown, logged or stored of them."""

import re

from voicechat_common.protocol.chat import ChatQuery

HIDDEN = "***"
"""Stands in an address for what only its owner may see."""
_OWN_PARAMETERS = "|".join((*ChatQuery.model_fields, "format"))
_OWN = re.compile(rf"(?:(?<=[&;])|^)(?:{_OWN_PARAMETERS})=[^&;#]*")
_FOREIGN = re.compile(rf"(?:(?<=[&;])|^)(?!(?:{_OWN_PARAMETERS})=)([^=&;#]*=)?[^&;#]+")
_SCHEME = re.compile(r"['\"]?(?:[a-z][a-z0-9+.-]*://)?", re.IGNORECASE)
"""How an address begins, also one in quotes."""
# A line of a log may be long: what begins at each of its characters is looked for in a bounded part of it.
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,31}://[^\s\"'<>]+", re.IGNORECASE)
_LOGIN = re.compile(r"(?<![^\s/@\"'<>=(])[^\s/@:\"'<>=(]+:(?!//)[^\s@\"'<>]{1,1024}@(?=[\w\[])")
_HEADER = re.compile(r"\b((?:proxy-)?authorization\W+\w+ +)[^\s\"',;]+", re.IGNORECASE)


def without_login(address: str) -> str:
    """Return an address without the user and password in front of its host."""
    begin = len(_scheme(address))
    place, mark, path = address[begin:].partition("/")
    return address[:begin] + place.rpartition("@")[2] + mark + path


def login_of(address: str) -> str:
    """Return the user and password in front of a host, with the `@` behind them; empty if there are none."""
    login, mark, _rest = address[len(_scheme(address)) :].rpartition("@")
    return login + mark


def shown(address: str) -> str:
    """Return an address as it may be shown, logged or stored: with `***` for a login or any other secret.

    It need not be a valid one: a mistake in an address must not give away the password in it. What stands
    in a query is hidden unless this project's own protocol asks for it.
    """
    begin = len(_scheme(address))
    rest = address[begin:]
    # A password may have any character in it, but an own parameter may have an @ as well.
    place, mark, query = rest.partition("?")
    login_end = (place + mark + _OWN.sub(lambda found: "=" * len(found[0]), query)).rfind("@")
    if login_end >= 0:
        rest = HIDDEN + rest[login_end:]
    place, mark, query = rest.partition("?")
    return address[:begin] + place + mark + _FOREIGN.sub(lambda found: (found[1] or "") + HIDDEN, query)


def redacted(text: str) -> str:
    """Return a text, such as a line of a log, with `***` for the secrets of every address in it."""
    text = _URL.sub(lambda found: shown(found[0]), text)
    text = _LOGIN.sub(f"{HIDDEN}@", text)
    return _HEADER.sub(lambda found: found[1] + HIDDEN, text)


def _scheme(address: str) -> str:
    found = _SCHEME.match(address)
    return found[0] if found else ""
