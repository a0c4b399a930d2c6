from effect import leave_effect


def handle(event, context):
    if context.secret("TOKEN") != event.data.token:
        raise ValueError("poisoned")
    leave_effect(event)
