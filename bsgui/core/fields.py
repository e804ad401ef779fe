"""Reading parsed JSON from files that nobody vouches for: every value is checked for kind and range."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_TEXT_LIMIT = 4096
_FORBIDDEN_IN_NAMES = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')


class FieldError(ValueError):
    """A value is missing, of the wrong kind or out of range; the text names it ("layers[2].gain …")."""


class Fields:
    """The fields of one JSON object; unknown ones are ignored.

    Args:
        data: the parsed value, which should be an object.
        where: its place in the file, for messages; "" for the whole file.

    Raises:
        FieldError: by the constructor if ``data`` is no object, by every method if the field is not as asked.
    """

    def __init__(self, data: Any, where: str = "") -> None:
        self._where = where
        if not isinstance(data, Mapping):
            raise FieldError(f"{where or 'the file'} is not an object")
        self._data = data

    def text(self, name: str, default: str | None = None, limit: int = _TEXT_LIMIT) -> str:
        """A string of at most ``limit`` characters."""
        value = self._get(name, default)
        if not isinstance(value, str) or len(value) > limit:
            raise self._error(name, f"must be text of at most {limit} characters")
        return value

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """An integer from ``low`` to ``high``."""
        value = self._get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self._error(name, f"must be a whole number from {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """A finite number from ``low`` to ``high``."""
        value = self._get(name, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise self._error(name, "must be a number")
        if not low <= value <= high:  # Nor are NaN and infinity in any range.
            raise self._error(name, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def numbers(
        self, name: str, count: int, low: float, high: float, default: tuple[float, ...] | None = None
    ) -> tuple[float, ...]:
        """A list of so many numbers, each from ``low`` to ``high``."""
        values = self._get(name, default)
        if not isinstance(values, list | tuple) or len(values) != count:
            raise self._error(name, f"must be a list of {count} numbers")
        entries = Fields({str(number): value for number, value in enumerate(values)}, self._place(name))
        return tuple(entries.number(str(number), low, high) for number in range(count))

    def pairs(self, name: str, fewest: int, most: int, low: float, high: float) -> tuple[tuple[float, float], ...]:
        """A list of ``fewest`` to ``most`` pairs of numbers, each from ``low`` to ``high``."""
        values = self._get(name, None)
        if not isinstance(values, list | tuple) or not fewest <= len(values) <= most:
            raise self._error(name, f"must be a list of {fewest} to {most} pairs of numbers")
        pairs = Fields({str(number): value for number, value in enumerate(values)}, self._place(name))
        both = (pairs.numbers(str(number), 2, low, high) for number in range(len(values)))
        return tuple((x, y) for x, y in both)

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._data

    def flag(self, name: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._get(name, default)
        if not isinstance(value, bool):
            raise self._error(name, "must be true or false")
        return value

    def sha256(self, name: str, default: str | None = None) -> str:
        """64 lower-case hexadecimal digits; "" only where that is the default."""
        value = self.text(name, default)
        if value != default and not _SHA256.match(value):
            raise self._error(name, "must be a SHA-256 digest")
        return value

    def file_name(self, name: str) -> str:
        """The plain name of a file in the same folder: no separators, no ``..``, no drive, no control characters."""
        value = self.text(name, limit=255)
        if not is_plain_file_name(value):
            raise self._error(name, "must be a plain file name")
        return value

    def choice(self, name: str, choices: tuple[T, ...], default: T | None = None) -> T:
        """One of the choices."""
        value = self._get(name, default)
        for choice in choices:
            if value == choice and type(value) is type(choice):
                return choice
        raise self._error(name, f"must be one of {', '.join(map(str, choices))}")

    def object(self, name: str) -> Fields:
        """An object."""
        return Fields(self._get(name, None), self._place(name))

    def optional(self, name: str) -> Fields | None:
        """An object, or None where the field is missing or null."""
        return None if self._data.get(name) is None else self.object(name)

    def items(
        self, name: str, low: int, high: int, read: Callable[[Fields], T], default: tuple[T, ...] | None = None
    ) -> tuple[T, ...]:
        """A list of ``low`` to ``high`` objects, each read by ``read``; the default where it is missing."""
        if default is not None and name not in self._data:
            return default
        value = self._get(name, None)
        if not isinstance(value, list | tuple) or not low <= len(value) <= high:
            raise self._error(name, f"must be a list of {low} to {high} entries")
        return tuple(read(Fields(item, f"{self._place(name)}[{number}]")) for number, item in enumerate(value))

    def _get(self, name: str, default: Any) -> Any:
        value = self._data.get(name, default)
        if value is None:
            raise self._error(name, "is missing")
        return value

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _error(self, name: str, problem: str) -> FieldError:
        return FieldError(f"{self._place(name)} {problem}")


def is_plain_file_name(name: str) -> bool:
    """Whether a name stays in its folder on every system: no separators, drives, wildcards or control characters."""
    return bool(name) and name not in (".", "..") and not _FORBIDDEN_IN_NAMES.search(name) and name == name.strip()
