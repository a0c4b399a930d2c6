"""Gives the mapping templates of localstack the methods of texts on values of `$context` too.

Those are of a class of their own, below Python's text, and the template engine looks methods up by the exact class: so
`$context.requestTime.substring(0, 2)` was empty.
"""

from airspeed import operators


def install():
    operators.__additional_methods__ = MethodsByClass(operators.__additional_methods__)


class MethodsByClass(dict):
    """Methods by the class that has them or inherits them."""

    def get(self, wanted, default=None):
        return next((self[one] for one in wanted.__mro__ if one in self), default)
