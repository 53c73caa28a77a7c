"""census.py CLOUD: every object of the project as JSON, kind to a sorted list of "name id"."""

import json
import sys

import openstack

cloud = openstack.connect(cloud=sys.argv[1])
project = cloud.current_project_id
network, compute = cloud.network, cloud.compute
found = {
    "networks": network.networks(project_id=project),
    "subnets": network.subnets(project_id=project),
    "routers": network.routers(project_id=project),
    "ports": network.ports(project_id=project),
    "floating": network.ips(project_id=project),
    "groups": network.security_groups(project_id=project),
    "servers": [server for server in compute.servers() if server.status != "DELETED"],
    "server_groups": compute.server_groups(),
    "keys": compute.keypairs(),
    "balancers": cloud.load_balancer.load_balancers(project_id=project),
}
print(json.dumps({kind: sorted(f"{each.name} {each.id}" for each in objects) for kind, objects in found.items()}))
