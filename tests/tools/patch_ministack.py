"""Mends ministack 1.5.33 in the environment that runs this.

- When a nested stack is updated, ministack forgets the attributes of the resources that did not change, and every
  `Fn::GetAtt` of one fails. They are handed on, as its own path for stacks that are not nested does.
- When a nested stack is deleted, ministack deletes what `DeletionPolicy` says to retain, which it keeps in stacks that
  are not nested.
"""

import sys
from pathlib import Path

import ministack.services.cloudformation.provisioners as provisioners

PATCHES = [
    (
        """old_tagged, new_tagged, child_name, child_logical_id,
                    )""",
        """old_tagged, new_tagged, child_name, child_logical_id,
                        old_attrs=prev.get("Attributes"),
                    )""",
    ),
    (
        """        if not res:
            continue
        try:
            _delete_resource(
                res.get("ResourceType", ""),""",
        """        if not res or res_defs.get(child_logical_id, {}).get("DeletionPolicy") in _RETAINING_POLICIES:
            continue
        try:
            _delete_resource(
                res.get("ResourceType", ""),""",
    ),
]


def main():
    path = Path(provisioners.__file__)
    text = path.read_text(encoding="utf-8")
    for found, mended in PATCHES:
        if mended in text:
            continue
        if text.count(found) != 1:
            return f"{path} is not as in ministack 1.5.33"
        text = text.replace(found, mended)
    path.write_text(text, encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())
