"""spawn_hook.py spawn|stop|start|destroy INSTANCE_FOLDER: makes a host of a server whose image asks for one.

The host is a container with the server's fixed address, and lets the server's key in, as cloud-init would see to. Prints its SSH host keys.
User data is not carried out.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from workshop.openstack import machines

verb, folder = sys.argv[1], Path(sys.argv[2])
record = json.loads((folder / "instance.json").read_text(encoding="utf-8"))
try:
    print(machines.HOOKS[verb](record, folder))
except (machines.BrokenError, OSError) as error:
    sys.exit(str(error))
