from phosphene import Effect, Float, Observation, Pass, Uniform

EVERY_S = 0.09  # so often the light is measured: it changes slowly, and in between it is eased


class Relight(Effect):
    """Moves the person's light and colour toward the place behind, and lets the place's light wrap round the edge."""

    amount = Float(0.55, 0.0, 1.0, "how far brightness and colour move toward the place")
    wrap = Float(0.5, 0.0, 2.0, "how much of the place's light comes round the person's edge")
    speed = Float(2.0, 0.1, 30.0, "how fast the light follows a change", unit="1/s")
    since_s = Uniform("float")
    passes = (
        Pass("relight/ambience.frag", target="ambience", size=(16, 9), when=lambda e: e.measures),
        Pass("relight/gain.frag", target="gain", size=(1, 1), floats=True, persistent=True, when=lambda e: e.measures),
        Pass("relight/picture.frag"),
    )

    def prepare(self, size: tuple[int, int]) -> None:
        self.measures = True
        self._waited_s = EVERY_S

    def update(self, observation: Observation, dt: float) -> None:
        self._waited_s += dt
        self.measures = dt == 0.0 or self._waited_s >= EVERY_S - 1e-6
        if self.measures:
            self.since_s, self._waited_s = self._waited_s, 0.0
