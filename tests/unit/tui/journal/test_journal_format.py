"""The journal's format: what was written is read, whatever a crash did to the end of the file."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicechat_tui.journal import format as records
from voicechat_tui.journal.entry import EntryHeader, EntryState
from voicechat_tui.journal.format import Decoder, Kind
from voicechat_tui.journal.ranges import Range, difference, union

HEADER = EntryHeader(
    sample_rate=16_000,
    chat_id="team",
    user="安娜",
    url="127.0.0.1:8000",
    started_at=datetime(2026, 11, 24, 15, tzinfo=UTC),
)
FILE = b"".join(
    [
        HEADER.encoded(),
        records.audio(np.arange(5, dtype=np.int16)),
        records.settled(Range(0, 3)),
        records.audio(np.arange(5, 9, dtype=np.int16)),
    ]
)


def state_of(data: bytes, piece: int = 1 << 16) -> EntryState:
    decoder, state = Decoder(), EntryState()
    for at in range(0, len(data), piece):
        for record in decoder.push(data[at : at + piece]):
            state.apply(record)
    return state


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_what_was_written_is_read_in_pieces_of_any_size(piece: int) -> None:
    state = state_of(FILE, piece)
    assert (state.header, state.samples, state.unfinished) == (HEADER, 9, (Range(3, 9),))


def test_samples_come_back_as_they_were() -> None:
    samples = np.array([-32768, -1, 0, 1, 32767], np.int16)
    (record,) = Decoder().push(records.audio(samples))
    assert record.samples.tolist() == samples.tolist()


@given(st.integers(0, len(FILE) - 1))
def test_a_file_cut_anywhere_keeps_every_whole_record(length: int) -> None:
    whole, cut = Decoder(), Decoder()
    expected = whole.push(FILE)
    found = cut.push(FILE[:length])
    assert found == expected[: len(found)]
    assert cut.intact <= length < cut.intact + max(len(record.payload) for record in expected) + 9


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_changed_byte_spoils_no_record_before_it(at: int, change: int) -> None:
    spoilt = bytearray(FILE)
    spoilt[at] ^= change
    expected, decoder = Decoder().push(FILE), Decoder()
    found = decoder.push(bytes(spoilt))
    assert found == expected[: len(found)]
    assert len(found) < len(expected)
    assert decoder.intact <= at


def test_a_length_beyond_reason_is_no_record() -> None:
    decoder = Decoder()
    assert decoder.push(b"A" + (1 << 30).to_bytes(4, "little") + bytes(4)) == []
    assert decoder.broken


def test_a_header_of_a_later_version_is_none() -> None:
    (record,) = Decoder().push(records.encode(Kind.HEADER, b'{"version": 2}'))
    state = EntryState()
    assert not state.apply(record)
    assert state.header is None


RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: Range(*pair)))


@given(RANGES)
def test_a_union_has_the_numbers_of_all(ranges: list[Range]) -> None:
    joined = union(ranges)
    assert {n for part in joined for n in range(*part)} == {n for part in ranges for n in range(*part)}
    assert all(before.end < after.begin for before, after in pairwise(joined))


@given(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: Range(*sorted(pair))), RANGES)
def test_a_difference_has_the_numbers_that_are_left(whole: Range, without: list[Range]) -> None:
    left = {n for part in difference(whole, without) for n in range(*part)}
    assert left == set(range(*whole)) - {n for part in without for n in range(*part)}
