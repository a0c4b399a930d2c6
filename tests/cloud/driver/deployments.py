"""Deploys, changes, breaks and destroys projects with `pipec` on an emulator, and reads back what is there.

    deployments.py NAME --pipec PATH   runs one scenario
    deployments.py --list              prints their names

A scenario ends with 0 when it passed and 1 when it failed. Nothing is believed from the status of a stack: resources
are asked for through their own services.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

from botocore.exceptions import ClientError

from emulator import ACCOUNT, KINDS, REGION, running
from throttle import throttling

PROJECT = Path(__file__).resolve().parents[1] / "deployments"
LOW = Path(__file__).resolve().parents[3] / "stdlib/constructs/tier/low"
SECONDS = 120
SCENARIOS = {}


def scenario(function):
    """Makes a function a scenario of its name."""
    SCENARIOS[function.__name__] = function
    return function


class Place:
    """A project in a folder of its own, an emulator, and the compiler."""

    def __init__(self, emulator, pipec):
        self.emulator = emulator
        self.pipec = pipec
        self.project = emulator.folder / "project"
        shutil.copytree(PROJECT, self.project)

    def run(self, command, *arguments, env=None):
        """Runs `pipec COMMAND` on the project; returns exit status, output and errors."""
        with self.start(command, *arguments, env=env) as process:
            out, err = process.communicate(timeout=SECONDS)
            return process.returncode, out, err

    def start(self, command, *arguments, env=None):
        """Starts `pipec COMMAND` on the project."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        safe = {"NO_COLOR": "1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(self.emulator.folder)}
        variables = inherited | safe | (self.emulator.variables() if env is None else env)
        return subprocess.Popen(
            [self.pipec, command, self.project, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables,
        )

    def deploy(self, *arguments):
        """Deploys, which must work; returns the news by name, each a list."""
        status, out, err = self.run("deploy", "--yes", "--json", *arguments)
        expect(status == 0, f"pipec deploy ended with {status}\n{out}\n{err}")
        news = {}
        for line in out.splitlines():
            one = json.loads(line)
            news.setdefault(one["news"], []).append(one)
        return news

    def edit(self, path, old, new):
        """Replaces a text in a file of the project."""
        file = self.project / path
        text = file.read_text()
        expect(old in text, f"{path} has no {old!r}")
        file.write_text(text.replace(old, new))

    def write(self, path, text):
        """Writes a file of the project."""
        file = self.project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def write_tier(self, name, resources):
        """Writes a tier of the project's own: the tier `low`, with resources beside it."""
        text = (LOW / "construct.yaml").read_text().replace("construct: tier/low", f"construct: tier/{name}")
        self.write(f"lib/tier/{name}/construct.yaml", text + resources)
        shutil.copy(LOW / "object.vtl", self.project / f"lib/tier/{name}")

    def client(self, service):
        return self.emulator.client(service)

    def queues(self):
        urls = self.client("sqs").list_queues().get("QueueUrls", [])
        return sorted(url.rsplit("/", 1)[-1] for url in urls)

    def functions(self):
        return sorted(one["FunctionName"] for one in self.client("lambda").list_functions()["Functions"])

    def buckets(self):
        return sorted(one["Name"] for one in self.client("s3").list_buckets()["Buckets"])

    def streams(self):
        return sorted(self.client("kinesis").list_streams()["StreamNames"])

    def stacks(self):
        """The statuses of the root stacks by name."""
        all = self.client("cloudformation").describe_stacks()["Stacks"]
        return {one["StackName"]: one["StackStatus"] for one in all if one["StackName"] in ("shop", "shop-doors", "pipec-bootstrap")}

    def events(self, stack="shop"):
        """How many events a stack has."""
        return len(self.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"])

    def artifacts(self):
        """The versions of all objects in the artifact bucket."""
        bucket = next(name for name in self.buckets() if "bootstrap" in name)
        return sorted(one["Key"] + one["VersionId"] for one in self.client("s3").list_object_versions(Bucket=bucket)["Versions"])


class Wrong(Exception):
    """Something is not as it should be."""


def expect(holds, said):
    if not holds:
        raise Wrong(said)


def equal(seen, wanted, what):
    expect(seen == wanted, f"{what}: wanted {wanted!r}, saw {seen!r}")


def contains(text, *parts):
    for part in parts:
        expect(part in re.sub(r"\s+", " ", text.replace("│", "")), f"nothing says {part!r}:\n{text}")


@scenario
def creates(place):
    """Everything is there, as it is written, after the first deployment."""
    news = place.deploy()
    equal(place.queues(), ["shop-Ordered-ship", "shop-Ordered-ship-dead"], "queues")
    equal(place.functions(), ["shop-Ordered-ship"], "functions")
    sqs = place.client("sqs")
    url = sqs.get_queue_url(QueueName="shop-Ordered-ship")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    contains(queue["RedrivePolicy"], "shop-Ordered-ship-dead")
    expect(queue.get("KmsMasterKeyId"), "the queue is not encrypted with the app's key")
    function = place.client("lambda").get_function_configuration(FunctionName="shop-Ordered-ship")
    equal(function["Timeout"], 30, "the function's timeout")
    apis = [api["name"] for api in place.client("apigateway").get_rest_apis()["items"]]
    equal(apis, ["shop-public"], "apis")
    address = news["deployed"][0]["outputs"]["ReleasePublicUrl"]
    contains(address, "https://")
    store = f"shop-ordered-{ACCOUNT}-{REGION}"
    expect(store in place.buckets(), f"there is no bucket {store}")
    equal(place.client("s3").get_bucket_versioning(Bucket=store)["Status"], "Enabled", "versioning of the store")
    _bootstrapped(place)


def _bootstrapped(place):
    bucket = next(name for name in place.buckets() if "bootstrap" in name)
    s3 = place.client("s3")
    equal(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled", "versioning of artifacts")
    contains(s3.get_bucket_policy(Bucket=bucket)["Policy"], "aws:SecureTransport")
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    expect(rules, "artifacts are not encrypted")
    role = place.client("apigateway").get_account().get("cloudwatchRoleArn", "")
    contains(role, "role/")


@scenario
def does_nothing_twice(place):
    """A second deployment of an unchanged project uploads nothing and starts no operation."""
    place.deploy()
    before = place.artifacts(), place.events(), place.events("pipec-bootstrap")
    news = place.deploy()
    equal((place.artifacts(), place.events(), place.events("pipec-bootstrap")), before, "artifacts and events")
    equal(news["deployed"][0]["changed"], False, "whether anything was done")
    expect("checking" not in news, "a change set was made")
    status, out, _ = place.run("deploy")
    equal((status, "nothing changes" in out), (0, True), "a deployment that has nothing to ask")


@scenario
def updates_one_stack(place):
    """A changed handler uploads one package and touches the stack of its event only."""
    place.write("events/returned.pipe", RETURNED)
    place.write("handlers/refund.py", "def handle(event, context):\n    pass\n")
    place.deploy()
    before = place.artifacts()
    code = place.client("lambda").get_function_configuration(FunctionName="shop-Ordered-ship")["CodeSha256"]
    other = place.client("lambda").get_function_configuration(FunctionName="shop-Returned-refund")["LastModified"]
    place.edit("handlers/ship.py", "pass", "return None")
    news = place.deploy()
    fresh = [key for key in place.artifacts() if key not in before]
    equal(len([key for key in fresh if key.startswith("handlers/")]), 1, "packages that were uploaded")
    changes = [change for root in news["plan"][0]["plan"]["roots"] for change in root["changes"]]
    equal([(one["nested"], one["properties"]) for one in changes], [("EventOrdered", ["Code"])], "what is touched")
    fresh_code = place.client("lambda").get_function_configuration(FunctionName="shop-Ordered-ship")["CodeSha256"]
    expect(code != fresh_code, "the function has its old code")
    still = place.client("lambda").get_function_configuration(FunctionName="shop-Returned-refund")["LastModified"]
    equal(still, other, "when the other event's function was changed")


@scenario
def plans_without_writing(place):
    """A plan of a first deployment leaves nothing at all behind."""
    status, out, _ = place.run("deploy", "--plan")
    equal(status, 0, "exit status")
    contains(out, "+ Ordered", "resources added")
    equal((place.stacks(), place.buckets()), ({}, []), "stacks and buckets")


@scenario
def keeps_data(place):
    """What would delete or replace data is refused at its line, before anything is touched, until the user agrees."""
    place.write_tier("named", NAMED)
    place.write("events/counted.pipe", COUNTED)
    place.deploy()
    equal(place.streams(), ["first"], "streams")
    before = place.events(), place.artifacts()
    place.edit("events/counted.pipe", '"first"', '"second"')
    status, out, err = place.run("deploy", "--yes")
    equal(status, 1, "exit status")
    contains(err, "P0801", "events/counted.pipe:5:3", "replaces the Kinesis::Stream `Stream` of `Counted.volume`")
    contains(err, "--allow-data-loss Counted", "`Name` cannot change in place")
    contains(out, "DATA LOSS")
    equal((place.events(), place.artifacts()), before, "what was touched")
    equal(place.streams(), ["first"], "streams")
    place.deploy("--allow-data-loss", "Counted")
    # The emulator does not delete what is replaced in a nested stack.
    place.client("kinesis").delete_stream(StreamName="first")
    equal(place.streams(), ["second"], "streams")

    (place.project / "events/counted.pipe").unlink()
    status, _, err = place.run("deploy", "--yes")
    equal(status, 1, "exit status")
    contains(err, "deletes the Kinesis::Stream")
    equal(place.streams(), ["second"], "streams")
    place.deploy("--allow-data-loss", "Counted")
    equal(place.streams(), [], "streams")


@scenario
def explains_failures(place):
    """An update that fails is rolled back, and explained at the line that it came from."""
    place.write_tier("odd", ODD)
    counted = COUNTED.replace('named { stream "first" }', 'odd { queue "odd.fifo" }')
    # pipec would know better than to deploy it.
    place.write("events/counted.pipe", counted.replace("\n}", '\n  expect P1020 "the service is to refuse it"\n}'))
    place.deploy()
    place.edit("events/counted.pipe", '"odd.fifo"', '"odd"')
    place.edit("handlers/ship.py", "pass", "return None")
    code = place.client("lambda").get_function_configuration(FunctionName="shop-Ordered-ship")["CodeSha256"]
    status, out, err = place.run("deploy", "--yes", "--allow-data-loss", "Counted")
    equal(status, 3, "exit status")
    contains(err, "P0802", "events/counted.pipe:5:3", "the SQS::Queue `Odd` of `Counted.volume`")
    contains(err, "the stack is as it was before")
    equal(place.stacks()["shop"], "UPDATE_ROLLBACK_COMPLETE", "the stack")
    expect("odd.fifo" in place.queues(), "the queue is gone")
    still = place.client("lambda").get_function_configuration(FunctionName="shop-Ordered-ship")["CodeSha256"]
    equal(still, code, "the code of another function")
    # Mended, the same command goes on.
    place.edit("events/counted.pipe", '"odd"', '"odd.fifo"')
    place.deploy()
    fresh = place.client("lambda").get_function_configuration(FunctionName="shop-Ordered-ship")["CodeSha256"]
    expect(fresh != code, "the function has its old code")


@scenario
def destroys(place):
    """Everything goes but what is to be kept, and that is named."""
    place.deploy()
    status, _, err = place.run("destroy")
    equal(status, 2, "exit status of a destruction that nobody confirms")
    status, _, err = place.run("destroy", "--confirm", "shap")
    equal((status, place.stacks()["shop"]), (2, "CREATE_COMPLETE"), "a destruction with the wrong name")
    status, out, err = place.run("destroy", "--confirm", "shop")
    equal(status, 0, f"exit status\n{err}")
    kept = [f"shop--queries-{ACCOUNT}-{REGION}", f"shop-ordered-{ACCOUNT}-{REGION}"]
    for bucket in kept:
        contains(out, f"S3::Bucket {bucket}")
    equal((place.queues(), place.functions(), place.streams()), ([], [], []), "what is left")
    equal([name for name in place.buckets() if "bootstrap" not in name], kept, "buckets")
    equal(list(place.stacks()), ["pipec-bootstrap"], "stacks")
    status, out, _ = place.run("destroy", "--confirm", "shop")
    equal((status, "there is nothing to delete" in out), (0, True), "a second destruction")


@scenario
def deploys_domains(place):
    """A domain is deployed after the app, takes its values, and goes when its folder goes."""
    place.write("events/doors/doors.pipe", DOORS)
    place.write("handlers/log.py", "def handle(event, context):\n    pass\n")
    news = place.deploy()
    equal(list(place.stacks()), ["pipec-bootstrap", "shop", "shop-doors"], "stacks")
    begun = [one["stack"] for one in news["started"]]
    expect(begun.index("shop") < begun.index("shop-doors"), f"the order is {begun}")
    function = place.client("lambda").get_function_configuration(FunctionName="shop-Opened-log")
    status, out, _ = place.run("status")
    contains(out, "shop-doors CREATE_COMPLETE")
    expect(function.get("KMSKeyArn") or status == 0, "no key reached the domain")
    shutil.rmtree(place.project / "events/doors")
    status, _, err = place.run("deploy", "--yes")
    equal(status, 1, "exit status")
    contains(err, "--allow-data-loss Opened")
    place.deploy("--allow-data-loss", "Opened", "--allow-data-loss", "api.doors")
    equal(list(place.stacks()), ["pipec-bootstrap", "shop"], "stacks")
    equal(place.functions(), ["shop-Ordered-ship"], "functions")


@scenario
def refuses_the_wrong_place(place):
    """Wrong account, region, credentials, network, bucket: each is said, ends with 3, and changes nothing."""
    good = place.emulator.variables()
    place.write("environments.pipe", 'environment prod { account "999999999999" }\n')
    without = {name: value for name, value in good.items() if "KEY" not in name}
    # An access key of twelve digits is an account of the emulator.
    place.emulator.client_of("222222222222", "s3").create_bucket(
        Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    for said, variables, arguments in [
        ("`prod` belongs to the account 999999999999", good, ["--env", "prod"]),
        ("compiled for the region eu-central-1", good | {"AWS_REGION": "us-east-1"}, []),
        ("no AWS credentials were found", without, []),
        ("AWS cannot be reached", good | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, []),
        ("there is no artifact bucket `nowhere`", good, ["--artifact-bucket", "nowhere"]),
        ("the artifact bucket `theirs` belongs to another account", good, ["--artifact-bucket", "theirs"]),
    ]:
        status, out, err = place.run("deploy", "--yes", *arguments, env=variables)
        equal(status, 3, f"exit status\n{out}\n{err}")
        contains(err, said)
        equal((place.stacks(), place.buckets()), ({}, []), "stacks and buckets")


@scenario
def survives_being_killed(place):
    """A deployment that is killed at any moment is finished by the next."""
    for tenths in (0.5, 1, 2, 3, 4, 6, 8):
        with place.start("deploy", "--yes") as process:
            time.sleep(tenths / 10)
            process.kill()
            process.communicate()
    place.deploy()
    equal(place.queues(), ["shop-Ordered-ship", "shop-Ordered-ship-dead"], "queues")
    status, out, _ = place.run("status")
    equal((status, "IN_PROGRESS" in out, "FAILED" in out), (0, False, False), f"status\n{out}")


@scenario
def says_what_an_interruption_leaves(place):
    """Ctrl-C ends the watching, not the deployment, and says so."""
    with throttling(place.emulator.url, pause=30) as url:
        with place.start("deploy", "--yes", env=place.emulator.variables() | {"AWS_ENDPOINT_URL": url}) as process:
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=SECONDS)
    equal(process.returncode, 130, f"exit status\n{err}")
    contains(err, "interrupted", "pipec status")


@scenario
def shares_the_place(place):
    """Two deployments at once end well, or the second says that it came second."""
    with place.start("deploy", "--yes") as one, place.start("deploy", "--yes") as other:
        ended = [(process.communicate(timeout=SECONDS), process.returncode) for process in (one, other)]
    statuses = sorted(status for _, status in ended)
    expect(statuses in ([0, 0], [0, 3]), f"they ended with {statuses}: {ended}")
    for (_, err), status in ended:
        if status:
            contains(err, "came first")
    news = place.deploy()
    equal(news["deployed"][0]["changed"], False, "whether a third has anything to do")


@scenario
def waits_when_throttled(place):
    """Throttled calls are tried again."""
    with throttling(place.emulator.url, refuse=2) as url:
        status, out, err = place.run("deploy", "--yes", env=place.emulator.variables() | {"AWS_ENDPOINT_URL": url})
    equal(status, 0, f"exit status\n{out}\n{err}")
    equal(place.queues(), ["shop-Ordered-ship", "shop-Ordered-ship-dead"], "queues")


@scenario
def hides_the_values_of_keys(place):
    """Values of API keys are shown when asked for, and at no other time."""
    place.write("events/returned.pipe", RETURNED.replace("auth    none", "auth    partner"))
    place.write("handlers/refund.py", "def handle(event, context):\n    pass\n")
    place.edit("app.pipe", "api public", "auth partner api_key { quota 10/day }\n\napi public")
    status, out, err = place.run("deploy", "--yes")
    equal(status, 0, f"exit status\n{err}")
    [key] = place.client("apigateway").get_api_keys(includeValues=True)["items"]
    contains(out, "auth.partner", key["id"])
    expect(key["value"] not in out + err, "the deployment prints a secret")
    _, out, _ = place.run("outputs", "--show-keys")
    contains(out, key["value"])
    templates = place.client("cloudformation").get_template(StackName="shop")["TemplateBody"]
    expect(key["value"] not in str(templates), "a template has a secret")


@scenario
def shows_drift(place):
    """What was changed by hand is named with its declaration."""
    place.deploy()
    place.client("sqs").delete_queue(QueueUrl=place.client("sqs").get_queue_url(QueueName="shop-Ordered-ship-dead")["QueueUrl"])
    status, out, err = place.run("status", "--drift")
    equal(status, 0, f"exit status\n{err}")
    contains(out, "Ordered.subscriber.ship (app.pipe:", "was deleted by hand")


RETURNED = """event Returned {
  ingress api POST /returns
  auth    none
  schema  { order: string }
  subscriber refund { handler python "handlers/refund.py" }
}
"""

COUNTED = """/// Counts.
event Counted {
  ingress api POST /counts
  auth    none
  volume  named { stream "first" }
  schema  { n: int }
}
"""

DOORS = """api doors { throttle 10/s }
event Opened { ingress api POST /doors; auth none; subscriber log { handler python "handlers/log.py" } }
"""

NAMED = """
parameters:
  stream: { type: text, summary: Its name. }
resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Properties: { Name: "{{ stream }}", ShardCount: 1 }
"""

ODD = """
parameters:
  queue: { type: text, summary: Its name. }
resources:
  Odd:
    Type: AWS::SQS::Queue
    Properties: { QueueName: "{{ queue }}", FifoQueue: true }
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", choices=SCENARIOS, metavar="NAME", help="the scenario")
    parser.add_argument("--pipec", type=Path, metavar="PATH", help="the compiler")
    parser.add_argument("--list", action="store_true", help="print the scenarios")
    options = parser.parse_args()
    if options.list:
        print("\n".join(SCENARIOS))
        return 0
    if not (options.name and options.pipec):
        parser.error("NAME and --pipec are needed")
    return _run(options.name, options.pipec.resolve())


def _run(name, pipec):
    with running(KINDS["ministack"]) as emulator:
        try:
            SCENARIOS[name](Place(emulator, pipec))
            return 0
        except (Wrong, ClientError, subprocess.TimeoutExpired, OSError) as error:
            # The line of the scenario, without the inner ones.
            line = next(frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.name == name)
            print(f"FAILED {name} (line {line}): {error}")
            print(f"the emulator's log is {emulator.keep_log(name)}")
            return 1


if __name__ == "__main__":
    sys.exit(main())
