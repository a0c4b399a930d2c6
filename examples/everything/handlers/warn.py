"""Says it aloud when a hall gets warm."""


def handle(event, context):
    if event.data.celsius > 8:
        context.logger.warning("too warm", hall=event.data.hall, celsius=event.data.celsius)
