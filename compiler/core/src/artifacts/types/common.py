
from __future__ import annotations

import builtins as _b
import typing as _t

_Default = _t.TypeVar("_Default")
_Data = _t.TypeVar("_Data", covariant=True)


class Event(_t.Protocol[_Data]):
    """An event, as `handle` gets it."""

    @property
    def id(self) -> str:
        """The same each time that the event is delivered."""
        ...

    @property
    def type(self) -> str:
        """`APP.EVENT.vN`; older events may have an older version."""
        ...

    @property
    def source(self) -> str: ...

    @property
    def time(self) -> str | None:
        """RFC 3339; `None` where the sender left it out."""
        ...

    @property
    def data(self) -> _Data:
        """The payload, checked, its defaults filled in."""
        ...


class Data(_t.Protocol):
    """A dict whose fields are attributes too.

    A field that may be missing is `data.get("field")`.
    """

    def __contains__(self, key: object, /) -> bool: ...

    def __iter__(self) -> _t.Iterator[str]: ...

    def __len__(self) -> int: ...

    def keys(self) -> _t.KeysView[str]: ...

    def values(self) -> _t.ValuesView[_t.Any]: ...

    def items(self) -> _t.ItemsView[str, _t.Any]: ...

    def copy(self) -> dict[str, _t.Any]: ...


class Logger(_t.Protocol):
    """Writes one JSON line a call, with the event's id and type."""

    def info(self, message: object, /, **fields: object) -> None: ...

    def warning(self, message: object, /, **fields: object) -> None: ...

    def error(self, message: object, /, **fields: object) -> None: ...


class Context(_t.Protocol):
    """What every handler gets beside the event. Each event's own has `emit` as well, where it emits anything."""

    @property
    def attempt(self) -> int:
        """1, 2, … from the queue's receive count; 1 where there is none."""
        ...

    @property
    def logger(self) -> Logger: ...

    @property
    def aws(self) -> _t.Any:
        """Lambda's own context."""
        ...

    def secret(self, name: str) -> str:
        """The value of a secret that the subscriber declares."""
        ...
