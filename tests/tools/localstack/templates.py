"""Mends what localstack makes of templates.

- Its mapping templates get the methods of texts on values of `$context` too. Those are of a class of their own, below
  Python's text, and the template engine looks methods up by the exact class: so
  `$context.requestTime.substring(0, 2)` was empty.
- In `Fn::Sub`, `${!name}` is the text `${name}`, as it is at AWS, and not the resource `!name`.
"""

from airspeed import operators
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
    PreprocEntityDelta,
)

resolve_reference = ChangeSetModelPreproc._resolve_reference


def install():
    operators.__additional_methods__ = MethodsByClass(operators.__additional_methods__)
    ChangeSetModelPreproc._resolve_reference = resolve_reference_or_text


def resolve_reference_or_text(self, logical_id):
    if logical_id.startswith("!"):
        text = "${" + logical_id[1:] + "}"
        return PreprocEntityDelta(before=text, after=text)
    return resolve_reference(self, logical_id)


class MethodsByClass(dict):
    """Methods by the class that has them or inherits them."""

    def get(self, wanted, default=None):
        return next((self[one] for one in wanted.__mro__ if one in self), default)
