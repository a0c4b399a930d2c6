"""What the types refuse, and what is said of it: each line that ends in a comment is an error, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipec_types import BuildingExited, BuildingExitedContext, BuildingExitedShowContext
    from pipec_types import Event, Noticed, NoticedContext, OccupancyChanged, OccupancyChangedContext
    from pipec_types import EntryRequested, EntryRequestedAnswer
    from pipec_types import BuildingEntered  # error: Module "pipec_types" has no attribute "BuildingEntered"


def fields(event: BuildingExited) -> None:
    event.data.employe_id  # error: "BuildingExitedData" has no attribute "employe_id"; maybe "employee_id"?
    event.data["employe_id"]  # error: No overload variant of "__getitem__"
    event.data.get("employe_id")  # error: No overload variant of "get"
    event.data.direction  # error: "BuildingExitedData" has no attribute "direction"
    event.data.items.append("x")  # error: has no attribute "append"
    number: int = event.data.employee_id  # error: expression has type "str", variable has type "int"
    event.data.get("direction").upper()  # error: Item "None" of "Literal['front', 'back'] | None" has no attribute "upper"
    event.data.badges[0].kind == "robot"  # error: Non-overlapping equality check
    event.data.badges[0].serail  # error: "Badge" has no attribute "serail"; maybe "serial"?
    event.time.upper()  # error: Item "None" of "str | None" has no attribute "upper"
    event.id = "mine"  # error: Property "id" defined in "Event" is read-only
    print(number)


def emits(event: BuildingExited, context: BuildingExitedContext) -> None:
    context.emit("OccupancyChange", {"building": "hq", "inside": 1})  # error: No overload variant of "emit"
    context.emit("OccupancyChanged", {"building": "hq"})  # error: No overload variant of "emit"
    context.emit("CardLost", {"badge": {"serial": 1}})  # error: No overload variant of "emit"
    context.log("x")  # error: "BuildingExitedContext" has no attribute "log"


def emits_one(event: OccupancyChanged, context: OccupancyChangedContext) -> None:
    context.emit("CardLost", {})  # error: Missing key "badge" for TypedDict "CardLostInput"
    context.emit("CardLost", {"badge": event.data.get("badges", [])[0], "why": 1})  # error: Extra key "why"
    context.emit("Noticed", {})  # error: expected "Literal['CardLost']"


def of_another_subscriber(event: BuildingExited, context: BuildingExitedShowContext) -> None:
    context.emit("Noticed", {})
    context.emit("OccupancyChanged", {"building": "hq", "inside": 1})  # error: expected "Literal['Noticed']"


def emits_nothing(event: Noticed, context: NoticedContext) -> None:
    context.emit("Noticed", {})  # error: "NoticedContext" has no attribute "emit"


def another_event(event: OccupancyChanged) -> None:
    fields(event)  # error: Argument 1 to "fields" has incompatible type "OccupancyChanged"; expected "BuildingExited"


def any_event(event: Event[object]) -> None:
    event.data.building  # error: "object" has no attribute "building"


def answer(event: EntryRequested) -> EntryRequestedAnswer:
    return {"reason": event.data.employee_id}  # error: Missing key "allowed" for TypedDict "EntryRequestedAnswer"
