from effect import leave_effect


def handle(event, context):
    leave_effect(event)
    if event.data.person == 13:
        raise ValueError("poisoned")
    if event.data.person == 14:
        return {"allowed": "perhaps"}
    return {"allowed": event.data.person < 10}
