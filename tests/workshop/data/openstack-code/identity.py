"""identity.py KEYSTONE PASSWORD REGION SERVICE:TYPE:=URL ...: service users, endpoints, and two projects to test with."""

import sys

import openstack

keystone, password, region, *services = sys.argv[1:]
auth = {"auth_url": keystone, "username": "admin", "password": password, "project_name": "admin"}
cloud = openstack.connect(auth=auth, user_domain_id="default", project_domain_id="default", region_name=region)
identity = cloud.identity


def project(name):
    return identity.find_project(name) or identity.create_project(name=name, domain_id="default")


def role(name):
    return identity.find_role(name) or identity.create_role(name=name)


def user(name, home, *roles):
    found = identity.find_user(name) or identity.create_user(
        name=name, password=password, domain_id="default", default_project_id=home.id
    )
    for each in roles:
        identity.assign_project_role_to_user(home, found, role(each))


common = project("service")
for name in ("demo", "tight"):
    user(name, project(name), "member", "load-balancer_member")
for name in ("member", "reader"):
    identity.assign_project_role_to_user(project("demo"), identity.find_user("admin"), role(name))
for text in services:
    described, url = text.split("=", 1)
    name, kind = described.split(":")[:2]
    user(name, common, "admin", "service")
    service = identity.find_service(name) or identity.create_service(name=name, type=kind)
    there = {endpoint.interface for endpoint in identity.endpoints(service_id=service.id)}
    for interface in {"public", "internal", "admin"} - there:
        identity.create_endpoint(service_id=service.id, interface=interface, url=url, region_id=region)
