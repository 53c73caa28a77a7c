#!/usr/bin/env bash
# The play is killed at ten random moments, and run again each time: the end is that of a play that nobody killed.
. ../../../workshop/data/provisioning.sh
. ../../../workshop/data/kills.sh

options=()
hosts up n1 n2 n3
ends_as_undisturbed "1 2 3 4" n1 n2 n3
nodes_ready 3
