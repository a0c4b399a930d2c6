"""Reads a case: a project, and `case.yaml` beside it, which says what is sent and what must come of it.

`tests/cloud/README.md` describes the file. What it does not know is an error, so that nobody waits for a check that is
not made.
"""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from emulator import KINDS
from naming import Names

ENTRANCES = ("store", "stream", "topic", "firehose")
EFFECTS = ("messages", "table")
TOKENS = ("pool", "issuer", "forger")
PARTITIONS = ("hour", "day")
KEYS = {
    "about", "environment", "emulators", "store", "partition", "effects", "events", "others", "queues", "order",
    "replay", "there",
}


class CaseError(Exception):
    """The case file says something that it cannot mean."""


@dataclass(frozen=True)
class Event:
    """An event of the case: one that is sent, or one that a handler is to emit."""

    name: str
    event: str
    data: dict
    # How it comes in: the request to its door, and what it goes straight into where an emulator lacks that door.
    request: str = None
    body: dict = None
    enter: str = None
    # Events of one `object` are put into the store together, compressed.
    object: str = None
    emitted: bool = False
    only: list = field(default_factory=lambda: list(KINDS))
    # How it is sent: to a door with whose key, which token and headers; to a topic as which account, in which group.
    with_key: bool = True
    client: str = None
    token: dict = None
    content_type: str = "application/json"
    headers: dict = field(default_factory=dict)
    account: str = None
    group: str = None
    # What the door must answer: the status, what the body must hold, and headers.
    status: int = 202
    answer: dict = None
    shows: dict = field(default_factory=dict)
    # What must come of it.
    seen: dict = None
    effects: dict = field(default_factory=dict)
    # On which emulators it gets into the store.
    stored: list = field(default_factory=list)
    dead: list = field(default_factory=list)
    # The subscribers in whose queue it waits for others.
    queued: list = field(default_factory=list)
    version: int = 1

    def is_told_by(self, place, data):
        """Whether this is about it: the data of an event of its name, as it was sent or as subscribers see it."""
        return place.split(".")[0] == self.event and data in (self.data, self.seen)


@dataclass(frozen=True)
class Others:
    """What is there before the app: made by others, and used by it."""

    # Functions by their names, each a file of the case; those that are gone when the events come.
    functions: dict = field(default_factory=dict)
    gone: list = field(default_factory=list)
    # Secrets of Secrets Manager by their names.
    secrets: dict = field(default_factory=dict)
    # Whether there is a web server, which stands in for https://hooks.example.com.
    hooks: bool = False
    # The name of a hosted zone, which stands in for Z0123456789ABC.
    zone: str = None


@dataclass(frozen=True)
class Replay:
    """What is stored of an event is handed to one of its subscribers again."""

    event: str
    subscriber: str


@dataclass(frozen=True)
class Question:
    """Something that must be there when the app is deployed: what a service says holds these texts."""

    ask: str
    holds: list
    # Arguments of the question.
    of: dict = field(default_factory=dict)
    only: list = field(default_factory=lambda: list(KINDS))


@dataclass(frozen=True)
class Case:
    """A case as its file says."""

    name: str
    folder: Path
    about: str
    names: Names
    emulators: list
    # What has a folder of its own in the store.
    partition: str
    effects: str
    events: dict
    others: Others
    # The subscribers whose queues others drain.
    queues: list
    # Names of events whose effects come in this order.
    order: list
    replay: list
    there: list

    def on(self, kind):
        """Its events that are sent, or emitted, on an emulator of this kind."""
        return [event for event in self.events.values() if kind.name in event.only]

    def is_dead(self, place, data):
        """Whether an event with this data is to end in the dead letters of `Event.subscriber`."""
        subscriber = place.split(".")[-1]
        return any(event.is_told_by(place, data) and subscriber in event.dead for event in self.events.values())


def load(folder):
    """Reads the case in this folder."""
    folder = Path(folder).resolve()
    try:
        document = yaml.safe_load((folder / "case.yaml").read_text(encoding="utf-8"))
        return _case(folder, document)
    except (OSError, yaml.YAMLError, CaseError, KeyError, TypeError) as error:
        raise CaseError(f"{folder.name}/case.yaml: {error}") from error


def _case(folder, document):
    _known("the case", document, KEYS)
    effects = document.get("effects", "messages")
    _one_of("effects", effects, EFFECTS)
    _one_of("partition", document.get("partition", "hour"), PARTITIONS)
    for name in document["emulators"]:
        _one_of("emulators", name, KINDS)
    case = Case(
        name=folder.name,
        folder=folder,
        about=document["about"],
        names=Names(_app(folder), document.get("environment"), document.get("store")),
        emulators=document["emulators"],
        partition=document.get("partition", "hour"),
        effects=effects,
        events={name: _event(name, said) for name, said in document.get("events", {}).items()},
        others=_read("others", Others, document.get("others", {})),
        queues=document.get("queues", []),
        order=document.get("order", []),
        replay=[_read("replay", Replay, said) for said in document.get("replay", [])],
        there=[_read("there", Question, said) for said in document.get("there", [])],
    )
    for name in [name for line in case.order for name in line]:
        _one_of("order", name, case.events)
    for name in case.emulators:
        _carries(KINDS[name], case)
    return case


def _read(what, kind, said):
    _known(f"`{what}`", said, {field.name for field in fields(kind)})
    return kind(**said)


def _app(folder):
    found = re.search(r"^app (\w+)", (folder / "app.pipe").read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise CaseError("there is no `app` in app.pipe")
    return found[1]


def _event(name, said):
    _known(f"`{name}`", said, {field.name for field in fields(Event)} - {"name"})
    said = dict(said)
    said.setdefault("data", said.get("body"))
    said.setdefault("seen", said["data"])
    if isinstance(said.get("effects"), list):
        said["effects"] = dict.fromkeys(said["effects"], 1)
    if said.get("stored") is True:
        said["stored"] = list(KINDS)
    event = Event(name=name, **said)
    for emulator in [*event.only, *event.stored]:
        _one_of(f"the emulators of `{name}`", emulator, KINDS)
    if not isinstance(event.data, dict):
        raise CaseError(f"`{name}` needs a `body` or `data`")
    if event.enter is not None:
        _one_of(f"`enter` of `{name}`", event.enter, ENTRANCES)
    if event.token is not None:
        _one_of(f"`by` of the token of `{name}`", event.token.get("by"), TOKENS)
    if event.emitted == bool(event.request or event.enter):
        raise CaseError(f"`{name}` needs `request` or `enter`, or is `emitted`")
    if event.object and (event.enter != "store" or event.request):
        raise CaseError(f"`{name}` is in an object, so all that it has is `enter: store`")
    if event.status != 202 and event.answer is None and (event.effects or event.stored or event.dead or event.queued):
        raise CaseError(f"`{name}` is refused, so nothing can come of it")
    return event


def _carries(kind, case):
    """Whether all of the case's events can come in."""
    if kind.has_tables < (case.effects == "table"):
        raise CaseError(f"{kind.name} has no tables")
    for event in case.on(kind):
        comes_in = event.status == 202 or event.answer is not None
        if comes_in and event.request and not event.enter and not kind.has_doors:
            raise CaseError(f"{kind.name} lacks the door of `{event.name}`: say where it is to `enter`")


def _known(what, said, keys):
    unknown = sorted(set(said) - keys)
    if unknown:
        raise CaseError(f"{what} has no `{unknown[0]}`; it can have {', '.join(sorted(keys))}")


def _one_of(what, word, words):
    if word not in words:
        raise CaseError(f"{what} cannot be `{word}`, but {', '.join(words)}")
