"""Learns how long a way takes. A replay teaches it again from the stored events."""


def handle(event, context):
    context.logger.info("learnt", hall=event.data.hall, minutes=event.data.minutes)
