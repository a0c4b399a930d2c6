"""Much cash: it is written down, and people are asked to count it. Nobody can spend it yet."""

from books import OtherMovement, dynamodb, read, table


def handle(event, context):
    data = event.data
    entry = f"held/{data.deposit}"
    item = {
        "account": {"S": data.account},
        "entry": {"S": entry},
        "amount": {"N": str(data.amount)},
        "branch": {"S": data.branch},
    }
    try:
        dynamodb().put_item(TableName=table(), Item=item, ConditionExpression="attribute_not_exists(entry)")
    except dynamodb().exceptions.ConditionalCheckFailedException:
        # The event again, or the machine sent it twice. That run may have ended before it told anybody.
        if read(data.account, entry)["amount"] != item["amount"]:
            raise OtherMovement(data.deposit)
    context.emit("DepositHeld", dict(data))
    context.logger.info("held", deposit=data.deposit, branch=data.branch)
