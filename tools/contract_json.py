#!/usr/bin/env python3
"""Writes an API document (YAML) as the JSON that is served.

  tools/contract_json.py IN.yaml OUT.json

A path item or channel with `x-awaited: true` describes what is not served yet: it is left out.
"""
import json
import sys

import yaml


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    for section in ("paths", "channels"):
        items = document.get(section, {})
        document[section] = {name: item for name, item in items.items() if not item.get("x-awaited")}
    if not document["paths"]:
        del document["paths"]
    if not document["channels"]:
        del document["channels"]
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=True, separators=(",", ":"))


if __name__ == "__main__":
    main(*sys.argv[1:])
