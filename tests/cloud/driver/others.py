"""What others have made before an app is deployed, and what is asked of them, and of it, afterwards."""

import io
import json
import time
import zipfile

from naming import arn

# The hosted zone that projects name.
ZONE = "Z0123456789ABC"
CONFIRM_SECONDS = 20
REPLAY_SECONDS = 60


class Others:
    """What is beside an app: functions, secrets, a hosted zone."""

    def __init__(self, emulator, case):
        self._emulator = emulator
        self._case = case
        # Texts of the project, and what stands in for them.
        self.stand_ins = {}

    def prepare(self):
        """Makes what must be there before."""
        for name, text in self._case.others.secrets.items():
            self._emulator.client("secretsmanager").create_secret(Name=name, SecretString=text)
        if self._case.others.zone:
            zones = self._emulator.client("route53")
            made = zones.create_hosted_zone(Name=self._case.others.zone, CallerReference="others")
            self.stand_ins[ZONE] = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
        if self._case.others.functions:
            role = self._make_role()
        for name, path in self._case.others.functions.items():
            self._make_function(name, path, role)

    def _make_function(self, name, path, role):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as package:
            package.write(self._case.folder / path, "main.py")
        self._emulator.client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Handler="main.handler", Role=role,
            Code={"ZipFile": packed.getvalue()},
        )

    def _make_role(self):
        iam = self._emulator.client("iam")
        principal = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": arn("sns", "effects")}
        iam.create_role(RoleName="others", AssumeRolePolicyDocument=_policy(principal))
        iam.put_role_policy(RoleName="others", PolicyName="publish", PolicyDocument=_policy(publish))
        return iam.get_role(RoleName="others")["Role"]["Arn"]

    def confirm(self):
        """Waits until the web server has confirmed its subscriptions: what comes before it does not get."""
        deadline = time.monotonic() + CONFIRM_SECONDS
        while self._case.others.hooks and (waiting := self._unconfirmed()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not confirmed after {CONFIRM_SECONDS} s: {waiting}")
            time.sleep(0.2)

    def _unconfirmed(self):
        subscriptions = self._emulator.client("sns").list_subscriptions()["Subscriptions"]
        return [one["Endpoint"] for one in subscriptions if not one["SubscriptionArn"].startswith("arn:")]

    def leave(self):
        """Takes away what is gone when the events come."""
        for name in self._case.others.gone:
            self._emulator.client("lambda").delete_function(FunctionName=name)

    def replay(self):
        """Replays what the case says; returns what is wrong, line by line."""
        return [wrong for one in self._case.replay if (wrong := self._replay(one))]

    def _replay(self, one):
        states = self._emulator.client("stepfunctions")
        said = {"subscriber": one.subscriber, "prefix": "dt="}
        execution = states.start_execution(
            stateMachineArn=self._case.names.replay(one.event), input=json.dumps(said)
        )["executionArn"]
        deadline = time.monotonic() + REPLAY_SECONDS
        while (known := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                return f"the replay of {one.event} took longer than {REPLAY_SECONDS} s"
            time.sleep(0.3)
        if known["status"] != "SUCCEEDED":
            return f"the replay of {one.event} ended as {known['status']}: {known.get('error')} {known.get('cause')}"
        return None

    def missing(self):
        """What must be there, and is not, line by line."""
        questions = [one for one in self._case.there if self._emulator.kind.name in one.only]
        return [wrong for one in questions if (wrong := self._missing(one))]

    def _missing(self, question):
        service, ask = question.ask.split(" ")
        of = json.dumps(question.of)
        for said, meant in self.stand_ins.items():
            of = of.replace(said, meant)
        answer = getattr(self._emulator.client(service), ask)(**json.loads(of))
        said = json.dumps(answer, default=str)
        lacking = [text for text in question.holds if text not in said]
        return f"{question.ask} does not tell of {lacking}: {said}" if lacking else None


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
