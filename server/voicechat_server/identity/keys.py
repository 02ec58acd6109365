"""The keys that sign tokens. Pure: `key_file` reads and writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

ALGORITHM: Final = "Ed25519"
_PRIVATE_FIELDS = ("kty", "crv", "x", "d", "kid")


@dataclass(frozen=True)
class Keys:
    """The keys of one server, the oldest first: the newest signs, and all of them verify."""

    ring: tuple[OKPKey, ...]

    @property
    def newest(self) -> OKPKey:
        """The key that signs."""
        return self.ring[-1]

    def named(self, key_id: object) -> OKPKey | None:
        """Return the key with this id, or None."""
        return next((key for key in self.ring if key.kid == key_id), None)

    def rotated(self, *, keep: bool = True) -> "Keys":
        """Return these keys and a new one that signs from now on.

        Args:
            keep: Whether tokens of the old keys stay valid.
        """
        return Keys((*(self.ring if keep else ()), _new_key()))


def new_keys() -> Keys:
    """Return a single new key."""
    return Keys((_new_key(),))


def keys_as_json(keys: Keys) -> dict[str, list[dict[str, Any]]]:
    """Return the keys as a JSON Web Key Set with its secrets."""
    return {"keys": [key.as_dict(private=True) for key in keys.ring]}


def keys_of_json(document: object) -> Keys:
    """Return the keys of a JSON Web Key Set.

    Raises:
        ValueError: It is not one, or has keys of another type; the text says which.
    """
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise ValueError("it is not a JSON Web Key Set with at least one key")
    keys = tuple(_key_of(entry) for entry in entries)
    if len({key.kid for key in keys}) < len(keys):
        raise ValueError("two of its keys have the same kid")
    return Keys(keys)


def _new_key() -> OKPKey:
    return OKPKey.generate_key(ALGORITHM, {"kid": token_hex(8)}, private=True, auto_kid=False)


def _key_of(entry: object) -> OKPKey:
    kind = (entry.get("kty"), entry.get("crv")) if isinstance(entry, Mapping) else (None, None)
    if not isinstance(entry, Mapping) or kind != ("OKP", ALGORITHM):
        raise ValueError(f"a key is of type {kind[1] or kind[0]}, and {ALGORITHM} is needed")
    if not all(isinstance(entry.get(name), str) for name in _PRIVATE_FIELDS):
        raise ValueError(f"a key lacks one of {', '.join(_PRIVATE_FIELDS)}: it must be a private key")
    try:
        return _checked(OKPKey.import_key({name: entry[name] for name in _PRIVATE_FIELDS}))
    except (JoseError, ValueError) as error:
        raise ValueError("a key is damaged") from error


def _checked(key: OKPKey) -> OKPKey:
    """Return a key whose halves belong together, which importing doesn't check."""
    told, derived = key.as_dict(private=False)["x"], OKPKey.import_key(key.as_pem(private=True))
    if derived.as_dict(private=False)["x"] != told:
        raise ValueError("the halves of a key don't belong together")
    return key
