"""How CPU threads are divided among workers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from voicechat_server.asr.paraformer.cores import Cores
from voicechat_server.asr.threads import count_threads, count_workers


def used(cores: Cores, worker: int) -> tuple[int, int]:
    """What a worker is told it uses, and what PyTorch uses on its thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: (cores.use(worker), torch.get_num_threads())).result()


def test_the_first_worker_takes_all_while_no_other_has_a_stream() -> None:
    cores = Cores(4, 2)
    cores.note(0, 1)
    assert used(cores, 0) == (4, 4)


def test_every_worker_has_its_part_while_several_have_streams() -> None:
    cores = Cores(4, 2)
    cores.note(0, 1)
    cores.note(1, 3)
    assert [used(cores, worker) for worker in (0, 1)] == [(2, 2), (2, 2)]


def test_the_first_worker_takes_all_again_when_the_others_streams_are_gone() -> None:
    cores = Cores(3, 3)
    for streams in (2, 0):
        cores.note(0, 1)
        cores.note(2, streams)
        assert used(cores, 0) == ((1, 1) if streams else (3, 3))


def test_only_the_first_worker_takes_all() -> None:
    cores = Cores(4, 2)
    cores.note(1, 1)
    assert used(cores, 1) == (2, 2)


def test_a_worker_computes_with_one_thread_at_least() -> None:
    cores = Cores(2, 4)
    cores.note(0, 1)
    cores.note(3, 1)
    assert used(cores, 3) == (1, 1)


@pytest.mark.parametrize(
    ("device", "threads", "workers"), [("cpu", 1, 1), ("cpu", 2, 2), ("cpu", 64, 4), ("cuda:0", 16, 1)]
)
def test_workers(device: str, threads: int, workers: int) -> None:
    assert count_workers(device, threads) == workers


def test_as_many_threads_as_were_asked_for() -> None:
    assert count_threads(3) == 3
    assert count_threads(0) >= 1
