#!/usr/bin/env bash
# The contract of every provider of machines, kept by OpenStack itself.
set -euo pipefail
export OS_CLIENT_CONFIG_FILE=$NAVARCH_TEST_CLOUDS
tree=$(cd ../../../../../../.. && pwd)
PYTHONPATH=$tree python -m pytest --import-mode=importlib -p no:cacheprovider -q --durations=5 contract.py
