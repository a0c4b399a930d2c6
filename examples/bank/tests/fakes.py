"""Stand-ins for AWS. They know the requests that the handlers make, and refuse any other."""

import json
import os
import re
from copy import deepcopy


class TransactionCanceledException(Exception):
    pass


class ConditionalCheckFailedException(Exception):
    def __init__(self, item):
        super().__init__("The conditional request failed")
        self.response = {"Item": item} if item else {}


class DynamoDB:
    """The table of accounts, held in memory. Conditions are evaluated, and a transaction is all or nothing."""

    class exceptions:
        TransactionCanceledException = TransactionCanceledException
        ConditionalCheckFailedException = ConditionalCheckFailedException

    def __init__(self, accounts=()):
        self.items = {}
        self.conflicts = 0  # how many of the next transactions meet another one
        for account, balance, overdraft in accounts:
            self.items[account, "balance"] = {
                "account": {"S": account},
                "entry": {"S": "balance"},
                "balance": {"N": str(balance)},
                "overdraft": {"N": str(overdraft)},
                "change": {"N": "0"},
            }

    def get_item(self, TableName, Key, ConsistentRead):
        assert TableName == "accounts" and ConsistentRead
        item = self.items.get(_key(Key))
        return {"Item": deepcopy(item)} if item else {}

    def put_item(self, **request):
        if not _put(self.items, **request):
            raise ConditionalCheckFailedException(None)

    def update_item(self, ReturnValuesOnConditionCheckFailure, **request):
        assert ReturnValuesOnConditionCheckFailure == "ALL_OLD"
        if not _update(self.items, **request):
            raise ConditionalCheckFailedException(self.items.get(_key(request["Key"])))

    def transact_write_items(self, TransactItems):
        if self.conflicts:
            self.conflicts -= 1
            raise TransactionCanceledException("TransactionConflict")
        changed = deepcopy(self.items)
        touched = set()
        for entry in TransactItems:
            ((action, request),) = entry.items()
            key = _key(request.get("Key") or request["Item"])
            assert key not in touched, "a transaction names an item once"
            touched.add(key)
            if not {"Put": _put, "Update": _update}[action](changed, **request):
                raise TransactionCanceledException("ConditionalCheckFailed")
        self.items = changed


def _key(item):
    return item["account"]["S"], item["entry"]["S"]


def _put(items, TableName, Item, ConditionExpression):
    assert TableName == "accounts"
    holds = _holds(ConditionExpression, items.get(_key(Item)), {})
    if holds:
        items[_key(Item)] = deepcopy(Item)
    return holds


def _update(items, TableName, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues):
    assert TableName == "accounts"
    known = items.get(_key(Key))
    if not _holds(ConditionExpression, known, ExpressionAttributeValues):
        return False
    item = items.setdefault(_key(Key), deepcopy(Key))
    for step in UpdateExpression.removeprefix("SET ").split(", "):
        name, value = re.fullmatch(r"(\w+) = (:\w+)", step).groups()
        item[name] = ExpressionAttributeValues[value]
    return True


def _holds(condition, item, values):
    """A condition of comparisons and functions, joined by AND and OR, with brackets."""
    item = item or {}
    found = {
        r"attribute_not_exists\((\w+)\)": lambda name: name not in item,
        r"attribute_exists\((\w+)\)": lambda name: name in item,
        r"(\w+) = (:\w+)": lambda name, value: item.get(name) == values[value],
    }

    def decided(part):
        for pattern, holds in found.items():
            if match := re.fullmatch(pattern, part.group()):
                return str(holds(*match.groups()))
        raise AssertionError(condition)

    text = re.sub(r"attribute_\w+\(\w+\)|\w+ = :\w+", decided, condition)
    assert re.fullmatch(r"(True|False|AND|OR|[() ])+", text), condition
    return eval(text.replace("AND", "and").replace("OR", "or"))


class SNS:
    """Prints what is published, for a test that runs a package in a process of its own."""

    def publish(self, **request):
        print("PUBLISH", json.dumps(request))


class S3:
    def put_object(self, **request):
        print("STORE", request["Bucket"], request["Key"])


class SecretsManager:
    def get_secret_value(self, SecretId):
        return {"SecretString": f"the secret {SecretId}"}


def client(service, **settings):
    """What `boto3.client` is to a package under test. What accounts there are stands in the variable TEST_ACCOUNTS."""
    if service == "dynamodb":
        return DynamoDB(json.loads(os.environ["TEST_ACCOUNTS"]))
    return {"sns": SNS, "s3": S3, "secretsmanager": SecretsManager}[service]()
