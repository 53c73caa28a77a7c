"""stranger.py NAME present|absent: objects of somebody else that are called as ours would be."""

import sys

import openstack

name, state = sys.argv[1:]
cloud = openstack.connect(cloud="lab")
network, compute = cloud.network, cloud.compute
if state == "present":
    made = network.create_network(name=name)
    network.create_subnet(network_id=made.id, ip_version=4, cidr="10.65.0.0/24", name=name)
    network.create_port(network_id=made.id, name=f"{name}-worker-1")
    network.create_router(name=name)
    network.create_security_group(name=name)
    network.create_security_group(name=f"{name}-worker", description=f"not navarch.fleet {name} anchor")
    compute.create_keypair(name=name)
    compute.create_server_group(name=f"navarch-{name}-plane", policy="anti-affinity")
    image, flavor = cloud.image.find_image("nothing"), compute.find_flavor("m1.tiny")
    server = compute.create_server(
        name=f"{name}-worker-1", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": made.id}]
    )
    compute.wait_for_server(server)
else:
    for server in compute.servers(name=f"^{name}-worker-1$"):
        compute.delete_server(server.id)
        compute.wait_for_delete(server)
    for group in compute.server_groups():
        if group.name == f"navarch-{name}-plane":
            compute.delete_server_group(group.id)
    compute.delete_keypair(name, ignore_missing=True)
    for group in network.security_groups():
        if group.name in (name, f"{name}-worker"):
            network.delete_security_group(group.id)
    for router in network.routers(name=name):
        network.delete_router(router.id)
    for port in network.ports(name=f"{name}-worker-1"):
        network.delete_port(port.id)
    for found in network.networks(name=name):
        network.delete_network(found.id)
