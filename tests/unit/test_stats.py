"""The numbers of a run."""

from __future__ import annotations

import json

import pytest
from phosphene.engine.show.stats import KEPT, Stats


def test_an_empty_run_is_all_zeros() -> None:
    table = Stats().table()
    assert {k: table[k] for k in ("frames_in", "frames_out", "fps", "dropped")} == dict.fromkeys(
        ("frames_in", "frames_out", "fps", "dropped"), 0
    )
    assert table["stages"] == {}


def test_one_frame_has_no_rate() -> None:
    stats = Stats()
    stats.frame_done()
    assert (stats.frames_out, stats.fps) == (1, 0.0)


def test_the_rate_counts_the_gaps_between_frames() -> None:
    stats = Stats()
    for _ in range(3):
        stats.frame_done()
    stats.started_s, stats.ended_s = 10.0, 10.5
    assert stats.fps == pytest.approx(4.0)


def test_frames_at_the_same_instant_divide_nothing_by_zero() -> None:
    stats = Stats()
    stats.frames_out, stats.started_s, stats.ended_s = 5, 1.0, 1.0
    assert stats.fps > 0


def test_stages_tell_median_and_tail_in_milliseconds() -> None:
    stats = Stats()
    for ms in range(1, 101):
        stats.add("draw", ms / 1e3)
    assert stats.table()["stages"]["draw"] == {"median_ms": 50.5, "p95_ms": 95.05}


def test_a_timed_block_counts_even_where_it_fails() -> None:
    stats = Stats()
    with pytest.raises(KeyError), stats.timed("draw"):
        raise KeyError
    assert stats.table()["stages"]["draw"]["median_ms"] >= 0


def test_long_runs_keep_the_newest_measurements_only() -> None:
    stats = Stats()
    for _ in range(KEPT):
        stats.add("draw", 1.0)
    for _ in range(KEPT):
        stats.add("draw", 0.001)
    assert stats.table()["stages"]["draw"]["p95_ms"] == 1.0


def test_the_table_is_json() -> None:
    stats = Stats()
    stats.add("a", 0.1)
    stats.frame_done()
    assert json.loads(json.dumps(stats.table()))["frames_out"] == 1
