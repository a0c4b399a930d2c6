import os

import boto3
from effect import leave_effect

dynamodb = boto3.client("dynamodb")
TABLE = os.environ["LOCKERS"]


def handle(event, context):
    key = {"locker": {"S": event.data.locker}, "door": {"N": str(event.data.door)}}
    dynamodb.put_item(TableName=TABLE, Item=key)
    found = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
    if found == key:
        leave_effect(event)
