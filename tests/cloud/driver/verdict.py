"""Compares what came of the events of a case with what had to."""

import json
import time
from collections import Counter

from effects import Broken

WAIT_SECONDS = 90
# How long to look again for what comes twice, once everything is there.
SETTLE_SECONDS = 2


def wrong_answer(event, answer):
    """What is wrong with the answer of an event's door, or None."""
    right = answer.status == event.status and (answer.status != 202 or answer.body.get("id"))
    if not right or not _holds(answer.body, event.answer or {}) or not _holds(answer.headers, event.shows):
        wanted = [event.status, *filter(None, [event.answer, event.shows])]
        said = f"{answer.status} {json.dumps(answer.body)} {json.dumps(answer.headers)}"
        return f"{event.name}: expected the answer {json.dumps(wanted)}, got {said}"
    return None


def _holds(said, wanted):
    """Whether all that is wanted was said, at every depth."""
    if isinstance(wanted, dict):
        return isinstance(said, dict) and all(name in said and _holds(said[name], wanted[name]) for name in wanted)
    return said == wanted


def wrong_order(order, events, ids, facts):
    """What is wrong with the order of effects, line by line: whoever sees events of a line sees all, in its order."""
    effects = sorted(
        ((fact.at, fact.place, name) for name, fact in _named(events, ids, facts) if fact.what == "effect"),
        key=lambda effect: effect[0],
    )
    wrong = []
    for line in order:
        places = sorted({place for _, place, name in effects if name in line})
        seen = {
            place: list(dict.fromkeys(name for _, where, name in effects if where == place and name in line))
            for place in places
        }
        if not seen or any(names != line for names in seen.values()):
            wrong.append(f"expected {line} in this order, saw {seen}")
    return wrong


def wait(events, ids, watcher, kind):
    """Looks until all has come of the events that had to, and a little longer. Returns what is wrong, line by line."""
    expected = _expected(events, kind)
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        seen = _seen(events, ids, watcher.look())
        # What is too much does not become less. What is on its way may be too much when it comes.
        while not seen - expected and (seen != expected or any(watcher.on_their_way())) and time.monotonic() < deadline:
            time.sleep(0.3)
            seen = _seen(events, ids, watcher.look())
        if seen == expected:
            time.sleep(SETTLE_SECONDS)
            seen = _seen(events, ids, watcher.look())
    except Broken as error:
        return [str(error)]
    lines = sorted((expected | seen).keys())
    wrong = [f"expected {expected[line]}, saw {seen[line]}: {line}" for line in lines if expected[line] != seen[line]]
    return wrong or [f"there are messages in {queue} still" for queue in watcher.on_their_way()]


def _expected(events, kind):
    """How often each line must be true."""
    lines = Counter()
    for event in events:
        for subscriber, times in event.effects.items():
            lines[_line("effect", f"{event.event}.{subscriber}", event.name, event.seen)] += times
        if kind.name in event.stored:
            lines[_line("stored", event.event, event.name, event.data)] += 1
        for what, subscribers in (("dead", event.dead), ("queued", event.queued)):
            for subscriber in subscribers:
                lines[_line(what, f"{event.event}.{subscriber}", event.name, event.data)] += 1
    return lines


def _seen(events, ids, facts):
    """How often each line is true."""
    return Counter(_line(fact.what, fact.place, name, fact.data) for name, fact in _named(events, ids, facts))


def _named(events, ids, facts):
    """The facts, each with the name of its event. IDS are the names of the events that were sent, by their ids."""
    names = dict(ids)
    for fact in facts:
        name = names.get(fact.id) or _emitted(events, names, fact)
        if name:
            names[fact.id] = name
        yield name or f"the event {fact.id}", fact


def _emitted(events, names, fact):
    """Which emitted event this is about: one that looks like it, and is not already known by another id."""
    for event in events:
        looks = event.seen if fact.what == "effect" else event.data
        fits = event.event == fact.place.split(".")[0] and looks == fact.data
        # An answer does not tell the id of the event.
        if (event.emitted or event.answer is not None) and fits and event.name not in names.values():
            return event.name
    return None


def _line(what, place, name, data):
    said = json.dumps(data, sort_keys=True)
    return {
        "effect": f"an effect of {place} on {name}: {said}",
        "stored": f"{name} in the store of {place}: {said}",
        "dead": f"{name} among the dead letters of {place}: {said}",
        "queued": f"{name} in the queue of {place}: {said}",
    }[what]
