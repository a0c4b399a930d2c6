"""Starts an emulator of AWS on a free port of this machine, and sees to it that it ends."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import boto3
from botocore.config import Config

from certificate import make_certificate

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / "target/tools/emulators"
INSTALLERS = ROOT / "tests/tools"
LOGS = ROOT / "target/tmp/cloud"

ACCOUNT = "000000000000"
REGION = "eu-central-1"

START_SECONDS = 90


class EmulatorError(Exception):
    """The emulator did not start."""


@dataclass(frozen=True)
class Kind:
    """What tells one emulator from the other."""

    name: str
    health: str
    # Whether API Gateway calls S3 and Kinesis; where it does not, events are put behind the door.
    has_doors: bool
    # Whether DynamoDB is there without a download.
    has_tables: bool
    start: Callable

    def missing(self):
        """Why it cannot be used here, or None."""
        if (TOOLS / f"{self.name}.stamp").is_file():
            return None
        option = " --localstack" if self.name == "localstack" else ""
        return f"{self.name} is not installed: run tests/tools/emulators.sh{option}"


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    kind: Kind
    url: str
    folder: Path = field(hash=False)
    # With its key: of the web server of others, which the emulator trusts.
    certificate: Path = field(hash=False)

    @cache
    def client(self, service):
        """A client of one of its services."""
        return self.client_of(self.variables()["AWS_ACCESS_KEY_ID"], service)

    def client_of(self, access_key, service):
        """A client of one of its services, with an access key of one's own."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=self.variables()["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 3}, read_timeout=60, s3={"addressing_style": "path"}),
        )

    def variables(self):
        """What an SDK reads from the environment to use it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def keep_log(self, name):
        """Copies what it said to where it stays, and returns the place."""
        LOGS.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(self.folder / "emulator.log", LOGS / f"{name}-{self.kind.name}.log"))


def _ministack(port, folder):
    python = TOOLS / "ministack/bin/python"
    variables = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # What its Step Functions call S3 in.
        "MINISTACK_REGION": REGION,
        "STATE_DIR": str(folder / "state"),
        "LAMBDA_EXECUTOR": "local",
        # Roles and policies count.
        "AUTH": "true",
        # Both listen on a port of their own, on which two emulators would meet.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    return [python, INSTALLERS / "start_ministack.py"], variables


def _localstack(port, folder):
    python = TOOLS / "localstack/bin/python"
    # Where localstack looks for the Kinesis that it would otherwise download.
    kinesis = folder / "var/lib/localstack/lib/kinesis-local/0.5.2"
    kinesis.mkdir(parents=True)
    (kinesis / "node_modules").symlink_to(TOOLS / "localstack/node_modules")
    variables = {
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"localhost:{port}",
        "FILESYSTEM_ROOT": str(folder),
        "OVERRIDE_IN_DOCKER": "0",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
    }
    return [python, INSTALLERS / "localstack/start.py"], variables


KINDS = {
    kind.name: kind
    for kind in (
        Kind("ministack", "/_ministack/health", has_doors=False, has_tables=True, start=_ministack),
        Kind("localstack", "/_localstack/health", has_doors=True, has_tables=False, start=_localstack),
    )
}


@contextmanager
def running(kind):
    """Starts an emulator of this kind with nothing in it, and ends it, and removes its files, with the block."""
    _leave_surroundings()
    folder = Path(tempfile.mkdtemp(prefix="pipec-"))
    try:
        port, certificate = _free_port(), make_certificate(folder)
        guard = _start(kind, port, folder, certificate)
        try:
            url = f"http://127.0.0.1:{port}"
            _await_health(guard, url + kind.health, folder)
            yield Emulator(kind, url, folder, certificate)
        finally:
            guard.stdin.close()
            guard.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave_surroundings():
    """Makes this process, and what it starts, forget the profiles, endpoints and proxies of this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "no_proxy": "*",
    }


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(kind, port, folder, certificate):
    command, variables = kind.start(port, folder)
    (folder / "tmp").mkdir(exist_ok=True)
    # Nothing else of this process's environment: settings of AWS in it would reach the functions.
    variables |= {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "NODE_PATH": str(TOOLS / "lambda_sdk/node_modules"),
        # What urllib, requests and Node read.
        "SSL_CERT_FILE": str(certificate),
        "REQUESTS_CA_BUNDLE": str(certificate),
        "NODE_EXTRA_CA_CERTS": str(certificate),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with open(folder / "emulator.log", "wb") as log:
        return subprocess.Popen(
            [sys.executable, Path(__file__).with_name("guard.py"), *command],
            stdin=subprocess.PIPE, stdout=log, stderr=log, env=variables, cwd=folder,
            # An interrupt in a terminal ends the test; the guard then ends the emulator.
            start_new_session=True,
        )


def _await_health(guard, url, folder):
    deadline = time.monotonic() + START_SECONDS
    while guard.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    said = (folder / "emulator.log").read_text(errors="replace").splitlines()[-20:]
    raise EmulatorError("the emulator did not start:\n" + "\n".join(said))
