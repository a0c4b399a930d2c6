from effect import leave_effect


def handle(event, context):
    leave_effect(event)
    if event.data.by == "nobody":
        raise ValueError("poisoned")
