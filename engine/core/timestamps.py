"""Time stamps of files as players take them: parts that begin anew go on, what lacks is filled in, times rise.

`FileClock` is for packets as they lie in a file, `FrameTimes` for decoded images, `RisingStamps` for packets on
their way into a file. A restart is reported from a pause as ffmpeg does it (fftools/ffmpeg_demux.c,
`ts_discontinuity_detect`), an image's own time as FFmpeg's decoders guess it (libavcodec/decode.c,
`guess_correct_pts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

# ffmpeg's own limits, in seconds
BACK_S = Fraction(1, 10)  # what steps back further begins anew; less is a muxer's inaccuracy
JUMP_S = Fraction(10)  # -dts_delta_threshold, for containers whose time stamps may begin anew (AVFMT_TS_DISCONT)
ABSURD_S = Fraction(30 * 3600)  # -dts_error_threshold, for all others: there a long pause may be meant
ROUNDED_S = 0.0015  # containers of a millisecond's tick round each duration
NUDGE_S = 0.001  # how far apart images are put that claim the same moment
STUCK = 3  # so many of them in a row are no coincidence: then each is shown for its own duration


@dataclass(slots=True)
class _Track:
    shift: Fraction  # what is added to its stamps at the moment
    decoded: Fraction  # decoding time of the newest packet, mended
    following: Fraction  # where the next one is expected
    shown: Fraction | None  # when the last of its images or sounds ends, mended


class FileClock:
    """What to add to the time stamps of each packet of a file, in the order in which the packets lie there.

    A track that steps back, or jumps ahead where the container allows it (`restarts`), goes on at the end of its last
    image or sound, and all other tracks are moved by as much, so that image and sound stay together. `mended` says
    whether that has happened. All times are seconds.
    """

    def __init__(self, *, restarts: bool) -> None:
        self.mended = False
        self._jump = JUMP_S if restarts else ABSURD_S
        self._restarts = restarts
        self._shift = Fraction(0)
        self._tracks: dict[int, _Track] = {}
        self._newest: Fraction | None = None  # decoding time of the packet before, of whatever track

    def shift(
        self, track: int, dts: Fraction | None, pts: Fraction | None, duration: Fraction, *, is_video: bool = False
    ) -> Fraction:
        """What to add to both stamps of the next packet, which lasts `duration`; one without `dts` proves nothing.

        A track of video of a container that may restart begins anew where it steps back by half as much already:
        ffmpeg compares with the time shown, which reordering puts later than the time of decoding.
        """
        known = self._tracks.get(track)
        if dts is None:
            if known is None:
                return self._shift
            known.following += duration
            self._note(known, pts, duration)
            return known.shift
        if known is None:
            lost = self._restarts and self._newest is not None and abs(dts + self._shift - self._newest) > JUMP_S
            if lost and self._newest is not None:
                self._begin_anew(self._newest - dts)
            known = self._tracks[track] = _Track(self._shift, dts, dts, None)
        follows = known.shift != self._shift and self._nearer(known, dts)
        if follows:
            known.shift = self._shift
        back = BACK_S / 2 if is_video and self._restarts and not follows else BACK_S
        moment = dts + known.shift
        if moment + back < known.decoded or abs(moment - known.following) > self._jump:
            goes_on = known.following - dts
            if pts is not None and known.shown is not None:
                goes_on = max(goes_on, known.shown - pts)  # images that are still to be shown are not cut short
            # Of a track that was longer in the part before, the others that have begun the next one wait for the end.
            together = [t for t in self._tracks.values() if follows and t.shift == known.shift]
            for track_of_all in (*together, known):
                track_of_all.shift = goes_on
            self._begin_anew(goes_on)
        known.decoded = self._newest = dts + known.shift
        known.following = known.decoded + duration
        self._note(known, pts, duration)
        return known.shift

    def expected(self, track: int) -> Fraction | None:
        """When the next packet of `track` is due, mended; None before its first."""
        known = self._tracks.get(track)
        return None if known is None else known.following

    def _begin_anew(self, shift: Fraction) -> None:
        self._shift, self.mended = shift, True

    def _nearer(self, known: _Track, dts: Fraction) -> bool:
        """Whether the shift that another track has taken fits this one better than its own: at a join each track's last
        packets may lie behind the first ones of another."""
        return abs(dts + self._shift - known.following) < abs(dts + known.shift - known.following)

    @staticmethod
    def _note(known: _Track, pts: Fraction | None, duration: Fraction) -> None:
        if pts is not None:
            end = pts + known.shift + duration
            known.shown = end if known.shown is None else max(known.shown, end)


class FrameTimes:
    """When each decoded image is shown, in seconds that rise, and how long the newest of them.

    `rate`: images a second, for those that say nothing; `tick_s`: how finely their container tells time. A duration
    that differs from the rate's by no more than that rounding is the rate's.
    """

    def __init__(self, rate: float, tick_s: float) -> None:
        self._step_s, self._tick_s = 1.0 / rate, tick_s
        self._slack_s = max(min(1.01 * tick_s, ROUNDED_S), 1e-6)
        self._last: float | None = None
        self._lasts_s = self._step_s
        self._stuck = 0
        self._faulty = {"pts": 0, "dts": 0}  # how often each did not rise
        self._before: dict[str, float] = {}

    def at(self, pts: float | None, dts: float | None, duration_s: float | None) -> float:
        """The moment of the next image in the order of showing, by its stamps, either of which may be missing."""
        stamp = self._guess(pts, dts)
        last = self._last
        if stamp is None:
            moment = 0.0 if last is None else last + self._lasts_s
        elif last is None or stamp > last:
            moment, self._stuck = stamp, 0
        else:
            self._stuck += 1
            moment = last + (self._step_s if self._stuck > STUCK else min(self._step_s, NUDGE_S))
        self._lasts_s = self._duration(duration_s, None if last is None else moment - last)
        self._last = moment
        return moment

    @property
    def end_s(self) -> float | None:
        """When the newest image ends; None before the first."""
        return None if self._last is None else self._last + self._lasts_s

    def _guess(self, pts: float | None, dts: float | None) -> float | None:
        """The presentation time, or the decoding time where presentation times are missing or step back more often."""
        for name, stamp, other in (("dts", dts, pts), ("pts", pts, dts)):
            if stamp is not None:
                self._faulty[name] += stamp <= self._before.get(name, stamp - 1.0)
            if (newest := other if stamp is None else stamp) is not None:
                self._before[name] = newest
        if dts is None or pts is None:
            return dts if pts is None else pts
        return pts if self._faulty["pts"] <= self._faulty["dts"] else dts

    def _duration(self, stated_s: float | None, since_last_s: float | None) -> float:
        """FFmpeg makes up a duration of one tick where it knows none; then the distance of the last two counts."""
        if stated_s is not None and 0 < stated_s <= 1.01 * self._tick_s and (since_last_s or 0.0) > 2.01 * stated_s:
            stated_s = None
        if stated_s is None or stated_s < NUDGE_S / 100:
            return since_last_s if since_last_s and since_last_s > NUDGE_S else self._step_s
        return self._step_s if abs(stated_s - self._step_s) <= self._slack_s else stated_s


class RisingStamps:
    """Each track's stamps as every container takes them: decoding times that rise, none after its showing."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def mend(self, track: int, dts: int | None, pts: int | None, least: int = 1) -> tuple[int, int]:
        """(dts, pts) for the next packet of `track`, in ticks: the same where they are right.

        `least` is how many ticks must lie between two, so that they are still apart in a container's coarser ones.
        """
        last = self._last.get(track)
        due = dts if dts is not None else pts if pts is not None else 0 if last is None else last + least
        if last is not None and due < last + least:
            due = last + least
        self._last[track] = due
        return due, max(due, pts if pts is not None else due)
