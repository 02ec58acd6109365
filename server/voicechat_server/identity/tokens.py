"""Tokens and invitations as text: signed JSON, which is verified without any lookup. Pure: time is given.

What is refused says why only where the signature is right, and so only to somebody who was once given it.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from joserfc import jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicechat_common.names import ChatId, UserName
from voicechat_server.identity import failures
from voicechat_server.identity.keys import ALGORITHM, Keys
from voicechat_server.identity.model import Identity, Invitation, Scope

LEEWAY = timedelta(seconds=60)
"""How far the clocks of two machines may be apart."""

MOST_CHARACTERS = 6000
"""The longest text that is taken for a token; headers may be 8 KiB."""

_LAST_MOMENT = 253_402_300_799
"""The last second of the year 9999, after which there are no dates."""


class Kind(StrEnum):
    """What a signed text is for; the `typ` of its header, so that one never passes for the other."""

    TOKEN = "voicechat-token"  # noqa: S105 - the name of a type
    INVITATION = "voicechat-invitation"


_Seconds = Annotated[int, Field(ge=0, le=_LAST_MOMENT)]
_Id = Annotated[str, Field(min_length=1, max_length=64)]


class _Claims(BaseModel):
    """What both kinds say."""

    model_config = ConfigDict(strict=True)

    jti: _Id
    scope: str
    chats: list[ChatId] | None = None
    iat: _Seconds
    nbf: _Seconds
    exp: _Seconds


class _TokenClaims(_Claims):
    sub: _Id
    name: UserName


class _InvitationClaims(_Claims):
    lasts_s: Annotated[int, Field(gt=0, le=_LAST_MOMENT)]


ClaimsT = TypeVar("ClaimsT", bound=_Claims)


def token_text(keys: Keys, identity: Identity, now: datetime) -> str:
    """Return the token of an identity, signed with the newest key."""
    claims = _claims(identity.token_id, identity.scopes, identity.chats, now, identity.expires_at)
    return _signed(keys, Kind.TOKEN, claims | {"sub": identity.subject, "name": identity.name})


def invitation_text(keys: Keys, invitation: Invitation, now: datetime) -> str:
    """Return an invitation as text, signed with the newest key."""
    claims = _claims(
        invitation.invitation_id, invitation.scopes, invitation.chats, now, invitation.expires_at
    )
    return _signed(keys, Kind.INVITATION, claims | {"lasts_s": invitation.lasts_s})


def identity_of(keys: Keys, text: str, now: datetime) -> Identity:
    """Return whom a token identifies.

    Raises:
        VoicechatError: `unauthorized`.
    """
    claims = _verified(keys, text, Kind.TOKEN, _TokenClaims)
    if claims is None:
        raise failures.unknown_token()
    _check_time(claims, now)
    return Identity(
        subject=claims.sub,
        name=claims.name,
        scopes=_scopes(claims.scope),
        chats=_chats(claims.chats),
        token_id=claims.jti,
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
    )


def invitation_of(keys: Keys, text: str, now: datetime) -> Invitation:
    """Return what an invitation promises.

    Raises:
        VoicechatError: `bad_invitation`.
    """
    claims = _verified(keys, text, Kind.INVITATION, _InvitationClaims)
    if claims is None:
        raise failures.unknown_invitation()
    if now > datetime.fromtimestamp(claims.exp, UTC):
        raise failures.expired_invitation(datetime.fromtimestamp(claims.exp, UTC))
    return Invitation(
        invitation_id=claims.jti,
        scopes=_scopes(claims.scope),
        chats=_chats(claims.chats),
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
        lasts_s=claims.lasts_s,
    )


def _claims(
    id_: str,
    scopes: Collection[Scope],
    chats: Collection[str] | None,
    now: datetime,
    expires_at: datetime,
) -> dict[str, Any]:
    begins = int(now.timestamp())
    claims = {
        "jti": id_,
        "scope": " ".join(sorted(scopes)),
        "iat": begins,
        "nbf": begins,
        "exp": int(expires_at.timestamp()),
    }
    return claims if chats is None else claims | {"chats": sorted(chats)}


def _signed(keys: Keys, kind: Kind, claims: dict[str, Any]) -> str:
    key = keys.newest
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind.value}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def _verified(keys: Keys, text: str, kind: Kind, model: type[ClaimsT]) -> ClaimsT | None:
    """Return the claims of a text whose signature, type and form are right, or None."""
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        header = jws.extract_compact(text.encode("ascii")).headers()
        key = keys.named(header.get("kid"))
        if key is None:
            return None
        token = jwt.decode(text, key, algorithms=[ALGORITHM])
        is_right = token.header.get("typ") == kind.value
        return model.model_validate(token.claims) if is_right else None
    except (JoseError, ValidationError, ValueError):
        return None


def _check_time(claims: _Claims, now: datetime) -> None:
    ends, begins = datetime.fromtimestamp(claims.exp, UTC), datetime.fromtimestamp(claims.nbf, UTC)
    if now > ends + LEEWAY:
        raise failures.expired_token(ends)
    if now < begins - LEEWAY:
        raise failures.token_of_the_future(begins, now)


def _scopes(text: str) -> frozenset[Scope]:
    """Return the scopes that are known here; a newer server may have given others too."""
    return frozenset(scope for scope in Scope if scope.value in text.split())


def _chats(listed: list[str] | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(listed)
