"""How pipec names what it makes at AWS, as far as the tests must know it."""

import re
from dataclasses import dataclass

from emulator import ACCOUNT, REGION


@dataclass(frozen=True)
class Names:
    """The names of an app, or of one of its environments."""

    app: str
    environment: str = None
    # The store that all events of the app share, if they do.
    shared: str = None

    @property
    def slug(self):
        """What all names begin with."""
        return f"{self.app}-{self.environment}" if self.environment else self.app

    def type(self, event, version):
        return f"{self.app}.{event}.v{version}"

    def is_type(self, text, event):
        """Whether this is the event's type, in any version."""
        return text.startswith(self.type(event, "")) and text.removeprefix(self.type(event, "")).isdigit()

    def source(self, event):
        return f"/{self.app}/{event}"

    def topic(self, event):
        return arn("sns", f"{self.slug}-{event}")

    def stream(self, event):
        return f"{self.slug}-{event}"

    def batches(self, event):
        """The delivery stream that a door puts events on."""
        return f"{self.slug}-{event}--batches"

    def replay(self, event):
        return arn("states", f"stateMachine:{self.slug}-{event}--replay")

    def queue(self, place):
        """The name of the queue of `Event.subscriber`."""
        return f"{self.slug}-{place.replace('.', '-')}"

    def key(self, auth):
        return f"{self.slug}-{auth}"

    def store(self, event):
        base = f"{self.slug}--store-{self.shared}" if self.shared else f"{self.slug}-{event}"
        return f"{_kebab(base)}-{ACCOUNT}-{REGION}"

    def is_store(self, bucket):
        return self._is_own(bucket) and "--dead-letters-" not in bucket

    def is_dead_letters(self, bucket):
        """Whether it is for what subscribers of streams could not handle."""
        return self._is_own(bucket) and "--dead-letters-" in bucket

    def _is_own(self, bucket):
        return bucket.startswith(f"{_kebab(self.slug)}-") and bucket.endswith(f"-{ACCOUNT}-{REGION}")

    def place(self, name):
        """`Event.subscriber` of the name of a subscriber's function or queue."""
        return name.removeprefix(f"{self.slug}-").replace("-", ".")


def arn(service, name):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _kebab(name):
    """A name as buckets write it: `CardIssued` is `card-issued`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", name).lower()
