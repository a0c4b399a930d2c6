"""Distributed maps of ministack whose state speaks JSONata and batches its items.

Its own speak JSONPath only and know no batches: such a map found nothing to do.
"""

import copy

from ministack.services import stepfunctions as states

run_distributed_map = states._run_distributed_map


def install():
    states._run_distributed_map = run_any_distributed_map


def run_any_distributed_map(state, said, effective, iterator, execution, context):
    if states._state_query_language(state, context) != "JSONata" or "ItemBatcher" not in state:
        return run_distributed_map(state, said, effective, iterator, execution, context)
    results = [
        # Each batch is an execution of its own, which knows nothing of this one's variables.
        states._run_sub_machine(
            iterator["States"], iterator["StartAt"], batch, execution, copy.deepcopy(context) | {"variables": {}}
        )
        for batch in _batches(state, said, effective, context)
    ]
    output = states._apply_jsonata_output(state, said, context, result=results, default=results)
    states._apply_state_assign(state, said, context, result=results)
    return output, states._next_or_end(state)


def _batches(state, said, effective, context):
    reader, batcher = state["ItemReader"], state["ItemBatcher"]
    arguments = states._apply_jsonata_template(reader["Arguments"], said, context)
    items = states._read_map_items(reader | {"Arguments": arguments}, effective, context)
    more = states._apply_jsonata_template(batcher["BatchInput"], said, context)
    size = batcher["MaxItemsPerBatch"]
    for first in range(0, len(items), size):
        yield {"BatchInput": more, "Items": items[first : first + size]}
