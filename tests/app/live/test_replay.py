"""The samples that a returning viewer gets."""

from app.live import replay
from app.live.replay import Frame, ReplayBuffer


def filled(*ids, floor="1-0"):
    frames = ReplayBuffer()
    frames.begin(floor)
    for entry_id in ids:
        frames.append(Frame(entry_id, "web-1", entry_id.encode()))
    return frames


def ids_after(frames, cursor):
    missed = frames.after(cursor)
    return None if missed is None else [frame.id for frame in missed]


def test_the_frames_after_the_cursor_come_in_order():
    assert ids_after(filled("1-0", "2-0", "10-0", "10-1"), "2-0") == ["10-0", "10-1"]


def test_a_cursor_at_the_newest_frame_has_missed_nothing():
    assert ids_after(filled("1-0", "2-0"), "2-0") == []


def test_a_cursor_between_two_frames_resumes_at_the_next():
    assert ids_after(filled("1-0", "5-0"), "3-7") == ["5-0"]


def test_a_cursor_older_than_what_is_held_is_told_to_reset():
    assert ids_after(filled("5-0", "6-0", floor="4-0"), "3-9") is None


def test_a_cursor_before_the_first_frame_resumes_where_nothing_can_be_missing():
    assert ids_after(filled("5-0", "6-0", floor="4-0"), "4-0") == ["5-0", "6-0"]


def test_a_cursor_of_another_stream_is_told_to_reset():
    assert ids_after(filled("5-0"), "18446744073709551615-0") is None
    assert ids_after(ReplayBuffer(), "1-0") is None


def test_the_oldest_frame_gives_way_when_the_buffer_is_full(monkeypatch):
    frames = filled(*(f"{number}-0" for number in range(1, replay.CAPACITY + 2)))

    assert ids_after(frames, "0-9") is None
    assert len(ids_after(frames, "1-0")) == replay.CAPACITY


def test_one_hosts_frames_can_be_had_without_the_others():
    frames = ReplayBuffer()
    for number, host in enumerate(("a", "b", "a"), start=1):
        frames.append(Frame(f"{number}-0", host, b""))

    assert [frame.id for frame in frames.after("1-0", {"a"})] == ["3-0"]
    assert [frame.id for frame in frames.after("1-0")] == ["2-0", "3-0"]
