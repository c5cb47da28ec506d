"""Which scene is on: by hand, by the clock, and when a change may begin."""

from __future__ import annotations

import pytest
from helpers import layer, scene, shader, stack
from phosphene.engine.scene.playlist import AHEAD_S, PATIENCE_S, Playlist
from phosphene.engine.scene.scene import Scene


def plain(count: int = 3) -> list[Scene]:
    return [scene(shader("vec4(1.0)")) for _ in range(count)]


def needing(*trackers: str) -> Scene:
    return scene(shader("vec4(1.0)", needs=trackers))


def seen(playlist: Playlist, times: list[float], known: tuple[str, ...] = ()) -> list[tuple[tuple[int, ...], float]]:
    found = []
    for time_s in times:
        playlist.move(time_s, known)
        found.append((playlist.shown, round(playlist.progress, 6)))
    return found


def test_one_scene_stays() -> None:
    playlist = Playlist(plain(1), every_s=1.0)
    playlist.step_by(1)
    assert seen(playlist, [0.0, 5.0]) == [((0,), 0.0)] * 2


def test_a_change_runs_from_the_first_to_the_second() -> None:
    playlist = Playlist(plain(), transition_s=1.0)
    playlist.move(2.0, ())
    playlist.go(2)
    times = [2.1, 2.35, 2.6, 3.05, 3.1, 3.2]
    shown = [((0, 2), p) for p in (0.0, 0.25, 0.5, 0.95)] + [((2,), 0.0)] * 2
    assert seen(playlist, times) == shown


def test_without_time_it_cuts() -> None:
    playlist = Playlist(plain(), transition_s=0.0)
    playlist.go(1)
    assert seen(playlist, [0.0]) == [((1,), 0.0)]


@pytest.mark.parametrize("number", [-1, 3, 99])
def test_a_scene_that_is_not_there_is_not_gone_to(number: int) -> None:
    playlist = Playlist(plain())
    playlist.go(number)
    assert seen(playlist, [0.0, 1.0]) == [((0,), 0.0)] * 2


def test_next_and_before_go_round() -> None:
    playlist = Playlist(plain(), transition_s=0.0)
    for count, wanted in ((1, 1), (1, 2), (1, 0), (-1, 2)):
        playlist.step_by(count)
        playlist.move(0.0, ())
        assert playlist.at == wanted


def test_pressing_twice_goes_two_on() -> None:
    playlist = Playlist(plain(), transition_s=0.0)
    playlist.step_by(1)
    playlist.step_by(1)
    playlist.move(0.0, ())
    assert playlist.at == 2


def test_what_is_asked_during_a_change_comes_after_it() -> None:
    playlist = Playlist(plain(), transition_s=1.0)
    playlist.go(1)
    playlist.move(0.0, ())
    playlist.go(2)
    assert seen(playlist, [0.5, 1.0, 1.1, 1.6, 2.2]) == [
        ((0, 1), 0.5), ((1,), 0.0), ((1, 2), 0.0), ((1, 2), 0.5), ((2,), 0.0),
    ]  # fmt: skip


def test_going_to_the_scene_that_is_on_changes_nothing() -> None:
    playlist = Playlist(plain())
    playlist.go(0)
    assert seen(playlist, [0.0, 1.0]) == [((0,), 0.0)] * 2


def test_the_clock_changes_scenes_and_comes_round() -> None:
    playlist = Playlist(plain(2), every_s=2.0, transition_s=0.5)
    frames = seen(playlist, [k / 10 for k in range(60)])
    assert frames[19] == ((0,), 0.0)
    assert frames[20] == ((0, 1), 0.0), "exactly at 2 s"
    assert frames[23] == ((0, 1), 0.6)
    assert frames[25] == ((1,), 0.0)
    assert frames[42] == ((1, 0), 0.4)
    assert frames[50] == ((0,), 0.0)


def test_a_change_waits_for_the_trackers_of_the_next_scene() -> None:
    playlist = Playlist([needing(), needing("person")])
    playlist.go(1)
    assert seen(playlist, [0.0, 0.1]) == [((0,), 0.0)] * 2
    assert playlist.needs(0.1) == {"person"}, "it is asked already"
    assert seen(playlist, [0.2], ("person",)) == [((0, 1), 0.0)]


def test_but_not_for_ever() -> None:
    playlist = Playlist([needing(), needing("person")])
    playlist.go(1)
    frames = seen(playlist, [0.0, PATIENCE_S - 0.01, PATIENCE_S])
    assert [shown for shown, _ in frames] == [(0,), (0,), (0, 1)]


def test_the_trackers_of_a_timed_change_look_on_before_it() -> None:
    playlist = Playlist([needing("face"), needing("person")], every_s=10.0, transition_s=1.0)
    wanted = {0.0: {"face"}, 10.0 - AHEAD_S + 0.1: {"face", "person"}, 10.5: {"face", "person"}, 15.0: {"person"}}
    for time_s, names in wanted.items():
        assert playlist.needs(time_s) == names
    assert playlist.needs() == {"face", "person"}


def test_what_the_clock_needs_depends_on_the_time_alone() -> None:
    """Frames are sent to trackers before others are drawn, by threads: the same frame must always be for the same."""
    fresh, used = (Playlist([needing("face"), needing("person"), needing("pose")], every_s=3.0) for _ in range(2))
    for k in range(200):
        used.move(k / 10, ("face", "person", "pose"))
    assert all(fresh.needs(k / 10) == used.needs(k / 10) for k in range(200))


def test_trackers_heed_the_first_scene_that_says_something() -> None:
    first, second = plain(2)
    first.trackers["face"] = {"max_faces": 3}
    second.trackers["face"] = {"max_faces": 1, "smooth": 0.5}
    assert Playlist([first, second]).tracker_params("face") == {"max_faces": 3, "smooth": 0.5}


def test_all_that_is_shown_is_listened_for() -> None:
    loud = needing("sound")
    playlist = Playlist([needing(), loud], transition_s=1.0)
    assert not playlist.uses_audio()
    playlist.go(1)
    playlist.move(0.0, ())
    assert playlist.uses_audio()


def test_the_whole_is_all_layers() -> None:
    one, two = stack(layer(name="a"), layer(name="b")), stack(layer(name="c"))
    assert [found.name for found in Playlist([one, two]).whole().layers] == ["a", "b", "c"]
    assert Playlist([one]).whole() is one
