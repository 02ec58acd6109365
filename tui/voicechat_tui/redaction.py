"""Addresses without their secrets, as they may be shown, logged or stored."""

import re

from voicechat_common.protocol.chat import ChatQuery

HIDDEN = "***"
"""Replaces, in an address, what only its owner may see."""
_OWN_PARAMETERS = "|".join((*ChatQuery.model_fields, "format"))
_OWN = re.compile(rf"(?:(?<=[&;])|^)(?:{_OWN_PARAMETERS})=[^&;#]*")
_FOREIGN = re.compile(rf"(?:(?<=[&;])|^)(?!(?:{_OWN_PARAMETERS})=)([^=&;#]*=)?[^&;#]+")
_SCHEME = re.compile(r"['\"]?(?:[a-z][a-z0-9+.-]*://)?", re.IGNORECASE)
"""The start of an address, even one in quotes."""
# A log line may be long, so the search from each of its characters covers a bounded part of it.
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,31}://[^\s\"'<>]+", re.IGNORECASE)
_LOGIN = re.compile(r"(?<![^\s/@\"'<>=(])[^\s/@:\"'<>=(]+:(?!//)[^\s@\"'<>]{1,1024}@(?=[\w\[])")
_HEADER = re.compile(r"\b((?:proxy-)?authorization\W+\w+ +)[^\s\"',;]+", re.IGNORECASE)
_SIGNED = re.compile(r"\beyJ[\w-]{4,8192}\.[\w-]{0,8192}(?:\.[\w-]{0,8192})?")
"""A token or an invitation, wherever it stands, also without its end."""


def without_login(address: str) -> str:
    """Return an address without the user and password before its host."""
    begin = len(_scheme(address))
    place, mark, path = address[begin:].partition("/")
    return address[:begin] + place.rpartition("@")[2] + mark + path


def login_of(address: str) -> str:
    """Return the user and password before a host, including the `@`; empty if there are none."""
    login, mark, _rest = address[len(_scheme(address)) :].rpartition("@")
    return login + mark


def shown(address: str) -> str:
    """Return an address as it may be shown, logged or stored: with `***` for credentials and secrets.

    It need not be valid: a mistake in an address must not give away its password. Query values are hidden
    except those of this project's own protocol, and so is what follows `#`, as an invitation does.
    """
    begin = len(_scheme(address))
    rest = address[begin:]
    # A password may contain any character, but one of our own parameters may contain an @ as well.
    place, mark, query = rest.partition("?")
    login_end = (place + mark + _OWN.sub(lambda found: "=" * len(found[0]), query)).rfind("@")
    if login_end >= 0:
        rest = HIDDEN + rest[login_end:]
    rest, fragment, _secret = rest.partition("#")
    place, mark, query = rest.partition("?")
    query = _FOREIGN.sub(lambda found: (found[1] or "") + HIDDEN, query)
    return address[:begin] + place + mark + query + (fragment and fragment + HIDDEN)


def redacted(text: str) -> str:
    """Return a text, such as a log line, with `***` for the secrets of every address in it."""
    text = _URL.sub(lambda found: shown(found[0]), text)
    text = _LOGIN.sub(f"{HIDDEN}@", text)
    text = _HEADER.sub(lambda found: found[1] + HIDDEN, text)
    return _SIGNED.sub(HIDDEN, text)


def _scheme(address: str) -> str:
    found = _SCHEME.match(address)
    return found[0] if found else ""
