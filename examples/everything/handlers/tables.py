"""The one client of DynamoDB that handlers share; made when it is first needed, so that imports cost nothing."""

import functools

import boto3


@functools.cache
def table(name):
    return boto3.resource("dynamodb").Table(name)
