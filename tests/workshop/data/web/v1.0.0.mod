module navarch.dev/fleet/tests/web

go 1.26.0
