"""Runs the Lambda functions of localstack as processes of this machine, where localstack itself wants Docker.

Each invocation is a process of its own: a cold start every time, so nothing a handler keeps in memory is there again.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation import plugins
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

HERE = Path(__file__).parent

# Starting a process takes longer than Lambda takes for a cold start, which does not count as the handler's time.
START_SECONDS = 15


def install():
    """Puts the processes in the place of the Docker containers."""
    plugins.DockerRuntimeExecutorPlugin.load = lambda self, *args, **kwargs: ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    def start(self, env_vars):
        self._variables = {name: str(value) for name, value in env_vars.items()}

    def stop(self):
        pass

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def get_logs(self):
        return ""

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.destroy_cached()

    def invoke(self, payload):
        request = payload["invoke-id"]
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            said = self._run(payload, answer)
            outcome = json.loads(answer.read_text()) if answer.exists() else {"error": _ended(said)}
        print(f"lambda {self.function_version.id.function_name} {request}\n{said}", flush=True)
        result = outcome.get("error", outcome.get("result"))
        return InvocationResult(request, json.dumps(result).encode(), "error" in outcome, said)

    def _run(self, payload, answer):
        """Runs the handler, which writes the file ANSWER, and returns what it printed."""
        function = self.function_version.config
        code = str(function.code.get_unzipped_code_location())
        inherited = {name: os.environ[name] for name in ("PATH", "NODE_PATH", "TMPDIR", "HOME") if name in os.environ}
        variables = self._variables | inherited | {
            "LAMBDA_TASK_ROOT": code,
            "PIPEC_ANSWER": str(answer),
            "PIPEC_REQUEST": payload["invoke-id"],
            "PIPEC_FUNCTION_ARN": payload["invoked-function-arn"],
        }
        limit = function.timeout + START_SECONDS
        try:
            done = subprocess.run(
                _command(function.runtime), cwd=code, env=variables, input=payload["payload"] or "{}",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, text=True, errors="replace",
            )
        except subprocess.TimeoutExpired:
            return f"ended after {limit} s"
        return done.stdout


def _command(runtime):
    if runtime.startswith("nodejs"):
        return ["node", str(HERE / "run_handler.mjs")]
    if runtime.startswith("python"):
        return [sys.executable, str(HERE / "run_handler.py")]
    raise ValueError(f"no process for the runtime {runtime}")


def _ended(said):
    return {"errorType": "Runtime.ExitError", "errorMessage": said.strip().rsplit("\n", 1)[-1] or "it ended silently"}
