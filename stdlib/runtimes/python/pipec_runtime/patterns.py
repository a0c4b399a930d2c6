"""Compiles an ECMA 262 regular expression (with its `u` flag) for Python's `re`.

Translated: `$` (Python's also matches before a last newline), `.` (all four line ends), `\\s` and `\\S` (Unicode
spaces), `(?<name>`, `\\k<name>`, `[` inside a class. `re.ASCII` makes `\\d`, `\\w` and `\\b` mean what they mean there.
Refused at load, as Python has nothing equal: `\\p{…}`, `\\cX`, `\\u{…}`. `\\S` inside a class with
other members keeps Python's ASCII meaning. A pattern that backtracks without end is as slow here as anywhere.
"""

import re

from .errors import PackageError

_SPACES = r"\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_OUTSIDE = {"$": r"\Z", ".": r"[^\n\r\u2028\u2029]", r"\s": f"[{_SPACES}]", r"\S": f"[^{_SPACES}]", r"\/": "/"}
_INSIDE = {"[": r"\[", r"\s": _SPACES, r"\/": "/"}
_EMPTY = {"[": "(?!)", "[^": r"[\s\S]"}  # no character, any character
_TOKEN = re.compile(r"\\k<(\w+)>|\\.|\(\?<(?![=!])|\(\?(?![:=!<])|[\s\S]")
_FOREIGN = {r"\A", r"\Z", r"\a", r"\z", r"\U", r"\N", "(?"}  # Python gives these a meaning, ECMA 262 does not


def compile_pattern(pattern, at=""):
    try:
        return re.compile(_translate(pattern), re.ASCII)
    except (re.error, TypeError, ValueError) as error:
        raise PackageError(f"schema{at}: the pattern cannot be used: {error}") from None


def _translate(pattern):
    out, inside = [], False
    for match in _TOKEN.finditer(pattern):
        token = match[0]
        if token in _FOREIGN:
            raise ValueError(f"`{token}` is not in ECMA 262")
        if inside and token == "]" and out[-1] in _EMPTY:
            inside, token = False, _EMPTY[out.pop()]
        elif inside:
            inside = token != "]"
            token = "[^" if token == "^" and out[-1] == "[" else _INSIDE.get(token, token)
            if token == "[^":
                out.pop()
        elif match[1]:
            token = f"(?P={match[1]})"
        elif token == "(?<":
            token = "(?P<"
        else:
            inside = token == "["
            token = _OUTSIDE.get(token, token)
        out.append(token)
    return "".join(out)
