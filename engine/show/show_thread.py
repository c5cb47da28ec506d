"""A show in a thread of its own, for programs whose own thread goes on with something else."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..control.changes import Changes
    from ..control.desk import Desk
    from .frame_hooks import Drawn
    from .options import RunOptions

LOOK_S = 0.2  # how soon Ctrl-C is heard where a wait cannot be interrupted (Windows)


@contextmanager
def closed_at_exit() -> Iterator[ExitStack]:
    """A stack that is closed even where the program ends before whoever holds it: a thread that draws, or a model,
    must not be met by the end of the interpreter."""
    with ExitStack() as stack:
        atexit.register(stack.close)
        stack.callback(atexit.unregister, stack.close)
        yield stack


class ShowThread(threading.Thread):
    """Plays what `options` ask for. The thread has a GL context of its own: the caller's may hold one already.

    `look` is called in this thread after each image, and while one is waited for; `on_desk` once before the first.
    `ended` is called last, in this thread. What the show raises is kept for `raise_error`, in the thread of the caller.
    """

    def __init__(
        self,
        options: RunOptions,
        look: Callable[[Drawn], None],
        *,
        ended: Callable[[], None],
        changes: Changes | None = None,
        on_desk: Callable[[Desk], None] | None = None,
    ) -> None:
        super().__init__(name="render", daemon=True)
        self._options, self._changes, self._on_desk = options, changes, on_desk
        self._look, self._ended = look, ended
        self._left = threading.Event()
        self._done = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        """Plays to the end."""
        from .session import play

        def on_image(drawn: Drawn) -> bool:
            self._look(drawn)
            return not self._left.is_set()

        try:
            play(self._options, on_image=on_image, changes=self._changes, on_desk=self._on_desk)
        except BaseException as error:  # noqa: BLE001 (raised again in the caller's thread)
            self._error = error
        finally:
            self._ended()
            self._done.set()

    def leave(self) -> None:
        """Ends the show after the image that is being drawn."""
        self._left.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits for the end of the thread, `timeout_s` seconds at most; returns whether it has ended."""
        # Not by `join`: Python 3.11 takes a thread for ended when Ctrl-C interrupts a join (bpo-45274).
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._done.wait(LOOK_S if end is None else min(LOOK_S, max(0.0, end - time.monotonic()))):
            if end is not None and time.monotonic() >= end:
                return False
        self.join()
        return True

    @property
    def ended(self) -> bool:
        """Whether the show has ended, and everything of it is closed."""
        return self._done.is_set()

    def raise_error(self) -> None:
        """Raises what ended the show, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error
