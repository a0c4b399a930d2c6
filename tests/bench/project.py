"""Writes projects of any size on the full topology, for benchmarks.

Of ten events five come in by an API in high volume, three in low, two by a private topic; all are stored and
have a subscriber with a handler of its own; every handler of an API event emits an internal one. Events live in
domains of fifty, each with its own API, as CloudFormation's limit of 2,500 resources an operation asks for.
"""

import pathlib
import shutil
import sys

DOMAIN = 50

APP = """app bench {
  region eu-central-1
  tags   { team "bench" }
}

auth device api_key { quota 100000/day; throttle 50/s }

type Badge { serial: string length 1..40; issued: date }
"""

API = "api {name} {{ throttle 100/s burst 200 }}\n"

EVENT = """/// Something of kind {number} happened in area {area}.
event Event{number} {{
  ingress api {api} POST /sites/{{site}}/things{number}
  auth    device
  volume  {volume}
  {key}
  store   s3 {{ compress gzip; archive after 7d; deep_archive after 97d; expire after 400d }}

  schema {{
    thing:       string matching "^[0-9]{{12}}$"
    site:        string length 1..64
    level:       int between 0..100
    direction?:  "in" | "out"
    happened_at: datetime
    badges:      [Badge]
  }}

  subscriber work {{
    handler {language} "handlers/{area}/work_{number}.{ending}"
    timeout 30s
    retries 3
    batch   10 within 2s
    emits   Event{target}
  }}
}}
"""

TOPIC = """/// Something inside happened, of kind {number}.
event Event{number} {{
  ingress sns
  store   s3 {{ compress gzip; archive after 30d }}

  schema {{
    site:   string
    inside: int >= 0
  }}

  subscriber work {{ handler {language} "handlers/{area}/work_{number}.{ending}"; batch 10 within 5s }}
}}
"""

PYTHON = '''"""Handler {number}."""


def handle(event, context):
    context.logger.info("event {number}")
    {emit}
'''

NODE = """// Handler {number}.
export async function handle(event, context) {{
  context.logger.info("event {number}");
  {emit}
}}
"""


def write(root, count):
    """Writes a project of `count` events, a multiple of ten, into the folder `root`."""
    root = pathlib.Path(root)
    shutil.rmtree(root, ignore_errors=True)
    (root / "events").mkdir(parents=True)
    (root / "app.pipe").write_text(APP)
    for number in range(count):
        area = f"area_{number // DOMAIN:03}"
        folder = root / "events" / area
        handlers = root / "handlers" / area
        if number % DOMAIN == 0:
            folder.mkdir(parents=True)
            handlers.mkdir(parents=True)
            (folder / "api.pipe").write_text(API.format(name=f"api_{area}"))
        internal = number % 10 >= 8
        high = number % 10 < 5
        # The two internal events of the same ten, in turn.
        target = number - number % 10 + 8 + number % 2
        language, ending, code = ("node", "mjs", NODE) if number % 3 == 0 else ("python", "py", PYTHON)
        values = {
            "number": number, "area": area, "api": f"api_{area}", "target": target, "language": language, "ending": ending,
            "volume": "high { retention 48h }" if high else "low", "key": "key     thing" if high else "",
        }
        (folder / f"event_{number:05}.pipe").write_text((TOPIC if internal else EVENT).format(**values))
        emit = f'context.emit("Event{target}", {{"site": event.data.site, "inside": 1}})' if not internal else "return None"
        if language == "node":
            emit = "await " + emit + ";" if not internal else "return null;"
        (handlers / f"work_{number}.{ending}").write_text(code.format(number=number, emit=emit))


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
