"""What a page or a program may ask of a show, checked before it comes near the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.param_types import File
from ..core.paths import named
from . import panel_words as words
from .desk import Desk, Parameter, Snapshot
from .panel_news import PATIENCE_S, News

ORIGIN = "panel"
NOTHING_DRAWN = "the show draws nothing at the moment: try again in a few seconds"
KEYS = ("value", "bind")


class Requests:
    """Asks the desk in behalf of those who are connected. Belongs to the server's event loop."""

    def __init__(self, desk: Desk, news: News) -> None:
        self.desk, self.news = desk, news

    def begin(self, asked: Mapping[str, Any]) -> asyncio.Future[Any]:
        """What a message of a page asks for: a parameter `a` set to `v` or bound to `bind`, or a `scene`.

        Raises UsageError for what is no such thing; the future raises it for what the show refuses.
        """
        if isinstance(scene := asked.get("scene"), str):
            return asyncio.wrap_future(self.desk.go(scene))
        address = asked.get("a")
        if not isinstance(address, str):
            raise UsageError('expected an address: {"a": "camera/duotone.amount", "v": 0.5, "n": 1}')
        if "bind" in asked:
            return self.set(address, {"bind": asked["bind"]})
        return self.set(address, {"value": asked["v"]} if "v" in asked else {})

    def set(self, address: str, wanted: Mapping[str, Any]) -> asyncio.Future[str]:
        """Sets a parameter to `value`, or lets it follow the signal of the table `bind`; null leaves it as it is now.

        Raises UsageError.
        """
        if len(wanted) != 1 or next(iter(wanted)) not in KEYS:
            raise UsageError('expected {"value": …} or {"bind": {"from": "face.smile"}}')
        known = self.desk.snapshot.parameters.get(address)
        if "value" in wanted:
            value = wanted["value"]
            if isinstance(value, Mapping):
                raise UsageError('a value is no table: a signal is bound by {"bind": {…}}')
            self._check_file(known, value)
        elif wanted["bind"] is None:
            if known is None:
                raise UsageError(f"{address} is not a parameter of the scene that is on")
            value = known.value
        elif isinstance(wanted["bind"], Mapping):
            value = wanted["bind"]
        else:
            raise UsageError('expected the table of a binding: {"bind": {"from": "face.smile", "to": [0, 1]}}')
        return asyncio.wrap_future(self.desk.set(address, value, ORIGIN))

    async def settled(self, done: asyncio.Future[Any]) -> Any:
        """What comes of what was asked for; None where a newer change of the same parameter won.

        Raises what the show refuses it with, and TimeoutError where nothing is drawn: then it is taken back.
        """
        await asyncio.wait({done}, timeout=PATIENCE_S)
        if not done.done():
            done.cancel()
            raise TimeoutError
        return None if done.cancelled() else done.result()

    async def value(self, address: str) -> Any:
        """The value of the parameter at `address` as it was taken. Raises TimeoutError where nothing is drawn."""
        snapshot = await self.news.fresh()
        parameter = snapshot.parameters.get(address)
        return None if parameter is None else words.plain_value(parameter.value)

    async def moment(self) -> Snapshot:
        """The show as it is. Raises TimeoutError where nothing is drawn."""
        return await self.news.fresh()

    def _check_file(self, known: Parameter | None, value: Any) -> None:
        """A page may choose files in the folder that the program was started in, and what the show has already."""
        if known is None or not isinstance(known.param, File) or not isinstance(value, str) or not value:
            return
        if value in ("none", known.value, known.param.default):
            return
        folder = Path.cwd().resolve()
        try:
            path = named(value).resolve()
            inside = path.relative_to(folder)
        except (ValueError, OSError, RuntimeError):
            inside = None
        if inside is None or any(part.startswith(".") for part in inside.parts):
            raise UsageError(
                f"{known.address}: the file lies outside of {folder}",
                hint="the page takes files from the folder that Phosphene was started in: copy it there",
            )
