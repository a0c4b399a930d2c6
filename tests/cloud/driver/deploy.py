"""Deploys the project of a case with `pipec`."""

import json
import os
import shutil
import subprocess

DEPLOY_SECONDS = 180


class DeployError(Exception):
    """The project was not deployed."""


def deploy(case, pipec, emulator, stand_ins):
    """Deploys a copy of the project, for building writes into it, and returns the outputs by name.

    In the copy each text of STAND_INS is replaced by what stands in for it.
    """
    project = emulator.folder / "project"
    shutil.copytree(case.folder, project)
    for path in project.rglob("*.pipe"):
        text = path.read_text(encoding="utf-8")
        for said, meant in stand_ins.items():
            text = text.replace(said, meant)
        path.write_text(text, encoding="utf-8")
    environment = ["--env", case.names.environment] if case.names.environment else []
    _run(emulator, pipec, "deploy", project, *environment, "--yes")
    return json.loads(_run(emulator, pipec, "outputs", project, *environment, "--json"))["outputs"]


def _run(emulator, pipec, *arguments):
    variables = os.environ | emulator.variables() | {"NO_COLOR": "1"}
    try:
        done = subprocess.run(
            [pipec, *arguments], env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=DEPLOY_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise DeployError(f"pipec {arguments[0]} took longer than {DEPLOY_SECONDS} s") from error
    if done.returncode != 0:
        raise DeployError(f"pipec {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
