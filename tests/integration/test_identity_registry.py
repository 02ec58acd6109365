"""What is given out is remembered: whose each name is, and how often an invitation was used."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.waiting import WITHIN_S
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity.authority import Authority, wall_clock
from voicechat_server.identity.following import Following
from voicechat_server.identity.key_file import KeyFile
from voicechat_server.identity.keys import new_keys
from voicechat_server.identity.model import PARTICIPANT, Scope
from voicechat_server.identity.registry import Registry


@pytest.fixture
async def registry(database: Path) -> AsyncIterator[Registry]:
    async with Registry(str(database)) as registry:
        yield registry


@pytest.fixture
def authority(registry: Registry) -> Authority:
    return Authority(new_keys(), registry)


async def refused(code: ErrorCode, attempt: object) -> str:
    with pytest.raises(VoicechatError) as refusal:
        await attempt  # type: ignore[misc]
    assert refusal.value.code is code
    return refusal.value.message


async def test_a_person_has_one_subject_and_any_number_of_tokens(authority: Authority) -> None:
    first = (await authority.issue("anna", PARTICIPANT)).identity
    second = (await authority.issue("anna", [Scope.READ], ["monday"])).identity
    other = (await authority.issue("bob", PARTICIPANT)).identity
    assert first.subject == second.subject != other.subject
    assert first.token_id != second.token_id
    assert second.scopes == {Scope.READ}
    assert second.chats == frozenset({"monday"})


@pytest.mark.parametrize("name", ["Anna", "аnna", "ａnna", "ANNA"])
async def test_nobody_gets_a_name_that_looks_like_another(authority: Authority, name: str) -> None:
    await authority.issue("anna", PARTICIPANT)
    await refused(ErrorCode.NAME_TAKEN, authority.issue(name, PARTICIPANT))
    invited = await authority.invite(PARTICIPANT)
    await refused(ErrorCode.NAME_TAKEN, authority.redeem(invited.text, name))


async def test_an_invitation_does_not_give_away_the_name_of_somebody_known(authority: Authority) -> None:
    await authority.issue("anna", PARTICIPANT)
    invited = await authority.invite(PARTICIPANT)
    await refused(ErrorCode.NAME_TAKEN, authority.redeem(invited.text, "anna"))
    # That used nothing up.
    assert (await authority.redeem(invited.text, "bob")).identity.name == "bob"


async def test_an_invitation_becomes_one_token(authority: Authority) -> None:
    invited = await authority.invite([Scope.READ], ["monday"], token_lasts=timedelta(hours=1))
    issued = await authority.redeem(invited.text, "bob")
    assert authority.identify(issued.text).name == "bob"
    assert issued.identity.scopes == {Scope.READ}
    assert issued.identity.chats == frozenset({"monday"})
    assert issued.identity.expires_at - wall_clock() <= timedelta(hours=1)
    await refused(ErrorCode.BAD_INVITATION, authority.redeem(invited.text, "carl"))


async def test_of_many_who_redeem_one_invitation_at_once_one_gets_a_token(authority: Authority) -> None:
    invited = await authority.invite(PARTICIPANT)
    attempts = [authority.redeem(invited.text, f"person {number}") for number in range(8)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    codes = [result.code for result in results if isinstance(result, VoicechatError)]
    assert codes == [ErrorCode.BAD_INVITATION] * 7


async def test_one_for_many_is_for_many_until_it_is_revoked(authority: Authority) -> None:
    invited = await authority.invite(PARTICIPANT, uses=None)
    for name in ("bob", "carl", "dora"):
        await authority.redeem(invited.text, name)
    await authority.registry.revoke(frozenset({invited.invitation.invitation_id}), datetime.now(UTC))
    await refused(ErrorCode.BAD_INVITATION, authority.redeem(invited.text, "emil"))


async def test_an_invitation_ends(authority: Authority, registry: Registry) -> None:
    invited = await authority.invite(PARTICIPANT, lasts=timedelta(hours=1))
    later = Authority(authority.keys, registry, lambda: wall_clock() + timedelta(hours=2))
    assert "expired" in await refused(ErrorCode.BAD_INVITATION, later.redeem(invited.text, "bob"))


async def test_an_invitation_of_another_server_is_refused(authority: Authority, registry: Registry) -> None:
    invited = await Authority(new_keys(), registry).invite(PARTICIPANT)
    await refused(ErrorCode.BAD_INVITATION, authority.redeem(invited.text, "bob"))


async def test_a_revoked_token_stays_revoked_while_clocks_may_differ(
    authority: Authority, registry: Registry
) -> None:
    issued = await authority.issue("anna", PARTICIPANT, lasts=timedelta(seconds=10))
    await registry.revoke(frozenset({issued.identity.token_id}), datetime.now(UTC))
    later = Authority(authority.keys, registry, lambda: wall_clock() + timedelta(seconds=30))
    await later.refresh()
    with pytest.raises(VoicechatError, match="revoked"):
        later.identify(issued.text)


async def test_what_another_process_changes_is_noticed(database: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    keys, _ = file.load_or_create()
    looked = asyncio.Event()
    async with Registry(str(database)) as mine, Registry(str(database)) as theirs:
        authority, other = Authority(keys, mine), Authority(keys, theirs)
        issued = await other.issue("anna", PARTICIPANT)
        assert authority.identify(issued.text) == issued.identity
        async with Following(authority, file, looked.set, every_s=0.01):
            await theirs.revoke(frozenset({issued.identity.token_id}), wall_clock())
            other.keys = file.rotate(keep=True)
            newer = await other.issue("anna", PARTICIPANT)
            async with asyncio.timeout(WITHIN_S):
                while len(authority.keys.ring) < 2 or not authority.revoked:
                    looked.clear()
                    await looked.wait()
            assert authority.identify(newer.text).name == "anna"
            with pytest.raises(VoicechatError, match="revoked"):
                authority.identify(issued.text)
            ended = authority.ended(issued.identity)
            assert ended is not None
            assert "revoked" in ended.message
            assert authority.ended(newer.identity) is None


async def test_keys_that_become_unreadable_leave_the_old_ones(database: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    keys, _ = file.load_or_create()
    looks = asyncio.Queue[None]()
    async with Registry(str(database)) as registry:
        authority = Authority(keys, registry)
        issued = await authority.issue("anna", PARTICIPANT)
        async with Following(authority, file, lambda: looks.put_nowait(None), every_s=0.01):
            file.path.write_text("damaged", encoding="utf-8")
            for _ in range(3):
                await looks.get()
            assert authority.identify(issued.text) == issued.identity


def test_a_clock_that_was_never_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unset(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Unset":
            return cls(1970, 1, 1, tzinfo=UTC)

    monkeypatch.setattr("voicechat_server.identity.authority.datetime", Unset)
    with pytest.raises(VoicechatError, match="1970-01-01") as told:
        wall_clock()
    assert "Set the clock" in told.value.advice
