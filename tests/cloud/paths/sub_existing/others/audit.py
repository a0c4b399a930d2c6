"""A function of others: it knows SNS, and nothing of pipec."""

import json

import boto3

EFFECTS = "arn:aws:sns:eu-central-1:000000000000:effects"


def handler(event, context):
    for record in event["Records"]:
        envelope = json.loads(record["Sns"]["Message"])
        said = {"by": "sub_existing-Registered-audit", "id": envelope["id"], "data": envelope["data"]}
        boto3.client("sns").publish(TopicArn=EFFECTS, Message=json.dumps(said))
