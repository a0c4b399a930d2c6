"""The answer of a synchronous event, and what its caller learns when there is none."""

import json

from .errors import AnswerRefused, NotStored, Rejected
from .strict_json import plain


def answer_of(value, schema):
    """What the caller will read: checked, with the defaults that the handler left out."""
    try:
        answer = plain(value)
        if schema:
            schema.accept(answer)
        return answer
    except Rejected as error:
        raise AnswerRefused(error.reason, error.pointer) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswerRefused(f"not JSON: {type(error).__name__}") from None


def failure_of(error):
    """The message for the log, and the text for the caller. API Gateway picks the status by the text:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html
    """
    if isinstance(error, AnswerRefused):
        return "answer refused", "ANSWER: the handler's answer does not fit its schema"
    if isinstance(error, Rejected):
        # The pointer may hold a key that the caller thought up. One line of ASCII, fit to stand inside a JSON text,
        # can neither escape a pattern nor break a mapping template.
        return "event rejected", f"REJECTED: {json.dumps(str(error))[1:-1]}"
    return "event not stored" if isinstance(error, NotStored) else "handler failed", "FAILED"
