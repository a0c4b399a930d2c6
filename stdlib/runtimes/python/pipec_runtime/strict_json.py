"""JSON as both runtimes accept it: RFC 8259, bounded depth, finite numbers, no `__proto__` key."""

import json
import re
import sys

from .errors import Rejected

MAX_DEPTH = 100
_MAX_NUMBER = sys.float_info.max
_SPACE = re.compile(r"[ \t\r\n]*")


def parse(text):
    if not isinstance(text, str):
        raise Rejected("expected a text")
    return check(_decode(_DECODER.decode, text))


def plain(value):
    """What a receiver of `value` will read. Where that is no JSON: `TypeError`, `ValueError` or `RecursionError`."""
    return parse(json.dumps(value, allow_nan=False))


def dump(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
        return text
    except UnicodeEncodeError:  # a lone surrogate travels only as an escape
        return json.dumps(value, separators=(",", ":"))


def parse_many(text):
    """Yields each object of a stream, with or without newlines between, and a `Rejected` for each bad one.

    Firehose puts no delimiter between records unless it is told to:
    https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
    """
    at = _SPACE.match(text).end()
    if at == len(text):
        yield Rejected("the object holds no event")
    while at < len(text):
        found, at = _next(text, at)
        yield found
        at = _SPACE.match(text, at).end()


def _next(text, at):
    try:
        if text[at] != "{":
            raise Rejected("not valid JSON")
        value, end = _decode(_DECODER.raw_decode, text, at)
    except Rejected as error:
        line_end = text.find("\n", at)  # one bad record must not cost the records on the lines after it
        return error, len(text) if line_end < 0 else line_end
    try:
        return check(value), end
    except Rejected as error:
        return error, end


def _decode(decode, *arguments):
    try:
        return decode(*arguments)
    except ValueError:
        raise Rejected("not valid JSON") from None
    except RecursionError:
        raise Rejected(f"nested deeper than {MAX_DEPTH}") from None


def _refuse(_constant):
    raise ValueError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def check(value):
    pending = [(value, 1)]
    while pending:
        one, depth = pending.pop()
        if isinstance(one, dict):
            if "__proto__" in one:
                # In JavaScript such a key can replace an object's prototype; both runtimes refuse it.
                raise Rejected("the key `__proto__` is not allowed")
            children = one.values()
        elif isinstance(one, list):
            children = one
        elif isinstance(one, (int, float)) and not -_MAX_NUMBER <= one <= _MAX_NUMBER:
            raise Rejected("number out of range")
        else:
            continue
        if depth > MAX_DEPTH:
            raise Rejected(f"nested deeper than {MAX_DEPTH}")
        pending.extend((child, depth + 1) for child in children)
    return value
