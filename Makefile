# The one door to the workshop. Each target does all its own set-up; see `make help`.

DOORS := quickstart test lint unit sanity docs package integration molecule drills bench lab clean distclean

.PHONY: help $(DOORS)
.DEFAULT_GOAL := help

help:
	@echo 'make quickstart   a federation on this machine: lab, registry, rollout, a cluster dies, failover, fail-back'
	@echo 'make test         all of: lint unit sanity integration molecule docs package'
	@echo 'make integration  the targets against the lab (TARGET=name: one of them; KEEP_LAB=1: leave the lab up)'
	@echo 'make molecule     one scenario per role (SCENARIO=name: one of them)'
	@echo 'make drills       the long ones: repeated kills, faults, older versions of ansible-core'
	@echo 'make bench        figures, with a description of the machine'
	@echo 'make lab          a hub and three members to play with'
	@echo 'make clean        stop and remove all that was started; make distclean drops the caches too'
	@echo
	@echo 'Everything is kept in $${XDG_CACHE_HOME:-~/.cache}/navarch; logs of each step are in checkouts/*/logs there.'

$(DOORS):
	@python=$$(sh tests/workshop/find_python.sh) && \
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests exec "$$python" -m workshop $@
