"""Decides whether the subscriber asked for an event. The compiler writes conditions without `not`."""

import operator

from .errors import PackageError

_ORDERS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_OPERATORS = {"==", "!=", "in", "not_in", "present", "absent", *_ORDERS}


class Where:
    def __init__(self, condition):
        _check(condition, "")
        self._condition = condition

    def holds(self, data):
        return _holds(self._condition, data)


def _check(condition, at):
    keys = set(condition) if isinstance(condition, dict) else set()
    group = next((name for name in ("all", "any") if keys == {name} and isinstance(condition[name], list)), None)
    if group:
        for index, one in enumerate(condition[group]):
            _check(one, f"{at}/{group}/{index}")
    elif not {"field", "op"} <= keys:
        raise PackageError(f"where{at}: neither `all` nor `any` nor a comparison")
    else:
        _check_comparison(condition, keys, at)


def _check_comparison(condition, keys, at):
    field, op = condition["field"], condition["op"]
    if not isinstance(field, list) or not field or not all(isinstance(step, str) for step in field):
        raise PackageError(f"where{at}: `field` is not a list of names")
    if not isinstance(op, str) or op not in _OPERATORS:
        raise PackageError(f"where{at}: unknown operator")
    if keys != {"field", "op"} | (set() if op in ("present", "absent") else {"value"}):
        raise PackageError(f"where{at}: keys that do not belong to `{op}`")
    if not _fits(op, condition.get("value")):
        raise PackageError(f"where{at}: a value that `{op}` does not take")


def _fits(op, value):
    if op in ("in", "not_in"):
        return isinstance(value, list) and all(_kind(one) for one in value)
    if op in ("present", "absent"):
        return True
    return _kind(value) == "number" if op in _ORDERS else _kind(value) is not None


def _holds(condition, data):
    if "all" in condition:
        return all(_holds(one, data) for one in condition["all"])
    if "any" in condition:
        return any(_holds(one, data) for one in condition["any"])
    found, op, value = _at(data, condition["field"]), condition["op"], condition.get("value")
    if op == "absent" or found is None:
        return op == "absent" and found is None
    if op == "present":
        return True
    if op in _ORDERS:
        return _kind(found) == "number" and _ORDERS[op](found, value)
    listed = any(_same(found, one) for one in (value if op in ("in", "not_in") else [value]))
    return listed == (op in ("in", "=="))


def _at(value, field):
    """What stands at the path, None where nothing does. No path leads through a list."""
    for step in field:
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value


def _same(one, other):
    return _kind(one) == _kind(other) and one == other


def _kind(value):
    # In Python a boolean is a number, and True equals 1.
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else None
