#!/usr/bin/env bash
# The charts of networks get values that follow from the cluster; what the user says wins.
set -euo pipefail
ansible-playbook -i groups.yml render.yml
