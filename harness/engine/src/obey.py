"""The suite's worker function: it obeys its event, or each record of a batch.

An instruction is a JSON object with `TaskToken` and `Do` (`success` unless said otherwise, `failure`, `heartbeat`,
`silence`), with `Output`, `Error`, `Cause`, `Times`; `Throw` fails this record, `ThrowBatch` the whole invocation;
`Return` is what the function gives instead of its own report; `RunSeconds` is how long it takes.
A token that is closed was answered already: no failure.
"""

import functools
import json
import time

CALLS = {"success": "send_task_success", "failure": "send_task_failure", "heartbeat": "send_task_heartbeat"}


@functools.cache
def step_functions():
    try:
        import boto3
    except ImportError:
        import botocore.session

        return botocore.session.get_session().create_client("stepfunctions")
    return boto3.client("stepfunctions")


def raised(kind, message):
    return type(kind, (Exception,), {})(message)


def handler(event, context):
    if "Records" not in event:
        obey(event)
        return event.get("Return")
    failures, answer, answers = [], None, False
    for record in event["Records"]:
        order = None
        try:
            order = json.loads(record["body"])
            if not isinstance(order, dict):
                raise ValueError("no instruction")
            if not answers and "Return" in order:
                answer, answers = order["Return"], True
            obey(order)
        except Exception:
            if isinstance(order, dict) and "ThrowBatch" in order:
                raise
            failures.append({"itemIdentifier": record["messageId"]})
    return answer if answers else {"batchItemFailures": failures}


def obey(order):
    time.sleep(order.get("RunSeconds", 0))
    throw = order.get("Throw", order.get("ThrowBatch"))
    if isinstance(throw, dict):
        raise raised(throw.get("errorType", "Error"), throw.get("errorMessage", ""))
    if throw is not None:
        raise raised("Error", throw)
    what = order.get("Do", "success")
    if "TaskToken" not in order or what == "silence":
        return
    members = {"taskToken": order["TaskToken"]}
    if what == "success":
        members["output"] = json.dumps(order.get("Output", "Callback task completed successfully."))
    if what == "failure":
        members |= {to: order[of] for of, to in (("Error", "error"), ("Cause", "cause")) if of in order}
    for _ in range(order.get("Times", 1)):
        try:
            getattr(step_functions(), CALLS[what])(**members)
        except Exception as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if code in ("TaskTimedOut", "TaskDoesNotExist"):
                continue
            raise raised(code or "Error", str(error)) from None
