#!/usr/bin/env python3
"""Writes an API document (YAML) as the JSON that is served.

  tools/contract_json.py IN.yaml OUT.json
"""
import json
import sys

import yaml


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=True, separators=(",", ":"))


if __name__ == "__main__":
    main(*sys.argv[1:])
