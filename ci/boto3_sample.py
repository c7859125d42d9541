"""Drives AWS's sample of the callback pattern through boto3: success, failure, and a token used twice.

    python ci/boto3_sample.py http://127.0.0.1:4566
"""

import json
import sys
import time

import boto3
from botocore.config import Config

ENDPOINT = sys.argv[1]
PATIENCE = 20  # seconds, for a message or an end
WAIT, GOOD, BAD = "Start Task And Wait For Callback", "Notify Success", "Notify Failure"


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


sfn, sqs, sns = client("stepfunctions"), client("sqs"), client("sns")


def definition(queue, topic):
    def notify(text):
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": topic, "Message": text},
            "End": True,
        }

    return {
        "StartAt": WAIT,
        "States": {
            WAIT: {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {
                    "QueueUrl": queue,
                    "MessageBody": {"MessageTitle": "Task started.", "TaskToken.$": "$$.Task.Token"},
                },
                "Next": GOOD,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": BAD}],
            },
            GOOD: notify("Callback received."),
            BAD: notify("Task failed."),
        },
    }


def receive(queue):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        reply = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        for message in reply.get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(message["Body"])
    raise AssertionError(f"no message in {queue}")


def settled(execution):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told = sfn.describe_execution(executionArn=execution)
        if told["status"] != "RUNNING":
            return told
        time.sleep(0.1)  # No call waits for the end of an execution.
    raise AssertionError(f"{execution} is still running")


def states(execution):
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if event["type"] == "TaskStateEntered"]
    return entered, [event["type"] for event in events]


queue = sqs.create_queue(QueueName="boto3-work")["QueueUrl"]
heard = sqs.create_queue(QueueName="boto3-heard")["QueueUrl"]
heard_arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
topic = sns.create_topic(Name="boto3-topic")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard_arn)
machine = sfn.create_state_machine(
    name="boto3-sample",
    definition=json.dumps(definition(queue, topic)),
    roleArn="arn:aws:iam::123456789012:role/sample",
)["stateMachineArn"]

execution = sfn.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
token = receive(queue)["TaskToken"]
sfn.send_task_heartbeat(taskToken=token)
sfn.send_task_success(taskToken=token, output=json.dumps({"done": True}))
assert settled(execution)["status"] == "SUCCEEDED"
assert states(execution)[0] == [WAIT, GOOD], states(execution)
assert receive(heard)["Message"] == "Callback received."
try:
    sfn.send_task_success(taskToken=token, output="{}")
    raise AssertionError("a used token was accepted")
except (sfn.exceptions.TaskTimedOut, sfn.exceptions.InvalidToken) as refused:
    print("a used token:", refused.response["Error"]["Code"])

execution = sfn.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
sfn.send_task_failure(taskToken=receive(queue)["TaskToken"], error="Refused", cause="sold out")
assert settled(execution)["status"] == "SUCCEEDED"
entered, types = states(execution)
assert entered == [WAIT, BAD] and "TaskFailed" in types, (entered, types)
assert receive(heard)["Message"] == "Task failed."

try:
    sfn.send_task_success(taskToken="nobody issued this", output="{}")
    raise AssertionError("a made-up token was accepted")
except sfn.exceptions.InvalidToken:
    pass
sfn.delete_state_machine(stateMachineArn=machine)
sns.delete_topic(TopicArn=topic)
for url in (queue, heard):
    sqs.delete_queue(QueueUrl=url)
print(f"boto3 {boto3.__version__}: the sample did what AWS says it does")
