"""The app is left at random moments, while others speak and write, by every way there is: without a word.

`python -m bench.leaving` does it two hundred times.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.support.leaving import WAYS, leave_at, load, moments
from tests.support.null_sink import null_sink
from tests.support.server import LiveServer

AT_ONCE = 2
SEED = 20


@pytest.mark.timeout(600)
def test_the_app_is_left_without_a_word(live_server: LiveServer, chat_id: str) -> None:
    with (
        null_sink() as sink,
        load(live_server.address, chat_id),
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        leave = partial(leave_at, address=live_server.address, chat_id=chat_id, environment=sink.environment)
        wrong = [
            (left.moment, problems)
            for left in pool.map(leave, moments(2 * len(WAYS), SEED))
            if (problems := left.judge())
        ]
    assert wrong == []
