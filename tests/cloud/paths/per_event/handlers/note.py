from effect import leave_effect


def handle(event, context):
    leave_effect(event)
