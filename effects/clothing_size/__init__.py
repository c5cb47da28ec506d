"""Clothing size: measures a person who stands before the camera, and says how far that can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from effects.clothing_size import bodies, evaluate, evaluate_tables, girth, guide, measure, overlay, profile, sizes
from effects.clothing_size.fuse import Fusion
from effects.clothing_size.lines import SteadyLines
from phosphene import Bool, Choice, Effect, Float, Observation, Pose

LOST_S = 1.0  # the person is gone after this long without a body
REFRESH_S = 0.5  # the numbers change at most this often while measuring, so that they can be read
LEAST_FRAMES = 3


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
    hold_s = Float(
        2.0, 0.0, 20.0, "how long you stand well until the card appears; 0: at once (single photos)", unit="s"
    )
    visible = Bool(True, "draw the advice, lines and card")
    needs = ("pose", "person")
    population = bodies.PEOPLE

    def prepare(self, size: tuple[int, int]) -> None:
        """Starts over for a picture of another size; what was measured so far stays, as it is in ratios."""
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
        self.texts: Mapping[str, str] = {}
        self.told: tuple[object, ...] = ()

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
        advice, reading, seen_from = self._look(observation, people)
        self.advice = advice
        if advice == "" and (self.hold_s == 0.0 or not self.fusion.held(seen_from, self.hold_s, LEAST_FRAMES)):
            self.fusion.add(reading, dt, seen_from)
            self.stale_s += dt
        self.done = self.fusion.held("front", self.hold_s, LEAST_FRAMES)
        self._estimate()
        shown = reading.lines if people and advice in ("", guide.STILL) else {}
        lines = self.lines.follow(shown, people[0] if people else None, dt)
        view = self._view(self.steady.settle(advice, dt), lines, people)
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
        moved = self.stillness.moved(observation.frame.time_s, measure.pixels(pose, size))
        mask = pose.mask if pose.mask is not None else observation.mask.confidence if observation.mask else None
        side = guide.sideways(pose)
        advice = guide.frame_advice(pose, size, side) or guide.pose_advice(pose, size, side)
        if side and not advice and not self.done and self.hold_s > 0.0:
            advice = guide.FRONT
        if advice:
            return advice, nothing, ""
        reading = profile.read_profile(pose, mask, size) if side else measure.read(pose, mask, size)
        return guide.outline_advice(reading) or (guide.STILL if moved else ""), reading, "side" if side else "front"

    def _estimate(self, now: bool = False) -> None:
        """Renews the numbers: `now`, where the user told something new, or now and then while measuring."""
        told = (self.height_cm, self.weight_kg, self.sex, self.clothing, self.done)
        if "front" in self.fusion.counts and (now or told != self.told or self.stale_s >= REFRESH_S):
            of = bodies.population(self.population)
            bare = self.population == bodies.RENDERED
            body = girth.Body(self.height_cm, self.weight_kg, self.sex, girth.BARE if bare else self.clothing)
            self.found = girth.estimate(self.fusion.result(of.frame_sd), body, of)
            self.texts = {name: interval_text(known) for name, known in self.found.items()}
            self.told, self.stale_s = told, 0.0

    def _view(self, advice: str, lines: Mapping[str, measure.Segment], people: list[Pose]) -> overlay.View:
        """What is to be seen now."""
        progress = 1.0 if self.done else self.fusion.seconds.get("front", 0.0) / max(self.hold_s, 1e-6)
        chips = {name: self.texts[name] for name in lines if name in self.texts}
        box = people[0].points[:, :2] if people else None
        body = (0.4, 0.1, 0.6, 0.9) if box is None else (*box.min(axis=0).tolist(), *box.max(axis=0).tolist())
        if self.done and self.found:
            return overlay.View(
                lines=lines,
                chips=chips,
                body=body,
                title="Your size · an estimate",
                rows=self._rows(),
                notes=self._notes(),
            )
        framing = advice in (guide.ENTER, guide.STEP_BACK, guide.CLOSER, guide.MIDDLE)
        return overlay.View(
            advice or "Hold still: measuring", advice != "", progress, framing, lines, chips if lines else {}, body
        )

    def of(self, population: str) -> None:
        """Measures bodies of another population than people: `rendered` ones, whose like it was shown."""
        self.population = population

    def report(self) -> Mapping[str, Any]:
        """Everything measured so far, each with its 90 % interval, the likely sizes, and what they rest on."""
        if not hasattr(self, "fusion"):
            return {"measured": False, "advice": guide.ENTER}
        self._estimate(now=True)
        if not self.found:
            return {"measured": False, "advice": self.advice}
        cells = {name: centimetres(known) for name, known in self.found.items()}
        return {
            "measured": True,
            "frames": self.fusion.frames,
            **cells,
            "sizes": {
                garment: [{"size": letter, "probability": round(p, 3)} for letter, p in scale.likely(known)]
                for garment, scale in sizes.load()[sizes.chart_for(self.chart, self.sex)].items()
                if (known := self.found.get(scale.measure))
            },
            "notes": self._notes(),
        }

    @classmethod
    def evaluate(cls, data: Path, look: evaluate.Look, tell: Callable[[str], None]) -> dict[str, Any]:
        """Errors against known truth in `data` (laid out as docs/clothing-size.md says); `look` gives a picture's
        observations, `tell` takes words of progress. Raises ValueError where a part of the truth is missing."""
        folder = data / "synthetic"
        return {
            "synthetic": evaluate.judge(cls, folder, look, tell),
            "synthetic_as_people": evaluate.judge(cls, folder, look, tell, bodies.PEOPLE),
            "ansur": evaluate_tables.judge_tables(data / "tables"),
        }

    def _rows(self) -> list[tuple[str, list[str]]]:
        """The garments with their likely sizes."""
        scales = sizes.load()[sizes.chart_for(self.chart, self.sex)]
        rows = []
        for garment, scale in scales.items():
            likely = scale.likely(self.found[scale.measure])
            rows.append((garment.capitalize(), [f"{letter} {percent(p)} %" for letter, p in likely]))
        return rows

    def _notes(self) -> list[str]:
        """What the numbers rest on."""
        chart = sizes.chart_for(self.chart, self.sex)
        scale = "scale from the height you gave" if self.height_cm > 0 else "no height given: scale is assumed"
        whose = {"men": "men's", "women": "women's"}.get(chart, chart)
        clothes = (
            "skin-tight clothes taken as none" if self.clothing == "tight" else f"{self.clothing} clothes allowed for"
        )
        return [f"90 % intervals, {whose} sizes", scale, clothes]


def interval_text(known: girth.Estimate) -> str:
    """The interval in whole centimetres, rounded outward."""
    low, high = known.interval
    return f"{math.floor(low)}–{math.ceil(high)} cm"


def centimetres(known: girth.Estimate) -> dict[str, float]:
    """A measurement as plain numbers."""
    low, high = known.interval
    return {"cm": round(known.middle, 1), "low_cm": round(low, 1), "high_cm": round(high, 1)}


def percent(p: float) -> int:
    """A probability for people: never certain, never impossible."""
    return min(max(round(100 * p), 1), 99)
