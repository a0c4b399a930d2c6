"""Called once for every event. Raise an exception and the event is tried again."""


def handle(event, context):
    context.logger.info(f"Hello, {event.data.name}!")
