"""Counts how far a belt ran: one log line an event, which a metric filter adds up."""


def handle(event, context):
    context.logger.info("belt moved", belt=event.data.belt, metres=event.data.metres)
