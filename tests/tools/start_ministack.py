"""Starts ministack with what the tests need of it that it lacks.

- Every request is taken for one over TLS. It listens without, and would otherwise refuse what policies allow over TLS
  only.
- Its CloudFormation makes named queries of Athena, which its Athena knows.
- Its Step Functions run the maps of replays (`ministack_maps.py`), and take the count of a listing of S3 for a number.
- Filters of SNS look into the objects of a list, such as the records of a notification of S3.

It takes its settings from the environment, as `ministack` does.
"""

import json

import ministack_maps
from ministack import app
from ministack.services import athena, sns, stepfunctions
from ministack.services.cloudformation import provisioners

pin_request_origin = app.pin_request_origin


def pin_secure_origin(source_ip, secure_transport):
    pin_request_origin(source_ip, True)


def create_named_query(logical_id, properties, stack_name):
    _status, _headers, body = athena._create_named_query(properties)
    query = json.loads(body)["NamedQueryId"]
    return query, {"NamedQueryId": query}


def delete_named_query(physical_id, properties):
    athena._delete_named_query({"NamedQueryId": physical_id})


def look_up(*bodies):
    """What filters ask of a message's body, or of the objects of a list in it: any may be the one that fits."""

    def values(key):
        found = [body[key] for body in bodies if body.get(key) is not None]
        return [one for value in found for one in (value if isinstance(value, list) else [value])]

    def lookup(key):
        return bool(values(key)), values(key), any(bodies)

    lookup.child = lambda key: look_up(*[one for one in values(key) if isinstance(one, dict)])
    return lookup


if __name__ == "__main__":
    sns._body_lookup = look_up
    ministack_maps.install()
    stepfunctions._XML_NUMERIC_FIELDS |= {"KeyCount"}
    app.pin_request_origin = pin_secure_origin
    # Without an update: every property of a named query is one that replaces it.
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
        "create": create_named_query,
        "delete": delete_named_query,
    }
    app.main()
