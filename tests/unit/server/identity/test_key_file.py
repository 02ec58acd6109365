"""The file of the keys is made once, is read by its owner alone, and is refused for a reason that helps."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_server.identity.key_file import KeyFile
from voicechat_server.identity.keys import keys_as_json, new_keys

not_on_windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "deep" / "keys.json")


def refusal(file: KeyFile) -> VoicechatError:
    with pytest.raises(VoicechatError) as refused:
        file.load_or_create()
    assert refused.value.code is ErrorCode.BAD_SETTING
    assert str(file.path) in refused.value.message
    return refused.value


def ids(file: KeyFile) -> list[str | None]:
    return [key.kid for key in file.load().ring]


def written(file: KeyFile, content: bytes) -> KeyFile:
    file.path.parent.mkdir(exist_ok=True)
    file.path.write_bytes(content)
    file.path.chmod(0o600)
    return file


def test_it_is_made_once(file: KeyFile) -> None:
    made, is_new = file.load_or_create()
    assert is_new
    assert file.load_or_create() == (file.load(), False)
    assert ids(file) == [made.newest.kid]


@not_on_windows
def test_only_its_owner_may_read_it(file: KeyFile) -> None:
    file.load_or_create()
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.rotate(keep=True)
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_programs_that_start_at_once_get_the_same_keys(file: KeyFile) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: file.load_or_create(), range(8)))
    assert len({keys.newest.kid for keys, _ in made}) == 1
    assert sum(is_new for _, is_new in made) == 1


def test_a_new_key_comes_last_and_the_old_ones_stay_until_they_are_forgotten(file: KeyFile) -> None:
    file.load_or_create()
    (first,) = ids(file)
    before = file.mark()
    file.rotate(keep=True)
    assert file.mark() != before
    assert ids(file)[0] == first
    assert len(ids(file)) == 2
    file.rotate(keep=False)
    assert len(ids(file)) == 1
    assert first not in ids(file)


@not_on_windows
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(file: KeyFile, mode: int) -> None:
    file.load_or_create()
    file.path.chmod(mode)
    assert f"chmod 600 {file.path}" in refusal(file).advice


PUBLIC = {name: value for name, value in keys_as_json(new_keys())["keys"][0].items() if name != "d"}
MIXED = keys_as_json(new_keys())["keys"][0] | {"x": keys_as_json(new_keys())["keys"][0]["x"]}
ONE = keys_as_json(new_keys())["keys"][0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe secret", "not JSON"),
        (b"-----BEGIN PRIVATE KEY-----", "not JSON"),
        (b"[]", "not a JSON Web Key Set"),
        (b'{"keys": []}', "not a JSON Web Key Set"),
        (b'{"keys": "secret"}', "not a JSON Web Key Set"),
        (b'{"keys": [{"kty": "RSA", "n": "secret"}]}', "of type RSA, and Ed25519 is needed"),
        (b'{"keys": [{"kty": "oct", "k": "secret"}]}', "of type oct, and Ed25519 is needed"),
        (b'{"keys": [{"kty": "OKP", "crv": "X25519"}]}', "of type X25519, and Ed25519 is needed"),
        (b'{"keys": [7]}', "of type None"),
        (json.dumps({"keys": [PUBLIC]}).encode(), "must be a private key"),
        (json.dumps({"keys": [ONE | {"d": "secret"}]}).encode(), "a key is damaged"),
        (json.dumps({"keys": [ONE | {"d": "!"}]}).encode(), "a key is damaged"),
        (json.dumps({"keys": [MIXED]}).encode(), "a key is damaged"),
        (json.dumps({"keys": [ONE, ONE]}).encode(), "the same kid"),
    ],
    ids=range(15),
)
def test_a_file_without_usable_keys_is_refused_and_kept(file: KeyFile, content: bytes, why: str) -> None:
    error = refusal(written(file, content))
    assert why in error.message
    assert "secret" not in str(error)
    assert file.path.read_bytes() == content


def test_a_directory_is_refused(file: KeyFile) -> None:
    file.path.mkdir(parents=True)
    assert "not a regular file" in refusal(file).message


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    assert "can't be written" in refusal(KeyFile(in_the_way / "keys.json")).message


def test_keys_that_are_not_there_cannot_be_rotated(file: KeyFile) -> None:
    with pytest.raises(VoicechatError) as refused:
        file.rotate(keep=True)
    assert "can't be read" in refused.value.message
