"""A token is taken if this server signed it for now; a refusal says what its reader may know."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity import failures
from voicechat_server.identity.keys import ALGORITHM, keys_as_json, keys_of_json, new_keys
from voicechat_server.identity.model import PARTICIPANT, Identity, Invitation, Scope
from voicechat_server.identity.tokens import (
    LEEWAY,
    MOST_CHARACTERS,
    Kind,
    identity_of,
    invitation_of,
    invitation_text,
    token_text,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = new_keys()
ANNA = Identity("s-1", "安娜", PARTICIPANT, frozenset({"monday"}), "t-1", NOW + DAY)
INVITATION = Invitation("i-1", PARTICIPANT, None, NOW + DAY, 3600)
TOKEN = token_text(KEYS, ANNA, NOW)


def refusal(text: str, now: datetime = NOW) -> VoicechatError:
    with pytest.raises(VoicechatError) as refused:
        identity_of(KEYS, text, now)
    assert refused.value.code is ErrorCode.UNAUTHORIZED
    return refused.value


def is_unknown(text: str) -> bool:
    """Whether a text is refused in the words that tell a stranger nothing."""
    return str(refusal(text)) == str(failures.unknown_token())


def signed(header: dict[str, Any], **changes: object) -> str:
    """A token whose signature is right, whatever it says."""
    claims = {"jti": "t", "sub": "s", "name": "anna", "scope": "read", "iat": 0, "nbf": 0, "exp": 2**32}
    usual = {"alg": ALGORITHM, "kid": KEYS.newest.kid, "typ": Kind.TOKEN.value}
    given = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(usual | header, given, KEYS.newest, algorithms=[ALGORITHM])


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_token_says_whose_it_is() -> None:
    assert identity_of(KEYS, TOKEN, NOW) == ANNA


def test_an_invitation_says_what_it_promises() -> None:
    assert invitation_of(KEYS, invitation_text(KEYS, INVITATION, NOW), NOW) == INVITATION


def test_every_key_verifies_and_the_newest_signs() -> None:
    rotated = KEYS.rotated()
    assert identity_of(rotated, TOKEN, NOW) == ANNA
    assert is_unknown(token_text(rotated, ANNA, NOW))
    with pytest.raises(VoicechatError):
        identity_of(KEYS.rotated(keep=False), TOKEN, NOW)


def test_keys_come_back_from_their_file() -> None:
    restored = keys_of_json(json.loads(json.dumps(keys_as_json(KEYS))))
    assert identity_of(restored, TOKEN, NOW) == ANNA


def test_the_owner_of_an_expired_token_is_told_since_when() -> None:
    assert "expired at 2026-11-29T12:00:00" in refusal(TOKEN, NOW + DAY + LEEWAY + DAY).message


def test_a_clock_that_is_off_by_a_minute_does_no_harm() -> None:
    assert identity_of(KEYS, TOKEN, NOW + DAY + LEEWAY) == ANNA
    assert identity_of(KEYS, TOKEN, NOW - LEEWAY) == ANNA
    assert "expired" in refusal(TOKEN, NOW + DAY + 2 * LEEWAY).message
    assert "the server's clock says" in refusal(TOKEN, NOW - 2 * LEEWAY).message


def test_a_token_of_another_server_is_unknown() -> None:
    assert is_unknown(token_text(new_keys(), ANNA, NOW))


def test_a_key_of_another_server_under_the_same_id_is_unknown() -> None:
    other = new_keys()
    header = {"alg": ALGORITHM, "kid": KEYS.newest.kid, "typ": Kind.TOKEN.value}
    claims = {"jti": "t", "sub": "s", "name": "a", "scope": "read", "iat": 0, "nbf": 0, "exp": 2**32}
    assert is_unknown(jwt.encode(header, claims, other.newest, algorithms=[ALGORITHM]))
    assert identity_of(KEYS, jwt.encode(header, claims, KEYS.newest, algorithms=[ALGORITHM]), NOW)


def test_an_expired_token_of_another_server_is_told_no_more_than_any_stranger() -> None:
    assert str(failures.unknown_token()) == str(refusal(token_text(new_keys(), ANNA, NOW), NOW + 1000 * DAY))


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_truncated_token_is_unknown(cut: int) -> None:
    assert is_unknown(TOKEN[:-cut])


@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
def test_a_token_without_a_signature_is_unknown(alg: str) -> None:
    payload = {"jti": "t", "sub": "s", "name": "anna", "scope": "admin", "iat": 0, "nbf": 0, "exp": 2**32}
    header = {"alg": alg, "kid": KEYS.newest.kid, "typ": Kind.TOKEN.value}
    assert is_unknown(unsigned(header, payload))
    assert is_unknown(unsigned(header, payload, b"x" * 64))


def test_a_token_signed_with_the_public_key_as_a_secret_is_unknown() -> None:
    public = KEYS.newest.as_dict(private=False)["x"]
    assert isinstance(public, str)
    for secret in (public.encode(), base64.urlsafe_b64decode(public + "=")):
        header = {"alg": "HS256", "kid": KEYS.newest.kid, "typ": Kind.TOKEN.value}
        claims = {"jti": "t", "sub": "s", "name": "a", "scope": "admin", "iat": 0, "nbf": 0, "exp": 2**32}
        assert is_unknown(jwt.encode(header, claims, OctKey.import_key(secret), algorithms=["HS256"]))


def test_a_changed_claim_is_unknown() -> None:
    head, _, signature = TOKEN.split(".")
    _, payload, _ = token_text(KEYS, ANNA, NOW + DAY).split(".")
    assert is_unknown(f"{head}.{payload}.{signature}")


def test_neither_kind_passes_for_the_other() -> None:
    assert is_unknown(invitation_text(KEYS, INVITATION, NOW))
    with pytest.raises(VoicechatError) as refused:
        invitation_of(KEYS, TOKEN, NOW)
    assert refused.value.code is ErrorCode.BAD_INVITATION
    assert is_unknown(signed({"typ": "JWT"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": 2**63},
        {"exp": -1},
        {"nbf": None},
        {"sub": None},
        {"sub": ""},
        {"name": None},
        {"name": "a\x1b[2J"},
        {"scope": None},
        {"scope": ["admin"]},
        {"chats": "monday"},
        {"chats": [".."]},
        {"jti": "x" * 65},
    ],
    ids=str,
)
def test_claims_that_no_server_gives_are_unknown(changes: dict[str, object]) -> None:
    assert identity_of(KEYS, signed({}), NOW).name == "anna"
    assert is_unknown(signed({}, **changes))


def test_scopes_of_a_newer_server_are_left_out() -> None:
    assert identity_of(KEYS, signed({}, scope="read fly admin"), NOW).scopes == {Scope.READ, Scope.ADMIN}


def test_a_text_that_is_too_long_is_not_even_looked_at() -> None:
    assert is_unknown("x" * (MOST_CHARACTERS + 1))
    assert is_unknown(TOKEN + "A" * MOST_CHARACTERS)


@given(st.text() | st.text("abc.=_-{}\x00", max_size=200))
def test_no_text_is_taken_for_a_token_by_chance(text: str) -> None:
    assert is_unknown(text)


@given(st.data())
def test_no_change_of_a_token_is_taken(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOKEN) - 2))
    # The last character of a signature has bits that say nothing.
    letter = data.draw(st.sampled_from([letter for letter in "ABZaz09-_." if letter != TOKEN[at]]))
    assert is_unknown(TOKEN[:at] + letter + TOKEN[at + 1 :])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4))
def test_no_header_and_no_claims_break_it(value: object) -> None:
    for name in ("alg", "kid", "typ", "crit", "b64", "jwk"):
        assert is_unknown(unsigned({"alg": ALGORITHM, name: value}, {"exp": value}))
    assert is_unknown(unsigned({}, {}))
