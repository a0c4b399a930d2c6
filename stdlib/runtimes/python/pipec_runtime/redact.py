"""Keeps the values of `secret` fields out of log lines."""

import json
import math
import re
from functools import cached_property

HIDDEN = "[redacted]"
_MAX_TEXT = 8192
_MAX_DEPTH = 20


class Redactor:
    def __init__(self, paths=(), data=None, known=()):
        self._names = {path.split(".")[-1] for path in paths}
        self._values = {text for path in paths for text in values_at(data, path.split("."))} | set(known)

    def hide(self, values):
        """Hides these texts too, from now on."""
        if not self._values.issuperset(values):
            self._values |= values
            self.__dict__.pop("_pattern", None)

    @cached_property
    def _pattern(self):
        # The values are read at once, as `handle` may change its data; most events never log.
        return _pattern_of(self._values)

    def text(self, text):
        return (self._pattern.sub(HIDDEN, text) if self._pattern else text)[:_MAX_TEXT]

    def value(self, value, depth=0):
        """Makes any value fit for a JSON line: what sits under a secret's name, or contains its value, is hidden."""
        if depth > _MAX_DEPTH:
            return "…"
        if isinstance(value, dict):
            return {
                self.text(str(name)): HIDDEN if name in self._names else self.value(one, depth + 1)
                for name, one in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(one, depth + 1) for one in value]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)) and math.isfinite(value):
            return HIDDEN if str(value) in self._values else value
        return self.text(str(value))


def values_at(value, path):
    """Yields each value below `path` as text. Lists need no step of the path, `*` is every value of a map."""
    if isinstance(value, list):
        for one in value:
            yield from values_at(one, path)
    elif isinstance(value, dict):
        names = value if not path or path[0] == "*" else [path[0]]
        for name in names:
            if name in value:
                yield from values_at(value[name], path[1:])
    elif not path and value is not None and not isinstance(value, bool) and value != "":
        yield str(value)


def _pattern_of(values):
    forms = set()
    for value in values:
        # Also as it looks inside a JSON text and inside `repr`.
        for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]):
            # A short one only as a whole word, or every `a` of a message would be hidden.
            forms.add((-len(form), re.escape(form) if len(form) > 3 else rf"(?<!\w){re.escape(form)}(?!\w)"))
    return re.compile("|".join(form for _, form in sorted(forms))) if forms else None
