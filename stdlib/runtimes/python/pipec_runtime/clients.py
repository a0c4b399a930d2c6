"""The AWS clients, made when first needed: most handlers need none, and boto3 is slow to import."""

from functools import cached_property


class Clients:
    @cached_property
    def s3(self):
        return _client("s3")

    @cached_property
    def sns(self):
        return _client("sns")

    @cached_property
    def kinesis(self):
        return _client("kinesis")

    @cached_property
    def secretsmanager(self):
        return _client("secretsmanager")


def _client(service):
    import boto3

    return boto3.client(service)
