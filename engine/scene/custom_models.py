"""Models in a scene: named on the command line, and looked at before the show begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core.errors import unknown_name
from ..core.paths import named as named_path
from ..trackers.custom.find import at, spec_for
from ..trackers.custom.labels import slugs
from ..trackers.custom.signals import PREFIX, VOICE
from .scene import Scene
from .signals import tracker_of


def name_models(scene: Scene, named: Sequence[tuple[str, str]]) -> None:
    """Puts the models that were named as NAME=PATH into `scene`. Raises UsageError, ModelError."""
    for name, path in named:
        scene.trackers[PREFIX + name] = {"spec": at(name, named_path(path))}


def settle(scene: Scene, trackers: Iterable[str]) -> dict[str, str]:
    """Opens every model among `trackers` once: what is wrong with one, or with a class that a parameter follows, is
    told before the show begins, and what must be converted or fetched is. Returns which tracker feeds which model.

    Raises UsageError, ModelError.
    """
    feeds = {}
    for tracker in sorted(trackers):
        if not tracker.startswith(PREFIX):
            continue
        from ..trackers.custom.feature_classifier import RowNode
        from ..trackers.custom.open import open_node

        name = tracker.removeprefix(PREFIX)
        with open_node(spec_for(name, scene.trackers.get(tracker, {}))) as node:
            labels = slugs(node.labels)
            if isinstance(node, RowNode) and node.upstream:
                feeds[tracker] = node.upstream
        for address, binding in scene.bindings.items():
            source = f"class.{binding.source}" if binding.source.startswith(f"{VOICE}.") else binding.source
            group, _, label = source.removeprefix(f"class.{name}").partition(".")
            if tracker_of(binding.source) == tracker and not group and label not in labels:
                raise unknown_name(f"class of model {name}", label, labels, where=address)
    return feeds
