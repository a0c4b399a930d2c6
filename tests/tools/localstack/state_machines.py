"""Lets localstack make state machines that batch the items of a map.

Its language of states lacks `ItemBatcher`, and a stack with such a machine fails. The machine is made without it, so
that the rest of the stack is there; nobody may expect it to run.
"""

import json

from localstack.services.stepfunctions.resource_providers.aws_stepfunctions_statemachine import (
    StepFunctionsStateMachineProvider,
)

get_definition = StepFunctionsStateMachineProvider._get_definition


def install():
    StepFunctionsStateMachineProvider._get_definition = get_definition_without_batches


def get_definition_without_batches(self, model, s3_client):
    return json.dumps(_without_batches(json.loads(get_definition(self, model, s3_client))))


def _without_batches(part):
    if isinstance(part, dict):
        return {name: _without_batches(inner) for name, inner in part.items() if name != "ItemBatcher"}
    return [_without_batches(inner) for inner in part] if isinstance(part, list) else part
