"""The formats the compiler writes."""

import re

_DATE = r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_date = re.compile(_DATE)
# RFC 3339, section 5.6; second 60 is a leap second.
_date_time = re.compile(rf"{_DATE}[Tt]{_HOUR}:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]{_HOUR})")
_uuid = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_base64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def _is_day(match):
    if not match:
        return False
    year, month, day = (int(match[group]) for group in (1, 2, 3))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (28 + leap if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


FORMATS = {
    "date": lambda text: _is_day(_date.fullmatch(text)),
    "date-time": lambda text: _is_day(_date_time.fullmatch(text)),
    "uuid": lambda text: bool(_uuid.fullmatch(text)),
    "byte": lambda text: len(text) % 4 == 0 and bool(_base64.fullmatch(text)),
}
