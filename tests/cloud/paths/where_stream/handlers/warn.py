from effect import leave_effect


def handle(event, context):
    leave_effect(event)
    if event.data.value == 1300:
        raise ValueError("poisoned")
