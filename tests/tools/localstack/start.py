"""Starts localstack with the parts of it replaced that need what it would download, Docker images and DynamoDB Local,
and with mistakes in its templates mended.

Everything else is localstack's own. It takes its settings from the environment, as `localstack` does.
"""

import firehose_source
import lambda_process
import state_machines
import templates
from localstack.runtime.main import main

if __name__ == "__main__":
    lambda_process.install()
    firehose_source.install()
    templates.install()
    state_machines.install()
    main()
