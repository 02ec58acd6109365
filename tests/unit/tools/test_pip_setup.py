"""The image test sets up pip in the build as it is set up on this machine."""

from pathlib import Path

import pytest

from tools.image_test.pip_setup import CERTIFICATES, PipSetup, read_pip_setup


def test_variables_win_over_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\ntimeout = 10\nfind-links = /somewhere\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_TIMEOUT", "20")
    setup = read_pip_setup()
    assert setup.values["timeout"] == "20"
    assert setup.has_own_sources
    assert "timeout = 20\n" in setup.file()


def test_what_the_settings_name_is_mounted(tmp_path: Path) -> None:
    index, wheels = tmp_path / "index", tmp_path / "wheels"
    (index / "simple").mkdir(parents=True)
    wheels.mkdir()
    setup = PipSetup(
        {
            "extra-index-url": f"file://{index}/simple https://example.com/simple",
            "find-links": f"{wheels} /not/here",
        }
    )
    assert setup.places() - {CERTIFICATES} == {index, wheels}


def test_a_timeout_is_no_source() -> None:
    assert not PipSetup({"timeout": "20"}).has_own_sources
