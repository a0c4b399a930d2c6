"""Locker doors open and close in the order of their locker."""


def handle(event, context):
    context.logger.info("locker", locker=event.data.locker, door=event.data.door)
