"""Orders a payment once: the id of the event is the number of the order."""


def handle(event, context):
    context.logger.info("paid", worker=event.data.worker, cents=event.data.cents, order=event.id)
