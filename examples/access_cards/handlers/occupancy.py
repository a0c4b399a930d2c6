"""Where everybody is, and how many people are in each building.

The table has two kinds of items beside the cards:

    person/<employee>     building (if they are in one), seen_at, event_id, changed
    building/<building>   inside, changes

A person and the buildings whose count they change are written in one transaction, on the condition that the person is
still as they were read. So an event that arrives twice counts once, and an entry that is overtaken by its exit does not
leave somebody in the building for ever.
"""

import os
import random
import time
from datetime import datetime, timedelta, timezone
from functools import cache

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ATTEMPTS = 6


@cache
def dynamodb():
    # Made when first needed, so that tests can put their own in its place.
    import boto3

    return boto3.client("dynamodb")


def move(event_id, employee_id, seen_at, to):
    """Puts a person into the building `to`, or outside for None. Returns the buildings whose count changed."""
    moment = _microseconds(seen_at)
    for attempt in range(_ATTEMPTS):
        person = _read(f"person/{employee_id}")
        if person and person["event_id"]["S"] == event_id:
            # Seen before. That run may have ended before it told anybody, so say it again.
            return [name["S"] for name in person["changed"]["L"]]
        if person and moment <= int(person["seen_at"]["N"]):
            return []
        try:
            return _write(person, event_id, employee_id, moment, to)
        except dynamodb().exceptions.TransactionCanceledException:
            # Somebody else wrote the person or one of the buildings at the same time. Look again, a little later.
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))


def announce(buildings, context):
    """Emits the count of each building as it is now, which makes it harmless to say it twice."""
    if not buildings:
        context.logger.info("nothing changed")
    for building in buildings:
        item = _read(f"building/{building}")
        inside, change = int(item["inside"]["N"]), int(item["changes"]["N"])
        context.emit("OccupancyChanged", {"building": building, "inside": inside, "change": change})
        context.logger.info("occupancy changed", building=building, inside=inside, change=change)


def _read(key):
    return dynamodb().get_item(TableName=_table(), Key={"id": {"S": key}}, ConsistentRead=True).get("Item")


def _write(person, event_id, employee_id, moment, to):
    before = person["building"]["S"] if person and "building" in person else None
    steps = {} if before == to else {name: by for name, by in ((before, -1), (to, 1)) if name}
    item = {
        "id": {"S": f"person/{employee_id}"},
        "seen_at": {"N": str(moment)},
        "event_id": {"S": event_id},
        "changed": {"L": [{"S": name} for name in steps]},
    }
    if to:
        item["building"] = {"S": to}
    put = {"TableName": _table(), "Item": item, "ConditionExpression": "attribute_not_exists(id)"}
    if person:
        put["ConditionExpression"] = "event_id = :read"
        put["ExpressionAttributeValues"] = {":read": person["event_id"]}
    counts = [{"Update": _count(name, by)} for name, by in steps.items()]
    dynamodb().transact_write_items(TransactItems=[{"Put": put}, *counts])
    return list(steps)


def _count(building, by):
    return {
        "TableName": _table(),
        "Key": {"id": {"S": f"building/{building}"}},
        "UpdateExpression": "ADD inside :by, changes :one",
        "ExpressionAttributeValues": {":by": {"N": str(by)}, ":one": {"N": "1"}},
    }


def _table():
    return os.environ["CARDS_TABLE"]


def _microseconds(text):
    # The same moment may be written with any offset, so texts cannot be compared.
    return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(microseconds=1)
