import json
import os

import boto3

dynamodb = boto3.client("dynamodb")


def handle(event, context):
    leave_effect(event, {**event.data, "greeting": os.environ["GREETING"]})
    if event.data.card == 13:
        raise ValueError("poisoned")


def leave_effect(event, data):
    """Counts in the table of the test how often this function was called with this event."""
    dynamodb.update_item(
        TableName="effects",
        Key={"id": {"S": event.id}, "by": {"S": os.environ["AWS_LAMBDA_FUNCTION_NAME"]}},
        UpdateExpression="SET #data = :data ADD #times :one",
        ExpressionAttributeNames={"#data": "data", "#times": "times"},
        ExpressionAttributeValues={":data": {"S": json.dumps(data)}, ":one": {"N": "1"}},
    )
