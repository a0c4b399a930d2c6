"""A person came into a building: they are there now, and nowhere else."""

from occupancy import announce, move


def handle(event, context):
    data = event.data
    announce(move(event.id, data.employee_id, data.entered_at, to=data.building), context)
