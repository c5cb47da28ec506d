"""Clothing size: measures a person who stands before the camera, and says how far that can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from phosphene import Bool, Choice, Effect, File, Float, Observation, Pose

from . import (
    evaluate,
    evaluate_height,
    evaluate_spread,
    evaluate_tables,
    girth,
    guide,
    measure,
    overlay,
    profile,
    report,
    scale,
    sizes,
    straight,
)
from .fuse import Fusion
from .lines import SteadyLines

LOST_S = 1.0  # the person is gone after this long without a body
REFRESH_S = 0.5  # the numbers change at most this often while measuring, so that they can be read
LEAST_FRAMES = 3
CROWN = 0.1  # of a body, over its highest landmark
# A height from the shoulders alone leans on the tables, and their soldiers vary less than people do: the means of
# countries alone go from 149 to 170 cm for women, 160 to 183 cm for men (NCD-RisC 2016, doi 10.7554/eLife.13410).
PART_WIDER = 1.8


class ClothingSize(Effect):
    """Measures shoulders, chest, waist, hips and inseam on the body, each as an interval, and names likely sizes."""

    height_cm = Float(
        0.0, 0.0, 250.0, "your height without shoes; 0: not given, every interval is then far wider", unit="cm"
    )
    weight_kg = Float(0.0, 0.0, 300.0, "your weight; 0: not given", unit="kg")
    sex = Choice("unspecified", ("unspecified", "female", "male"), "narrows the intervals and picks the chart")
    clothing = Choice(
        "everyday", tuple(girth.CLOTHING), "what you wear: allowed for, and loose clothes widen the intervals"
    )
    chart = Choice("auto", ("auto", *sizes.CHARTS), "size chart; auto: by sex, unisex where unspecified")
    chart_file = File(
        "", "a shop's own size chart: a TOML file with the keys of the built-in one", reads=sizes.own_charts
    )
    distance_m = Float(0.0, 0.0, 20.0, "how far you stand from the camera; 0: not given", unit="m")
    fov_deg = Float(0.0, 0.0, 150.0, "the camera's horizontal field of view; 0: a usual one is assumed", unit="degrees")
    reference = Choice("none", scale.REFERENCES, "what you hold up flat before the chest to tell the scale")
    marker_cm = Float(15.0, 1.0, 100.0, "side of the printed marker (ArUco 4x4, black square)", unit="cm")
    hold_s = Float(
        2.0, 0.0, 20.0, "how long you stand well until the card appears; 0: at once (single photos)", unit="s"
    )
    visible = Bool(True, "draw the advice, lines and card")
    needs = ("pose", "person")

    def wants(self) -> Sequence[str]:
        """The reference tracker only where something is held up."""
        return self.needs if self.reference == "none" else (*self.needs, "reference")

    def prepare(self, size: tuple[int, int]) -> None:
        """Starts over for a picture of another size; what was measured so far stays, as it is in ratios.

        Raises ValueError for a size chart that says nothing sensible, before anybody is measured.
        """
        sizes.garments(sizes.chart_for(self.chart, self.sex), self.chart_file)
        self.size = size
        if not hasattr(self, "fusion"):
            self._reset()

    def _reset(self) -> None:
        self.fusion = Fusion()
        self.stillness = guide.Stillness()
        self.steady = guide.Steady()
        self.lines = SteadyLines()
        self.lost_s = self.stale_s = 0.0
        self.done = False
        self.advice = guide.ENTER
        self.found: Mapping[str, girth.Estimate] = {}
        self.doubt = 1.0
        self.texts: Mapping[str, str] = {}
        self.given: tuple[object, ...] = ()

    def update(self, observation: Observation, dt: float) -> None:
        """Looks at one frame, gathers it where the person stands well, and lays out what is to be seen."""
        if not hasattr(self, "fusion"):
            self._reset()
        size = self.size if self.size[0] > 0 else observation.frame.size
        people = guide.people(observation.poses)
        self.lost_s = 0.0 if people else self.lost_s + dt
        if self.lost_s > LOST_S:
            self._reset()
            self.lost_s = 2 * LOST_S
        self.advice, reading, seen_from = self._look(observation, people)
        if self.advice == "" and (self.hold_s == 0.0 or not self.fusion.held(seen_from, self.hold_s, LEAST_FRAMES)):
            self.fusion.add(reading, dt, seen_from)
            self._calibrate(observation, people[0], reading)
            self.stale_s += dt
        self.done = self.fusion.held("front", self.hold_s, LEAST_FRAMES)
        self._estimate()
        shown = reading.lines if people and self.advice in ("", guide.STILL) else {}
        lines = self.lines.follow(shown, people[0] if people else None, dt)
        view = self._view(self.steady.settle(self.advice, dt), lines, people)
        self.shapes = overlay.draw(view, size) if self.visible else ()

    def _look(self, observation: Observation, people: list[Pose]) -> tuple[str, measure.Reading, str]:
        """This frame's advice (empty where it may be measured), its reading, and from which side."""
        nothing = measure.Reading()
        size = observation.frame.size
        if not people:
            return guide.ENTER, nothing, ""
        if len(people) > 1:
            return guide.ONE_PERSON, nothing, ""
        pose = people[0]
        moved = self.stillness.moved(observation.frame.time_s, straight.pixels(pose, size))
        mask = pose.mask if pose.mask is not None else observation.mask.confidence if observation.mask else None
        side = guide.sideways(pose)
        advice = guide.frame_advice(pose, size, side) or guide.pose_advice(pose, size, side)
        if side and not advice and not self.done and self.hold_s > 0.0:
            advice = guide.FRONT
        if advice:
            if advice == guide.STEP_BACK and not side:
                self._calibrate_part(observation, pose)
            return advice, nothing, ""
        read = profile.read_profile if side else measure.read
        reading = read(pose, mask, size, observation.frame.pixels)
        return guide.outline_advice(reading) or (guide.STILL if moved else ""), reading, "side" if side else "front"

    def _calibrate(self, observation: Observation, pose: Pose, reading: measure.Reading) -> None:
        """Gathers what tells the scale in a frame that shows the whole body."""
        seen_by = scale.camera(observation.frame.size, self.fov_deg, pose, 100 * self.distance_m)
        if reading.height is None:
            return
        if self.distance_m > 0.0:
            self.fusion.add_length("distance", scale.height_at(reading.height, 100 * self.distance_m, seen_by))
        things = observation.references if self.reference != "none" else ()
        if by := scale.height_by(things, self.reference, self.marker_cm, reading.height, pose, seen_by):
            self.fusion.add_length("reference", by)

    def _calibrate_part(self, observation: Observation, pose: Pose) -> None:
        """The shoulders alone, of somebody who is not all in view but whose distance is known."""
        if self.distance_m > 0.0 and guide.shoulders_shown(pose):
            seen_by = scale.camera(observation.frame.size, self.fov_deg, pose, 100 * self.distance_m)
            self.fusion.add_length("part", scale.shoulders_at(pose, 100 * self.distance_m, seen_by))

    def _estimate(self, now: bool = False) -> None:
        """Renews the numbers: `now`, where the user gave something new, or now and then while measuring."""
        given = (self.height_cm, self.weight_kg, self.sex, self.clothing, self.done)
        if "front" in self.fusion.counts and (now or given != self.given or self.stale_s >= REFRESH_S):
            lengths = tuple(length for source, length in self.fusion.known().items() if source != "part")
            result = girth.estimate(self.fusion.result(), self.given_body(lengths))
            self.found, self.doubt = result.measures, result.doubt
            self.texts = report.texts(self.found, overlay.NAMES)
            self.given, self.stale_s = given, 0.0

    def progress(self, view: str) -> float:
        """How much of the time to hold a view has been held, 0 to 1."""
        return min(self.fusion.seconds.get(view, 0.0) / max(self.hold_s, 1e-6), 1.0)

    def given_body(self, lengths: tuple[scale.Length, ...] = ()) -> girth.Body:
        """What was given of the body."""
        return girth.Body(self.height_cm, self.weight_kg, self.sex, self.clothing, lengths)

    def _basis(self) -> report.Basis:
        """What the numbers rest on."""
        chart = sizes.chart_for(self.chart, self.sex)
        return report.Basis(
            scales=(*(("height",) if self.height_cm > 0.0 else ()), *(s for s in self.fusion.known() if s != "part")),
            chart=chart,
            garments=sizes.garments(chart, self.chart_file),
            clothing=self.clothing,
            sides=tuple(self.fusion.counts),
            hints=tuple(self.fusion.often()),
            doubt=self.doubt,
        )

    def _view(self, advice: str, lines: Mapping[str, measure.Segment], people: list[Pose]) -> overlay.View:
        """What is to be seen now."""
        chips = {name: self.texts[name] for name in lines if name in self.texts}
        box = people[0].points[:, :2] if people else None
        body = (0.4, 0.1, 0.6, 0.9)
        if box is not None:
            (left, top), (right, bottom) = box.min(axis=0).tolist(), box.max(axis=0).tolist()
            body = (left, top - CROWN * (bottom - top), right, bottom)
        if self.done and self.found:
            basis = self._basis()
            asks = self.hold_s > 0.0 and not self.fusion.held("side", self.hold_s, LEAST_FRAMES)
            return overlay.View(
                message=guide.SIDE if asks else "",
                progress=self.progress("side"),
                lines=lines,
                chips=chips,
                body=body,
                title="Your size · an estimate",
                rows=report.rows(basis, self.found),
                notes=report.notes(basis),
            )
        framing = advice in (guide.ENTER, guide.STEP_BACK, guide.CLOSER, guide.MIDDLE)
        return overlay.View(
            advice or "Hold still: measuring",
            advice != "",
            self.progress("front"),
            framing,
            lines,
            chips if lines else {},
            body,
        )

    def report(self) -> Mapping[str, Any]:
        """Everything measured so far, each with its 90 % interval, the likely sizes, and what they rest on.

        Of somebody who is not all in view: the advice, and the height alone where the distance tells it.
        """
        if not hasattr(self, "fusion"):
            return {"measured": False, "advice": guide.ENTER}
        self._estimate(now=True)
        if self.found:
            return report.as_data(self._basis(), self.found, self.fusion.frames)
        part = self.fusion.known().get("part")
        if part is None:
            return {"measured": False, "advice": self.advice}
        known = girth.estimate({}, self.given_body((part,))).measures["height"]
        return {"measured": False, "advice": self.advice, "height": report.centimetres(known.wider(PART_WIDER))}

    @classmethod
    def evaluate(cls, data: Path, look: evaluate.Look, report: Callable[[str], None]) -> dict[str, Any]:
        """Errors against known truth in `data` (laid out as docs/clothing-size.md says); `look` gives a picture's
        observations, `tell` takes words of progress. Raises ValueError where a part of the truth is missing."""
        folder, half = data / "synthetic", data / "webcam_height"
        return {
            **evaluate.judge(cls, folder, look, report),
            "repeatability": evaluate_spread.judge_spread(cls, folder, look, report),
            "ansur": evaluate_tables.judge_tables(data / "tables"),
            **({"webcam_height": evaluate_height.judge_height(cls, half, look, report)} if half.is_dir() else {}),
        }
