"""What a class declares and each instance holds for itself: parameters, and what effects fill from frame to frame."""

from __future__ import annotations

from typing import Generic, Self, TypeVar, overload

T = TypeVar("T")


class Descriptor(Generic[T]):
    """An attribute that each effect holds for itself, under the name that its class gives it.

    A kind of slot says what it is while nothing was assigned (`unset`) and checks what is assigned (`__set__`).
    """

    name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        held: T = instance.__dict__[self.name] if self.name in instance.__dict__ else self.unset()
        return held

    def unset(self) -> T:
        """The value while none was assigned."""
        raise NotImplementedError

    def store(self, instance: object, value: T) -> None:
        """Keeps a checked value for `instance`."""
        instance.__dict__[self.name] = value
