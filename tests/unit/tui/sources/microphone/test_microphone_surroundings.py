"""Finding out where the client runs, from files and variables."""

from pathlib import Path

import pytest

from voicechat_tui.sources.microphone.surroundings import Surroundings, look_around


def machine(root: Path, *files: str, **texts: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    for file, text in texts.items():
        path = root / {"os_release": "etc/os-release", "kernel": "proc/sys/kernel/osrelease"}[file]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_an_empty_machine(tmp_path: Path) -> None:
    assert look_around({}, tmp_path, "Linux") == Surroundings()


@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"])
def test_ssh(tmp_path: Path, variable: str) -> None:
    assert look_around({variable: "10.0.0.1 22"}, tmp_path, "Linux").over_ssh


@pytest.mark.parametrize("file", [".dockerenv", "run/.containerenv"])
def test_a_container(tmp_path: Path, file: str) -> None:
    assert look_around({}, machine(tmp_path, file), "Linux").in_container


def test_a_container_by_its_variable(tmp_path: Path) -> None:
    assert look_around({"container": "podman"}, tmp_path, "Linux").in_container


def test_wsl(tmp_path: Path) -> None:
    root = machine(tmp_path, "mnt/wslg/PulseServer", kernel="5.15.90.1-microsoft-standard-WSL2\n")
    here = look_around({}, root, "Linux")
    assert (here.in_wsl, here.has_sound_server) == (True, True)
    assert look_around({"WSL_DISTRO_NAME": "Ubuntu"}, tmp_path / "none", "Linux").in_wsl


@pytest.mark.parametrize("socket", ["pulse/native", "pipewire-0"])
def test_a_sound_server_of_the_user(tmp_path: Path, socket: str) -> None:
    root = machine(tmp_path, f"run/user/1000/{socket}")
    assert look_around({"XDG_RUNTIME_DIR": "/run/user/1000"}, root, "Linux").has_sound_server
    assert not look_around({"XDG_RUNTIME_DIR": "/run/user/1001"}, root, "Linux").has_sound_server


def test_a_sound_server_elsewhere(tmp_path: Path) -> None:
    assert look_around({"PULSE_SERVER": "tcp:10.0.0.1"}, tmp_path, "Linux").has_sound_server


def test_a_sound_card_that_records(tmp_path: Path) -> None:
    here = look_around({}, machine(tmp_path, "dev/snd/pcmC0D0p", "dev/snd/pcmC1D0c"), "Linux")
    assert (here.has_sound_card, here.may_use_sound_card) == (True, True)


def test_a_sound_card_that_only_plays(tmp_path: Path) -> None:
    assert not look_around({}, machine(tmp_path, "dev/snd/pcmC0D0p"), "Linux").has_sound_card


def test_a_sound_card_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # To the superuser, who may run this test, no file is forbidden.
    monkeypatch.setattr("os.access", lambda *_: False)
    here = look_around({}, machine(tmp_path, "dev/snd/pcmC1D0c"), "Linux")
    assert (here.has_sound_card, here.may_use_sound_card) == (True, False)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('ID=ubuntu\nID_LIKE="debian"\n', ("ubuntu", "debian")),
        ("NAME=Arch\nID=arch\n", ("arch",)),
        ("no such thing", ()),
    ],
)
def test_the_distribution(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    assert look_around({}, machine(tmp_path, os_release=text), "Linux").distributions == names


def test_this_machine() -> None:
    assert look_around().system in ("Linux", "Darwin", "Windows")
