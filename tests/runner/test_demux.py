"""Bytes in any pieces become the same messages and lines."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.runner.demux import MAX_LINE, FrameDecoder, LineSplitter, LogDecoder

STAMP = b"2024-05-01T10:00:00.000000001Z"


def frame(stream: int, content: bytes) -> bytes:
    return bytes((stream, 0, 0, 0)) + len(content).to_bytes(4, "big") + content


def pieces(data: bytes, seed: int) -> list[bytes]:
    cut = random.Random(seed)
    result = []
    while data:
        size = cut.randint(1, 40)
        result.append(data[:size])
        data = data[size:]
    return result


def decode_log(data: bytes, seed: int = 0) -> list[tuple[int, bytes, bytes]]:
    decoder = LogDecoder("tag")
    lines = [line for piece in pieces(data, seed) for line in decoder.feed(piece)] + decoder.close()
    assert {line[0] for line in lines} <= {"tag"}
    return [line[1:] for line in lines]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=90))), st.integers())
def test_frames_survive_any_cutting(messages, seed):
    decoder = FrameDecoder()
    data = b"".join(frame(*message) for message in messages)
    assert [m for piece in pieces(data, seed) for m in decoder.feed(piece)] == messages


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\n" not in line)), st.integers())
def test_lines_survive_any_cutting(lines, seed):
    splitter = LineSplitter()
    data = b"".join(line + b"\n" for line in lines)
    assert [line for piece in pieces(data, seed) for line in splitter.feed(piece)] == lines
    assert splitter.close() == []


def test_a_last_line_without_end_is_not_lost():
    splitter = LineSplitter(crlf=True)
    assert splitter.feed(b"one\r\ntw") == [b"one"]
    assert splitter.close() == [b"tw"]


def test_an_endless_line_comes_in_bounded_pieces():
    splitter = LineSplitter()
    lines = [line for _ in range(5) for line in splitter.feed(b"x" * (MAX_LINE // 2))] + splitter.close()
    assert max(map(len, lines)) == MAX_LINE
    assert b"".join(lines) == b"x" * (5 * (MAX_LINE // 2))


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=90).filter(lambda t: b"\n" not in t))),
    st.integers(),
)
def test_framed_logs_lose_their_stamps_and_nothing_else(entries, seed):
    data = b"".join(frame(stream, STAMP + b" " + text + b"\n") for stream, text in entries)
    assert decode_log(data, seed) == [(stream, STAMP, text) for stream, text in entries]


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_a_long_line_are_joined_even_when_streams_alternate(seed):
    long = b"x" * 16384
    data = b"".join(
        (
            frame(1, STAMP + b" " + long),
            frame(2, STAMP + b" meanwhile\n"),
            frame(1, STAMP + b" " + long),
            frame(1, STAMP + b" end\n"),
        )
    )
    assert decode_log(data, seed) == [(2, STAMP, b"meanwhile"), (1, STAMP, long + long + b"end")]


@pytest.mark.parametrize("seed", range(5))
def test_a_terminals_log_has_no_frames_and_ends_lines_with_crlf(seed):
    long = b"y" * 16384
    data = b"%b one\r\n%b \r\n%b %b%b rest\r\n%b last" % (STAMP, STAMP, STAMP, long, STAMP, STAMP)
    assert decode_log(data, seed) == [
        (1, STAMP, b"one"),
        (1, STAMP, b""),
        (1, STAMP, long + b"rest"),
        (1, STAMP, b"last"),
    ]


def test_stamps_with_another_offset_are_brought_to_utc():
    data = frame(1, b"2024-05-01T01:30:00.5+02:00 text\n")
    assert decode_log(data) == [(1, b"2024-04-30T23:30:00.500000000Z", b"text")]


def test_what_the_daemon_says_without_a_stamp_is_kept():
    data = frame(2, b"Error grabbing logs: unexpected EOF\n")
    assert decode_log(data) == [(2, b"", b"Error grabbing logs: unexpected EOF")]


def test_an_endless_message_is_bounded_too():
    part = frame(1, STAMP + b" " + b"z" * 16384)
    decoder = LogDecoder(None)
    lines = [line for _ in range(130) for line in decoder.feed(part)]
    assert [len(line[3]) for line in lines] == [MAX_LINE, MAX_LINE]
    assert [len(line[3]) for line in decoder.close()] == [2 * 16384]
