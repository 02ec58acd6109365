"""Speech into a chat outlives the death of its server; `python -m bench.speech_kills` tries it many times."""

import asyncio
import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bench import speech_kills
from bench.speech_kills import Trouble, Victim, any_disk, full, locked, nothing, small_disk, stopped

SEED = 3


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_kills, "SPEED", 6.0)


def kills(disk: AbstractContextManager[Path], trouble: Trouble, moments: int) -> int:
    """How many talks did not become what an undisturbed one did."""
    with disk as directory, Victim(directory) as victim:
        return asyncio.run(speech_kills.run(victim, "talk", trouble, moments, SEED))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("trouble", "moments"), [(nothing, 2), (locked, 1), (stopped, 1)])
def test_a_talk_whose_server_is_killed_is_stored_as_if_it_were_not(trouble: Trouble, moments: int) -> None:
    assert kills(any_disk(), trouble, moments) == 0


@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_so_is_one_whose_disk_was_full() -> None:
    assert kills(small_disk(), full, 1) == 0
