"""What is wrong with one part of a running show, as an object that the image, the log and programs read alike."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import PhospheneError, explanation


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a show that does not work; `str()` gives it as it is reported to people.

    `address` is `layer/effect`, `scene` or `transition`; `message` says what is wrong; `where` is the author's `file`
    or `file:line`; `hint` is the next step; `since_s` is the time of the frame at which it was found, in seconds.
    """

    address: str
    message: str
    where: str = ""
    hint: str = ""
    since_s: float = 0.0

    def __str__(self) -> str:
        return explanation(self.message, self.where, self.hint)

    def like(self, other: Problem | None) -> bool:
        """Whether `other` says the same, whenever it was found."""
        return other is not None and (self.address, str(self)) == (other.address, str(other))

    @classmethod
    def of(cls, address: str, error: BaseException, *, where: str = "", since_s: float = 0.0) -> Problem:
        """`error` as the problem of the part at `address`; `where` counts for what does not say that itself."""
        if isinstance(error, PhospheneError):
            return cls(address, error.message, error.where, error.hint, since_s)
        return cls(address, f"{type(error).__name__}: {error}", where, "", since_s)
