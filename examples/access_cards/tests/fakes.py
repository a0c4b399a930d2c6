"""Stand-ins for AWS. They know the requests that the handlers make, and refuse any other."""

import re
from copy import deepcopy


class TransactionCanceledException(Exception):
    pass


class DynamoDB:
    """One table, held in memory: reads, and transactions of conditional puts and of `ADD` updates."""

    class exceptions:
        TransactionCanceledException = TransactionCanceledException

    def __init__(self, table="cards"):
        self.table = table
        self.items = {}
        self.conflicts = 0  # how many of the next transactions meet another one

    def get_item(self, TableName, Key, ConsistentRead):
        assert TableName == self.table and ConsistentRead
        item = self.items.get(Key["id"]["S"])
        return {"Item": deepcopy(item)} if item else {}

    def transact_write_items(self, TransactItems):
        if self.conflicts:
            self.conflicts -= 1
            raise TransactionCanceledException("TransactionConflict")
        changed = deepcopy(self.items)
        for entry in TransactItems:
            ((action, request),) = entry.items()
            assert request["TableName"] == self.table
            {"Put": _put, "Update": _add}[action](changed, request)
        self.items = changed


def _put(items, request):
    item = deepcopy(request["Item"])
    known = items.get(item["id"]["S"])
    condition = request["ConditionExpression"]
    if condition == "attribute_not_exists(id)":
        holds = known is None
    else:
        name, value = re.fullmatch(r"(\w+) = (:\w+)", condition).groups()
        holds = known is not None and known.get(name) == request["ExpressionAttributeValues"][value]
    if not holds:
        raise TransactionCanceledException("ConditionalCheckFailed")
    items[item["id"]["S"]] = item


def _add(items, request):
    key = request["Key"]["id"]["S"]
    item = items.setdefault(key, {"id": {"S": key}})
    for step in request["UpdateExpression"].removeprefix("ADD ").split(", "):
        name, value = re.fullmatch(r"(\w+) (:\w+)", step).groups()
        by = int(request["ExpressionAttributeValues"][value]["N"])
        item[name] = {"N": str(int(item.get(name, {"N": "0"})["N"]) + by)}


class SNS:
    """Prints what is published, for a test that runs a package in a process of its own."""

    def publish(self, TopicArn, Message):
        print("PUBLISH", TopicArn, Message)


def client(service):
    """What `boto3.client` is to a package under test."""
    return {"dynamodb": DynamoDB, "sns": SNS}[service]()
