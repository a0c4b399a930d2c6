"""Greets the visitor. Called once for every event; raise an exception and it is tried again."""


def handle(event, context):
    words = {"en": "Hello", "de": "Hallo"}
    context.logger.info(f"{words[event.data.language]}, {event.data.name}!")
