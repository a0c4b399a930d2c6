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

ENTRANCES = ("store", "stream", "topic")
EFFECTS = ("messages", "table")


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
    # What the door must answer.
    with_key: bool = True
    content_type: str = "application/json"
    status: int = 202
    # What must come of it.
    seen: dict = None
    effects: dict = field(default_factory=dict)
    # On which emulators it gets into the store.
    stored: list = field(default_factory=list)
    dead: list = field(default_factory=list)
    version: int = 1


@dataclass(frozen=True)
class Case:
    """A case as its file says."""

    name: str
    folder: Path
    about: str
    names: Names
    emulators: list
    effects: str
    events: dict

    def on(self, kind):
        """Its events that are sent, or emitted, on an emulator of this kind."""
        return [event for event in self.events.values() if kind.name in event.only]


def load(folder):
    """Reads the case in this folder."""
    folder = Path(folder).resolve()
    try:
        document = yaml.safe_load((folder / "case.yaml").read_text(encoding="utf-8"))
        return _case(folder, document)
    except (OSError, yaml.YAMLError, CaseError, KeyError, TypeError) as error:
        raise CaseError(f"{folder.name}/case.yaml: {error}") from error


def _case(folder, document):
    _known("the case", document, {"about", "environment", "emulators", "effects", "events"})
    effects = document.get("effects", "messages")
    _one_of("effects", effects, EFFECTS)
    for name in document["emulators"]:
        _one_of("emulators", name, KINDS)
    case = Case(
        name=folder.name,
        folder=folder,
        about=document["about"],
        names=Names(_app(folder), document.get("environment")),
        emulators=document["emulators"],
        effects=effects,
        events={name: _event(name, said) for name, said in document["events"].items()},
    )
    for name in case.emulators:
        _carries(KINDS[name], case)
    return case


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
    if event.emitted == bool(event.request or event.enter):
        raise CaseError(f"`{name}` needs `request` or `enter`, or is `emitted`")
    if event.object and (event.enter != "store" or event.request):
        raise CaseError(f"`{name}` is in an object, so all that it has is `enter: store`")
    if event.status != 202 and (event.effects or event.stored or event.dead):
        raise CaseError(f"`{name}` is refused, so nothing can come of it")
    return event


def _carries(kind, case):
    """Whether all of the case's events can come in."""
    if kind.has_tables < (case.effects == "table"):
        raise CaseError(f"{kind.name} has no tables")
    for event in case.on(kind):
        if event.status == 202 and event.request and not event.enter and not kind.has_doors:
            raise CaseError(f"{kind.name} lacks the door of `{event.name}`: say where it is to `enter`")


def _known(what, said, keys):
    unknown = sorted(set(said) - keys)
    if unknown:
        raise CaseError(f"{what} has no `{unknown[0]}`; it can have {', '.join(sorted(keys))}")


def _one_of(what, word, words):
    if word not in words:
        raise CaseError(f"{what} cannot be `{word}`, but {', '.join(words)}")
