"""The scenes that are measured, as they are or with the parameters that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...control.settings import setting
from ...core.errors import UsageError, unknown_name
from ...show.options import parse_setting, run_options
from ...show.session import open_scene

if TYPE_CHECKING:
    from ...scene.scene import Scene

SCENES = ("laser-eyes", "teleport")
# So that there is something to draw in every frame, whoever is on the clip.
ALWAYS = {"laser-eyes": (("laser-eyes.trigger", "always"),)}


def bench_scene(name: str, settings: list[str], trackers: list[str] | None = None) -> Scene:
    """The scene as it is measured: `settings` (`address=value`) are set where the scene has such a parameter, and
    `trackers` (`face.runner=litert`) wherever that tracker runs."""
    from ...trackers import params_of

    scene = open_scene(run_options(name, parameters=ALWAYS.get(name, ())))
    for text in settings:
        address, value = parse_setting(text)
        if any(known.endswith(address) for known in scene.addresses()):
            setting(scene, address, value).apply()
    for text in trackers or []:
        address, equals, value = text.partition("=")
        tracker, dot, param = address.partition(".")
        if not (equals and dot):
            raise UsageError(f"--tracker {text}", hint="write it --tracker NAME.PARAM=VALUE, such as face.max_faces=1")
        known = params_of(tracker)
        if param not in known:
            raise unknown_name(f"parameter of {tracker}", param, known)
        scene.trackers.setdefault(tracker, {})[param] = known[param].parse(value)
    return scene
