"""manage.py MODULE "PROGRAM ARGS" ...: import MODULE once, and run its main() for each command, forked."""

import importlib
import os
import sys

main = importlib.import_module(sys.argv[1]).main
for line in sys.argv[2:]:
    pid = os.fork()
    if not pid:
        sys.argv = line.split()
        sys.exit(main())
    if os.waitpid(pid, 0)[1]:
        sys.exit(f"failed: {line}")
