"""A viewer's bytes, in order, on a real socket."""

from tests.programs.service import run


def test_an_event_never_overtakes_what_is_still_pending_and_who_is_dropped_leaves_no_file_open():
    told, _ = run("pending_viewer")

    assert told.startswith("in order:")
