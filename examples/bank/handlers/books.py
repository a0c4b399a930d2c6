"""The books: what an account has, and every movement that made it so.

The table has three kinds of items under an account:

    balance                        balance, overdraft, change
    movement/<kind>/<id>           amount, balance, change, at, or refused
    held/<deposit>                 amount, branch, settled_by once it is counted

All amounts are whole cents. A movement and the balances that it changes are written in one transaction, on the
condition that the balances are still as they were read and that there is no such movement. So what arrives twice is
booked once, and what was refused stays refused.
"""

import os
import random
import time
from collections import namedtuple
from datetime import datetime, timezone
from functools import cache

_ATTEMPTS = 8

Movement = namedtuple("Movement", "account kind id amount")
"""What should happen to one account. What leaves it is negative."""

Booked = namedtuple("Booked", "movement balance change at refused")
"""What happened: the balance after it and which movement of the account it was, or why it was refused."""


class UnknownAccount(Exception):
    pass


class OtherMovement(Exception):
    """The id was used before, for something else."""


@cache
def dynamodb():
    # Made when first needed, so that tests can put their own in its place.
    import boto3

    return boto3.client("dynamodb")


def book(movements, at):
    """Books all movements or none, and says what happened. The first may be refused; what was booked stays as it is."""
    # Only those who put events on a stream themselves may leave the time out.
    at = at or datetime.now(timezone.utc).isoformat(timespec="seconds")
    for attempt in range(_ATTEMPTS):
        before = [read(movement.account, _entry(movement)) for movement in movements]
        if before[0]:
            return [_known(*pair) for pair in zip(movements, before) if pair[1]]
        accounts = [read(movement.account, "balance") for movement in movements]
        try:
            reason = _refusal(movements, accounts)
            return [_refuse(movements[0], reason, at)] if reason else _write(movements, accounts, at)
        except dynamodb().exceptions.TransactionCanceledException:
            # Somebody else booked on one of the accounts at the same time. Look again, a little later.
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))


def announce(booked, context):
    """Tells of each new balance. Said twice it does no harm: the number of the movement is the same."""
    for one in booked:
        if one.refused:
            context.logger.info("refused", movement=one.movement.id, reason=one.refused)
            continue
        account, kind, movement, amount = one.movement
        context.emit(
            "BalanceChanged",
            {
                "account": account,
                "change": one.change,
                "kind": kind,
                "movement": movement,
                "amount": amount,
                "balance": one.balance,
                "at": one.at,
            },
        )
        context.logger.info("booked", kind=kind, movement=movement, change=one.change)


def read(account, entry):
    key = {"account": {"S": account}, "entry": {"S": entry}}
    return dynamodb().get_item(TableName=table(), Key=key, ConsistentRead=True).get("Item")


def table():
    return os.environ["ACCOUNTS"]


def _entry(movement):
    return f"movement/{movement.kind}/{movement.id}"


def _known(movement, item):
    if int(item["amount"]["N"]) != movement.amount:
        raise OtherMovement(movement.id)
    if "refused" in item:
        return Booked(movement, None, None, item["at"]["S"], item["refused"]["S"])
    return Booked(movement, int(item["balance"]["N"]), int(item["change"]["N"]), item["at"]["S"], None)


def _refusal(movements, accounts):
    """Why not, if not. Money that comes from outside is never refused: its event fails, and somebody looks."""
    first, account = movements[0], accounts[0]
    if None in accounts:
        if first.amount < 0:
            return "unknown_account"
        raise UnknownAccount
    short = int(account["balance"]["N"]) + first.amount < -int(account["overdraft"]["N"])
    return "not_enough" if first.amount < 0 and short else None


def _refuse(movement, reason, at):
    item = {"amount": {"N": str(movement.amount)}, "refused": {"S": reason}, "at": {"S": at}}
    dynamodb().transact_write_items(TransactItems=[_put(movement, item)])
    return Booked(movement, None, None, at, reason)


def _write(movements, accounts, at):
    steps, booked = [], []
    for movement, account in zip(movements, accounts):
        balance, change = int(account["balance"]["N"]) + movement.amount, int(account["change"]["N"]) + 1
        item = {
            "amount": {"N": str(movement.amount)},
            "balance": {"N": str(balance)},
            "change": {"N": str(change)},
            "at": {"S": at},
        }
        steps += [_put(movement, item), _update(movement.account, account["change"], balance, change)]
        booked.append(Booked(movement, balance, change, at, None))
    dynamodb().transact_write_items(TransactItems=steps)
    return booked


def _put(movement, item):
    key = {"account": {"S": movement.account}, "entry": {"S": _entry(movement)}}
    return {
        "Put": {"TableName": table(), "Item": {**key, **item}, "ConditionExpression": "attribute_not_exists(entry)"}
    }


def _update(account, read_change, balance, change):
    return {
        "Update": {
            "TableName": table(),
            "Key": {"account": {"S": account}, "entry": {"S": "balance"}},
            "UpdateExpression": "SET balance = :balance, change = :change",
            "ConditionExpression": "change = :read",
            "ExpressionAttributeValues": {
                ":balance": {"N": str(balance)},
                ":change": {"N": str(change)},
                ":read": read_change,
            },
        }
    }
