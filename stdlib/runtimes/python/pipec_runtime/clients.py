"""The AWS clients, made when first needed: most handlers need neither, and boto3 is slow to import."""

from functools import cached_property


class Clients:
    @cached_property
    def s3(self):
        import boto3

        return boto3.client("s3")

    @cached_property
    def sns(self):
        import boto3

        return boto3.client("sns")
