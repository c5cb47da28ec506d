"""A way in: something outside that changes a running show, or hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..sinks.base import Sink


class Control(Protocol):
    """One way in, opened for one show. Its own threads talk to the show by the desk alone.

    A class of one's own is made with what the user typed after its option, and the desk: `OscControl("9000", desk)`.
    It raises ControlError where it cannot be opened. `close` ends every thread of it; it is called once the show ends,
    from the thread that opened it, and is harmless when called twice.

    A class may have a static method `trackers`, which takes what the user typed and gives the names of the trackers
    that shall run for it, whatever the scenes need.
    """

    def close(self) -> None:
        """Ends it, and releases what it holds."""


@runtime_checkable
class ShowsImages(Protocol):
    """A way in that shows what the show draws."""

    @property
    def sink(self) -> Sink:
        """What takes the images, beside the outputs of the show, which closes it."""
