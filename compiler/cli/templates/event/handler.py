"""Called once for every EventName; raise an exception and it is tried again."""


def handle(event, context):
    context.logger.info(f"EventName {event.data.id}")
