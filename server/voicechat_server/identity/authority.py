"""Gives out tokens and recognises them. The clock and the files are here; what they mean is elsewhere."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity import failures
from voicechat_server.identity.keys import Keys
from voicechat_server.identity.model import Identity, Invitation, Scope
from voicechat_server.identity.registry import Record, Registry
from voicechat_server.identity.tokens import (
    LEEWAY,
    Kind,
    identity_of,
    invitation_of,
    invitation_text,
    token_text,
)

TOKEN_LASTS = timedelta(days=365)
INVITATION_LASTS = timedelta(days=7)

_OLDEST_CLOCK = datetime(2025, 1, 1, tzinfo=UTC)
"""No clock that is right says less: this server is younger."""

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the current time.

    Raises:
        VoicechatError: `bad_setting`: the machine's clock was never set.
    """
    now = datetime.now(UTC)
    if now < _OLDEST_CLOCK:
        raise VoicechatError(
            ErrorCode.BAD_SETTING,
            f"The clock of this machine says {now.date()}, so that nobody's token could be judged.",
            "Set the clock, such as with `timedatectl set-ntp true`, and try again.",
        )
    return now


@dataclass(frozen=True)
class Issued:
    """A token that was just given out.

    Attributes:
        text: The token itself, which is stored nowhere.
        identity: Whom it identifies.
    """

    text: str
    identity: Identity


@dataclass(frozen=True)
class Invited:
    """An invitation that was just given out.

    Attributes:
        text: The invitation itself, which is stored nowhere.
        invitation: What it promises.
    """

    text: str
    invitation: Invitation


class Authority:
    """Who gives out tokens, and knows them again.

    Args:
        keys: What signs and verifies.
        registry: Remembers what was given out.
        clock: Returns the current time.

    Attributes:
        keys: What signs and verifies; may be replaced.
        revoked: The ids of the tokens that were revoked; may be replaced.
        registry: Remembers what was given out.
    """

    def __init__(self, keys: Keys, registry: Registry, clock: Clock = wall_clock) -> None:
        self.keys = keys
        self.revoked: frozenset[str] = frozenset()
        self.registry = registry
        self._clock = clock

    def identify(self, text: str) -> Identity:
        """Return whom a token identifies. Asks no database, and takes as long whoever is named.

        Raises:
            VoicechatError: `unauthorized`.
        """
        identity = identity_of(self.keys, text, self._clock())
        if identity.token_id in self.revoked:
            raise failures.revoked_token()
        return identity

    def ended(self, identity: Identity) -> VoicechatError | None:
        """Return why somebody's token has ended since they were recognised, or None if it hasn't."""
        if identity.token_id in self.revoked:
            return failures.revoked_token()
        if self._clock() > identity.expires_at + LEEWAY:
            return failures.expired_token(identity.expires_at)
        return None

    async def issue(
        self,
        name: str,
        scopes: Collection[Scope],
        chats: Collection[str] | None = None,
        lasts: timedelta = TOKEN_LASTS,
    ) -> Issued:
        """Give out a token to somebody, who may have others already.

        Raises:
            VoicechatError: `name_taken` or `storage`.
        """
        now = self._clock()
        record = await self.registry.add(_token(name, scopes, chats, now, lasts))
        return self._issued(record, now)

    async def invite(
        self,
        scopes: Collection[Scope],
        chats: Collection[str] | None = None,
        lasts: timedelta = INVITATION_LASTS,
        uses: int | None = 1,
        token_lasts: timedelta = TOKEN_LASTS,
    ) -> Invited:
        """Give out an invitation, which becomes a token for a name that its holder chooses.

        Args:
            scopes: The scopes of the token.
            chats: The chats that the token is limited to; None for no such limit.
            lasts: How long the invitation can be redeemed.
            uses: How often; None for any number of times.
            token_lasts: How long the token will be valid.

        Raises:
            VoicechatError: `storage`.
        """
        now = self._clock()
        record = await self.registry.add(
            Record(
                token_id=uuid4().hex,
                kind=Kind.INVITATION,
                subject=None,
                name=None,
                scopes=frozenset(scopes),
                chats=None if chats is None else frozenset(chats),
                created_at=now,
                expires_at=_end(now, lasts),
                uses_left=uses,
            )
        )
        invitation = Invitation(
            invitation_id=record.token_id,
            scopes=record.scopes,
            chats=record.chats,
            expires_at=record.expires_at,
            lasts_s=int(token_lasts.total_seconds()),
        )
        return Invited(invitation_text(self.keys, invitation, now), invitation)

    async def redeem(self, text: str, name: str) -> Issued:
        """Make a token of an invitation.

        Raises:
            VoicechatError: `bad_invitation`, `name_taken` or `storage`.
        """
        now = self._clock()
        invitation = invitation_of(self.keys, text, now)
        lasts = timedelta(seconds=invitation.lasts_s)
        record = _token(name, invitation.scopes, invitation.chats, now, lasts, invitation.invitation_id)
        return self._issued(await self.registry.redeem(record), now)

    async def join(self, text: str, identity: Identity) -> None:
        """Make somebody with a token a member of the chats of an invitation.

        Raises:
            VoicechatError: `bad_invitation`, `forbidden` or `storage`.
        """
        now = self._clock()
        invitation = invitation_of(self.keys, text, now)
        if invitation.chats is None:
            raise failures.nothing_to_join()
        if identity.chats is not None and not invitation.chats <= identity.chats:
            raise failures.limited_token()
        await self.registry.join(invitation.invitation_id, invitation.chats, identity.name, now)

    async def refresh(self) -> None:
        """Learn what was revoked meanwhile, by this process or another.

        Raises:
            VoicechatError: `storage`.
        """
        self.revoked = await self.registry.revoked(self._clock() - LEEWAY)

    def _issued(self, record: Record, now: datetime) -> Issued:
        identity = Identity(
            subject=record.subject or "",
            name=record.name or "",
            scopes=record.scopes,
            chats=record.chats,
            token_id=record.token_id,
            expires_at=record.expires_at,
        )
        return Issued(token_text(self.keys, identity, now), identity)


def _token(
    name: str,
    scopes: Collection[Scope],
    chats: Collection[str] | None,
    now: datetime,
    lasts: timedelta,
    invitation_id: str | None = None,
) -> Record:
    return Record(
        token_id=uuid4().hex,
        kind=Kind.TOKEN,
        subject=uuid4().hex,
        name=name,
        scopes=frozenset(scopes),
        chats=None if chats is None else frozenset(chats),
        created_at=now,
        expires_at=_end(now, lasts),
        invitation_id=invitation_id,
    )


def _end(now: datetime, lasts: timedelta) -> datetime:
    """Return when something ends, in whole seconds, as tokens give it."""
    return (now + lasts).replace(microsecond=0)
