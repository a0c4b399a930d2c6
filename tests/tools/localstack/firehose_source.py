"""Reads Kinesis for the Firehose of localstack, which itself has a Java library do so that needs DynamoDB Local.

Without that download no delivery stream that reads a stream is ever made, and neither is the stack it stands in.
"""

import base64
import logging
import threading

from localstack.aws.connect import connect_to
from localstack.utils.kinesis import kinesis_connector

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.3


def install():
    """Puts the follower in the place of the Java library."""
    kinesis_connector.listen_to_kinesis = follow


def follow(stream_name, account_id, region_name, listener_func, **_):
    """Hands the records that come into the stream to the listener, until `stop` of what this returns is called."""
    client = connect_to(aws_access_key_id=account_id, region_name=region_name).kinesis
    follower = Follower(client, stream_name, listener_func)
    follower.start()
    return follower


class Follower(threading.Thread):
    def __init__(self, client, stream, deliver):
        super().__init__(name=f"firehose of {stream}", daemon=True)
        self._client = client
        self._deliver = deliver
        self._stopped = threading.Event()
        # Like Firehose, it begins with what comes next.
        self._iterators = {
            shard["ShardId"]: client.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
            )["ShardIterator"]
            for shard in client.list_shards(StreamName=stream)["Shards"]
        }

    def run(self):
        while not self._stopped.wait(PAUSE_SECONDS):
            for shard in self._iterators:
                try:
                    self._read(shard)
                except Exception:
                    LOG.exception("the shard %s cannot be read or delivered", shard)

    def stop(self):
        self._stopped.set()

    def _read(self, shard):
        answer = self._client.get_records(ShardIterator=self._iterators[shard])
        self._iterators[shard] = answer["NextShardIterator"]
        for record in answer["Records"]:
            # One at a time, each of which becomes an object: how many are read together depends on the moment.
            self._deliver([{"data": base64.b64encode(record["Data"]).decode()}])
