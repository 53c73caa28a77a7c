"""offers.py CLOUDS_YAML: what an operator of the cloud provides. What is there already is left as it is.

Images say by a property of theirs what Nova's driver makes of them: `container` a host that answers SSH, `broken` a server that
never comes up, `flaky` one that comes up the second time; all others are a name without a machine.
"""

import os
import sys
import tempfile

import openstack

os.environ["OS_CLIENT_CONFIG_FILE"] = sys.argv[1]
cloud = openstack.connect(cloud="lab-admin")
network, compute = cloud.network, cloud.compute

for name, ram, cores, disk in (("m1.small", 2048, 1, 10), ("m1.large", 8192, 4, 40), ("m1.tiny", 512, 1, 1)):
    if not compute.find_flavor(name):
        compute.create_flavor(name=name, ram=ram, vcpus=cores, disk=disk)

public = network.find_network("public") or network.create_network(
    name="public", is_router_external=True, provider_network_type="flat", provider_physical_network="public"
)
if not list(network.subnets(network_id=public.id)):
    network.create_subnet(network_id=public.id, ip_version=4, cidr="203.0.113.0/24", enable_dhcp=False)

with tempfile.NamedTemporaryFile(suffix=".raw") as content:
    content.write(os.urandom(4096))
    content.flush()
    for name in ("nothing", "nothing-newer", "container", "container-newer", "broken", "flaky"):
        if not cloud.image.find_image(name):
            kind = name.removesuffix("-newer")
            cloud.create_image(
                name, filename=content.name, disk_format="raw", container_format="bare", visibility="public", wait=True,
                meta={"navarch_lab": kind}, min_disk=5 if kind == "container" else 0,
            )  # fmt: skip

tight = cloud.identity.find_project("tight")
compute.update_quota_set(tight.id, instances=2, cores=4, ram=8192)
network.update_quota(tight.id, security_groups=4)
