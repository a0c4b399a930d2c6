"""What the types allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pipec_types import Badge, BuildingExited, BuildingExitedContext, Context, OccupancyChangedInput
    from pipec_types import EntryRequested, EntryRequestedAnswer


def handle(event: BuildingExited, context: BuildingExitedContext) -> None:
    data = event.data
    employee: str = data.employee_id
    the_same: str = data["employee_id"]
    always_there: str = data.language
    direction: Literal["front", "back"] | None = data.get("direction")
    with_default: str = data.get("direction", "none")
    keyword: str | None = data.get("class")
    method_of_dict: list[str] = data["items"]
    labels: dict[str, int] = data.labels
    anything: Any = data.more
    kinds: list[Literal["staff", "guest"]] = [badge.kind for badge in data.badges]
    inner: Badge | None = data.badges[0].get("next")
    time: str | None = event.time
    if "direction" in data:
        direction = data["direction"]
    for name in data:
        print(name, data[name])
    print(json.dumps(data), len(data), list(data.items()), data.copy() | {"more": 1})
    print(employee, the_same, always_there, with_default, keyword, method_of_dict, labels, anything, kinds, inner, time)
    changed: OccupancyChangedInput = {"building": data.building, "inside": 1, "badges": data.badges, "from": "here"}
    sent: str = context.emit("OccupancyChanged", changed)
    context.emit("OccupancyChanged", {"building": "hq", "inside": 1, "level": 3, "badges": [{"serial": "x"}]})
    context.emit("CardLost", {"badge": data.badges[0]})
    context.emit("Noticed", ["whatever", 1])
    report(context, sent)


def report(context: Context, sent: str) -> None:
    context.logger.info("sent", sent=sent, attempt=context.attempt + 1)
    context.logger.warning(context.secret("TOKEN"))
    context.logger.error(context.aws.aws_request_id)


def answer(event: EntryRequested) -> EntryRequestedAnswer:
    return {"allowed": event.data.employee_id != "1", "reason": "closed"}
