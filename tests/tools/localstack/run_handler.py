"""Calls the Python handler that `_HANDLER` names with the event on standard input; what comes of it is a file."""

import importlib
import json
import os
import sys
import traceback
from types import SimpleNamespace


def main():
    sys.path[0] = os.getcwd()
    module, name = os.environ["_HANDLER"].rsplit(".", 1)
    context = SimpleNamespace(
        aws_request_id=os.environ["PIPEC_REQUEST"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        invoked_function_arn=os.environ["PIPEC_FUNCTION_ARN"],
    )
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        outcome = {"result": handler(json.load(sys.stdin), context)}
    except Exception as error:
        traceback.print_exc()
        outcome = {"error": {"errorType": type(error).__name__, "errorMessage": str(error)}}
    with open(os.environ["PIPEC_ANSWER"], "w", encoding="utf-8") as answer:
        json.dump(outcome, answer)


if __name__ == "__main__":
    main()
