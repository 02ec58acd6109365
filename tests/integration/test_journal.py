"""The journal on a real disk: what it keeps, what it removes, and what a kill leaves of it."""

import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.support.journal import header, journal_in
from voicechat_common.audio import Samples
from voicechat_common.errors import ErrorCode, VoicechatError
from voicechat_common.protocol.speech import Ack, Done, Start
from voicechat_tui.client.speech.events import AudioLost
from voicechat_tui.journal import format as records
from voicechat_tui.journal.file import read_samples
from voicechat_tui.journal.ranges import Range
from voicechat_tui.journal.store import Entry, Journal

SECOND = 16_000
RAMP: Samples = np.arange(SECOND).astype(np.int16)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return journal_in(tmp_path)


def ack(samples: int) -> Ack:
    return Ack(received_samples=samples, decoded_samples=samples, lag_ms=0)


def done(samples: int) -> Done:
    ms = samples // 16
    return Done(
        received_ms=ms,
        decoded_ms=ms,
        dropped_ms=0,
        segments=1,
        received_samples=samples,
        decoded_samples=samples,
        dropped_samples=0,
    )


def only(journal: Journal) -> Entry:
    (entry,) = journal.entries()
    return entry


def samples_of(entry: Entry, wanted: Range) -> Samples:
    return np.concatenate(list(read_samples(entry.path, wanted)))


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "journal").iterdir())


def test_a_talk_is_on_disk_before_anything_is_known_of_it(journal: Journal) -> None:
    writer = journal.begin(header())
    writer.append(RAMP[:1600])
    entry = only(journal)
    assert (entry.header, entry.unfinished) == (header(), (Range(0, 1600),))
    assert (
        np.concatenate(list(read_samples(entry.path, Range(100, 1500)))).tolist() == RAMP[100:1500].tolist()
    )
    assert entry.name.startswith("20261124-150405-")
    assert entry.path.stat().st_mode & 0o077 == 0
    writer.close()


def test_what_the_server_has_for_its_chat_is_not_left(journal: Journal) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    writer.hear(ack(4_000))
    writer.hear(ack(9_000))
    writer.close()
    entry = only(journal)
    assert entry.unfinished == (Range(9_000, SECOND),)
    assert entry.left.total_seconds() == 7 / 16


def test_without_a_chat_only_the_receipt_counts(journal: Journal) -> None:
    writer = journal.begin(header(chat_id=None))
    writer.append(RAMP)
    writer.hear(ack(9_000))
    writer.close()
    assert only(journal).unfinished == (Range(0, SECOND),)


def test_after_the_receipt_the_entry_is_gone(journal: Journal, tmp_path: Path) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    writer.hear(done(SECOND))
    writer.close()
    assert files(tmp_path) == []


def test_a_talk_without_a_word_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.begin(header()).close()
    assert files(tmp_path) == []


def test_lost_audio_stays_in_spite_of_the_receipt(journal: Journal) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    writer.hear(ack(2_000))
    writer.hear(AudioLost(at_ms=250, ms=500))
    writer.hear(ack(14_000))
    writer.hear(done(SECOND))
    writer.close()
    assert only(journal).unfinished == (Range(4_000, 12_000),)


def test_what_the_server_had_before_it_forgot_the_stream_is_in_its_chat(journal: Journal) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    writer.hear(ack(8_000))
    writer.hear(AudioLost(at_ms=250, ms=500))
    writer.hear(done(SECOND))
    writer.close()
    assert only(journal).unfinished == (Range(8_000, 12_000),)


def test_a_talk_that_goes_on_can_not_be_taken(journal: Journal) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    assert journal.take(only(journal)) is None
    writer.close()
    file = journal.take(only(journal))
    assert file is not None
    file.close()


def test_threads_may_take_turns_with_a_talk(journal: Journal) -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        begin = journal.recording("127.0.0.1:1")
        writer = one.submit(begin, Start(chat_id="team", user="anna")).result()
        other.submit(writer.append, RAMP).result()
        other.submit(writer.close).result()
        file = one.submit(journal.take, only(journal)).result()
        assert file is not None, "nobody holds it any more"
        other.submit(file.close).result()
    assert only(journal).header.url == "127.0.0.1:1"


def test_an_entry_that_was_sent_meanwhile_can_not_be_taken(journal: Journal, tmp_path: Path) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    writer.close()
    entry = only(journal)
    entry.path.unlink()
    assert journal.take(entry) is None
    assert files(tmp_path) == []


def test_a_full_journal_keeps_what_it_has_and_tells(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, max_mb=1)
    writer = journal.begin(header())
    for _ in range(50):
        writer.append(RAMP)
    writer.close()
    assert writer.problem is not None
    assert writer.problem.code is ErrorCode.DISK
    assert writer.problem.message == "The journal is full: what you say now is not kept on disk."
    kept = only(journal)
    assert kept.unfinished == (Range(0, 31 * SECOND),)
    assert kept.path.stat().st_size < 1_000_000
    another = journal.begin(header())
    another.append(RAMP)
    another.close()
    assert another.problem is not None
    assert only(journal) == kept


def test_a_full_disk_is_told_once_and_the_talk_goes_on(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    size = only(journal).path.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, before[1]))
    try:
        writer.append(RAMP)
        told = writer.problem
        writer.append(RAMP)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert told is not None
    assert told.message == "The journal can't be written: File too large."
    assert writer.problem is told
    writer.hear(ack(6_000))
    writer.close()
    assert only(journal).unfinished == (Range(6_000, SECOND),)


def test_a_directory_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(VoicechatError, match="can't be used"):
        journal_in(tmp_path).begin(header())


def test_a_foreign_file_is_no_entry(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "notes.voice").write_text("These are my notes, and no speech at all.")
    assert journal.entries() == []
    assert files(tmp_path) == ["notes.voice"]


def test_a_half_written_block_hides_nothing_that_follows_it(journal: Journal) -> None:
    writer = journal.begin(header())
    writer.append(RAMP)
    writer.close()
    path = only(journal).path
    with path.open("ab") as file:
        file.write(b"A\x00\x10\x00\x00half a block")
    taken = journal.take(only(journal))
    assert taken is not None
    assert taken.state.unfinished == (Range(0, SECOND),)
    taken.append(records.settled(Range(0, 10_000)))
    taken.close()
    assert only(journal).unfinished == (Range(10_000, SECOND),)


SPEAKER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from tests.support.journal import header, journal_in
writer = journal_in(Path(sys.argv[1])).begin(header())
for number in range(1_000_000):
    writer.append(np.full(1600, number % 30_000, np.int16))
    print(number, flush=True)
"""


def test_a_kill_loses_the_last_block_at_most(journal: Journal, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SPEAKER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(100)]
        os.kill(process.pid, signal.SIGKILL)
        said += [int(line) for line in process.stdout]
    entry = only(journal)
    blocks = samples_of(entry, *entry.unfinished).reshape(-1, 1600)
    assert blocks[:, 0].tolist()[: len(said)] == [number % 30_000 for number in said]
    assert np.all(blocks == blocks[:, :1])
    assert len(blocks) <= len(said) + 1
    file = journal.take(entry)
    assert file is not None, "nobody holds it any more"
    file.close()


def test_a_login_stays_in_the_settings(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    writer = journal.recording("http://anna:hunter2@voice.example/x")(Start(chat_id="team", user="anna"))
    writer.append(RAMP)
    writer.close()
    assert only(journal).header.url == "http://voice.example/x"
    assert b"hunter2" not in only(journal).path.read_bytes()
