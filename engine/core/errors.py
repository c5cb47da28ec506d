"""The errors a user can meet: each says what was wrong, where, what was expected and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PhospheneError(Exception):
    """A failure that is explained to the user without a traceback.

    `message` says what was wrong and what was expected; `where` is `file` or `file:line`; `hint` is the next step.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return explanation(self.message, self.where, self.hint)


def explanation(message: str, where: str = "", hint: str = "") -> str:
    """A failure as it is reported to people: where, what was wrong, and on a line of its own what to do next."""
    text = f"{where}: {message}" if where else message
    return f"{text}\n  next: {hint}" if hint else text


class UsageError(PhospheneError):
    """Wrong usage: an unknown name, a bad value, an impossible combination (exit code 2)."""


class NotAllowed(UsageError):  # noqa: N818 (reads as what happened)
    """A path that this user may not look at, read or write."""


class SceneError(UsageError):
    """A scene file that does not say what a scene file must say."""


class EffectRefused(PhospheneError):  # noqa: N818 (reads as what happened)
    """An effect that must not be drawn: it would not come to an end, or takes far too long."""


class EffectFailed(PhospheneError):  # noqa: N818 (reads as what happened)
    """An effect that failed, where a program asked for the image; `where` is its address in the scene."""


class ShaderError(PhospheneError):
    """A shader that does not compile, with the author's own file and line."""


class SourceError(PhospheneError):
    """An input that cannot be opened or read."""


class SourceRests(SourceError):  # noqa: N818 (reads as what happened)
    """An input that gives nothing for now, on purpose; it is asked again."""


class SourceSilent(SourceError):  # noqa: N818 (reads as what happened)
    """A live input that has given nothing for some seconds, nobody knows why; it is asked again."""


class SinkError(PhospheneError):
    """An output that cannot be opened or written."""


class ControlError(PhospheneError):
    """A way in, such as a port for OSC or a MIDI device, that cannot be opened."""


class ModelError(PhospheneError):
    """A model that is missing, corrupt or cannot be fetched."""


class TrackerError(PhospheneError):
    """A tracker that cannot be created or that failed on a frame."""


class GpuError(PhospheneError):
    """No usable OpenGL context."""


class GpuLost(GpuError):  # noqa: N818 (reads as what happened)
    """The OpenGL context is gone with all that was made in it: the card was reset or taken away."""

    def __init__(self, message: str = "the graphics context was lost", **more: str) -> None:
        super().__init__(message, hint=more.get("hint", "update the graphics driver; `phosphene doctor` names it"))


MOST_LISTED = 60  # names in a hint; a model may know a thousand


def unknown_name(kind: str, name: str, known: Iterable[str], *, where: str = "") -> UsageError:
    """The error for a name that does not exist: suggests the nearest ones, else lists what there is."""
    return UsageError(f"unknown {kind} '{name}'", where=where, hint=suggestion(name, known))


def unknown_scene(name: str, scenes: Iterable[str], effects: Iterable[str]) -> UsageError:
    """The error for a scene that does not exist; where an effect is called so it says how a scene shows that."""
    if name not in effects:
        return unknown_name("scene", name, scenes)
    hint = (
        f'a scene shows it: [[layer]], source = "camera", effects = [{{ use = "{name}" }}] in a .toml file; '
        "`phosphene run SCENE.toml --effects FOLDER` where the effect is not in your own effect folder"
    )
    return UsageError(f"'{name}' is an effect, not a scene", hint=hint)


def suggestion(name: str, known: Iterable[str]) -> str:
    """The next step after a name that does not exist: the nearest ones, else all that there are."""
    names = sorted(known)
    if near := near_names(name, names):
        return "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
    more = f" … ({len(names)} in all)" if len(names) > MOST_LISTED else ""
    return "known: " + (", ".join(names[:MOST_LISTED]) + more if names else "none")


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Up to three of `known` that look like `name`, the nearest first; capitals do not count."""
    folded = {known_name.casefold(): known_name for known_name in known}
    return [folded[n] for n in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
