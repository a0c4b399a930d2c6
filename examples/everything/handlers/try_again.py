"""Tries again what failed: the same event with one more try, until the condition ends it."""


def handle(event, context):
    context.emit("IncidentSeen", {**event.data, "tries": event.data.tries + 1})
