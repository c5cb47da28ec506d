"""A layer: its source, cut-out, effects, blend mode and opacity."""

from __future__ import annotations

from ..core.param_types import Bool, Choice, Float
from ..core.params import Parametrized
from ..effect.effect import Effect
from ..glsl.assemble import read_by
from ..matte.matte import Matte

BLENDS = ("normal", "add", "screen", "multiply")
CUTS = ("none", "person", "not-person")
SOUND = "sound"  # stands among an effect's needs, but no tracker hears it


class Layer(Parametrized):
    """A source, an optional cut-out, a stack of effects, a blend mode and an opacity."""

    opacity = Float(1.0, 0.0, 1.0, "how much of the layer is seen")
    visible = Bool(True, "whether the layer is drawn at all")
    blend = Choice("normal", BLENDS, "how the layer meets what is beneath it")
    cut = Choice("none", CUTS, "what of the source is kept")

    def __init__(self, name: str, source: str = "camera") -> None:
        self.name = name
        self.source = source
        self.matte = Matte()
        self.effects: dict[str, Effect] = {}
        self.uses: dict[str, str] = {}  # under which name each effect was found

    @property
    def has_own_input(self) -> bool:
        """Whether its source is an input of its own, beside the show's."""
        return self.source not in ("camera", "none")

    @property
    def drawn(self) -> bool:
        """Whether the layer puts anything into the image."""
        return self.visible and self.opacity > 0.0

    def needs(self) -> frozenset[str]:
        """The trackers that this layer's cut-out and effects need."""
        found: set[str] = {"person"} if self.cut != "none" else set()
        for effect in self.effects.values():
            found.update(effect.wants())
            found |= read_by(type(effect))
        if "person" in found and self.matte.who != "all":
            found.add("pose")
        return frozenset(found - {SOUND})
