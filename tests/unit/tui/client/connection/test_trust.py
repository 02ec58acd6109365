"""Which certificates are trusted, as the environment says it."""

import ssl
from pathlib import Path

import pytest

from tests.support.tls import make_authority
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_tui.client.connection import trust as module
from voicechat_tui.client.connection.trust import trust


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_everybody_gets_the_same_until_the_environment_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = trust()
    assert trust() is usual
    assert (usual.verify_mode, usual.check_hostname) == (ssl.CERT_REQUIRED, True)
    monkeypatch.setenv("SSL_CERT_FILE", str(make_authority(tmp_path).file))
    changed = trust()
    assert changed is not usual
    assert "Test authority" in str(changed.get_ca_certs())


def test_a_system_without_authorities_gets_those_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An empty directory stands for one of a small image. Of the file nothing can be said by a variable.
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setattr(module, "_has_authorities", lambda: False)
    assert len(trust().get_ca_certs()) > 50


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), ("nothing", "there is no certificate in it")]
)
def test_a_file_without_certificates_is_told(
    content: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(VoicechatError, match=reason) as caught:
        trust()
    assert caught.value.code is ErrorCode.BAD_SETTING
