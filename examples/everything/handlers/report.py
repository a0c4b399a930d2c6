"""Does the same for every event, so two subscribers share it."""


def handle(event, context):
    context.logger.info("reported", time=event.time, **event.data)
