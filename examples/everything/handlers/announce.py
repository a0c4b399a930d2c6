"""Greets a parcel to come. The PIN is a secret field: it is blanked in the log."""


def handle(event, context):
    announced = event.data
    context.logger.info("announced", number=announced.number, pieces=announced.pieces, pin=announced.pin)
