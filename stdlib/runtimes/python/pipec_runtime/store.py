"""Stores the events of a synchronous door, where the doors without a function in front store theirs."""

import re
from datetime import datetime, timezone

from .errors import NotStored, PackageError, Rejected
from .failure import code_of
from .formats import FORMATS

_VARIABLE = "PIPEC_STORE_BUCKET"
_ID = re.compile(r"[A-Za-z0-9._=-]{1,128}")  # one segment of the key, whatever the sender thinks up


class Store:
    def __init__(self, event_name, clients, environ):
        self._event_name = event_name
        self._clients = clients
        self._bucket = environ.get(_VARIABLE)
        if not self._bucket:
            raise PackageError(f"the variable {_VARIABLE} is not set")

    def key_of(self, event):
        if not _ID.fullmatch(event.id):
            raise Rejected("expected 1 to 128 letters, digits and . _ = -", "/id")
        return f"{self._event_name}/{_hour_of(event.time)}/{event.id}.json"

    def put(self, key, text):
        # A bucket with an object lock takes no object without a checksum:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
        place = {"Bucket": self._bucket, "Key": key, "ContentType": "application/json", "ChecksumAlgorithm": "SHA256"}
        try:
            self._clients.s3.put_object(Body=text.encode(), **place)
        except Exception as error:
            raise NotStored(f"the event cannot be stored ({code_of(error)})") from None


def _hour_of(time):
    if time is None:
        raise Rejected("missing", "/time")
    if not FORMATS["date-time"](time):
        raise Rejected("not a date-time", "/time")
    offset = "+00:00" if time[-1] in "Zz" else time[-6:]
    try:
        # Without the seconds, which may be those of a leap second.
        moment = datetime.fromisoformat(f"{time[:10]}T{time[11:16]}{offset}").astimezone(timezone.utc).isoformat()
    except (ValueError, OverflowError):  # the year 0, and what lies before year 1 or after 9999 in UTC
        raise Rejected("not a date-time", "/time") from None
    return f"dt={moment[:10]}/hour={moment[11:13]}"
