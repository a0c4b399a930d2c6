"""A person left a building: they are nowhere now, wherever they were seen last."""

from occupancy import announce, move


def handle(event, context):
    data = event.data
    announce(move(event.id, data.employee_id, data.exited_at, to=None), context)
