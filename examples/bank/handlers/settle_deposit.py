"""Cash was counted by people: what is genuine is booked. The first count holds."""

from books import Movement, announce, book, dynamodb, table


class NotHeld(Exception):
    """There is no such deposit, or not yet. The event is tried again, and waits among the dead letters in the end."""


def handle(event, context):
    data = event.data
    if not settle(data, event.id):
        context.logger.warning("was counted before", deposit=data.deposit)
    elif data.counted:
        announce(book([Movement(data.account, "deposit", data.deposit, data.counted)], event.time), context)
    else:
        context.logger.info("nothing was genuine", deposit=data.deposit)


def settle(data, event_id):
    """Marks the deposit as settled by this event; false if another event has."""
    failed = dynamodb().exceptions.ConditionalCheckFailedException
    try:
        dynamodb().update_item(
            TableName=table(),
            Key={"account": {"S": data.account}, "entry": {"S": f"held/{data.deposit}"}},
            UpdateExpression="SET settled_by = :event",
            # The same event may settle again: it may have ended before it booked.
            ConditionExpression="attribute_exists(entry) AND (attribute_not_exists(settled_by) OR settled_by = :event)",
            ExpressionAttributeValues={":event": {"S": event_id}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except failed as error:
        if not error.response.get("Item"):
            raise NotHeld from error
        return False
    return True
