"""Reads the object that an S3 notification names."""

import gzip
import io
import re
import zlib
from urllib.parse import unquote_plus

from .errors import Rejected
from .failure import code_of

# Firehose buffers up to 128 MiB an object; a gzip bomb must fail its own item and not the process.
MAX_BYTES = 256 * 1024 * 1024


def read_object(record, clients):
    """Returns the object's name, for logs, and its text."""
    request = _request(record)
    name = f"s3://{request['Bucket']}/{request['Key']}"[:512]
    try:
        body = clients.s3.get_object(**request)["Body"].read()
    except Exception as error:
        raise Rejected(f"the object cannot be read ({code_of(error)})", source=name) from None
    try:
        return name, plain(body).decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("the object is not UTF-8", source=name) from None
    except (OSError, EOFError, zlib.error):
        raise Rejected("the object is not a whole gzip stream", source=name) from None
    except OverflowError:
        raise Rejected("the object is too large", source=name) from None


def _request(record):
    try:
        bucket, thing = record["s3"]["bucket"]["name"], record["s3"]["object"]
        request = {"Bucket": _text(bucket), "Key": _decode_key(_text(thing["key"]))}
        if thing.get("versionId"):
            request["VersionId"] = _text(thing["versionId"])
        return request
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Rejected("S3 notification without a readable bucket and key") from None


def _text(value):
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _decode_key(key):
    # The key is URL-encoded and `+` stands for a space:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    if re.search("%(?![0-9A-Fa-f]{2})", key):
        raise ValueError
    return unquote_plus(key, errors="strict")


def plain(body, limit=MAX_BYTES):
    # Every gzip stream starts with these bytes, whether or not the object has a Content-Encoding.
    if body[:2] != b"\x1f\x8b":
        return body
    found = gzip.GzipFile(fileobj=io.BytesIO(body)).read(limit + 1)
    if len(found) > limit:
        raise OverflowError
    return found
