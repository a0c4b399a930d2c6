"""Notes it."""


def handle(event, context):
    context.logger.info("noted", hall=event.data.hall)
