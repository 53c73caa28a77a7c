module navarch.dev/fleet/binaries/pause

go 1.26.0
