"""A Nova driver without a hypervisor: a folder for each instance, and a hook that may make a host of it.

<LAB_INSTANCES>/<uuid>/instance.json says what Nova wants, config-drive/ is what cloud-init would read, console.log is the console.
Instances come back from these folders when nova-compute starts again.
"""

import base64
import json
import os
import shutil
import struct
import sys

import nova.conf
from nova import exception
from nova.api.metadata import base as instance_metadata
from nova.compute import power_state
from nova.virt import fake
from oslo_concurrency import processutils
from oslo_log import log as logging

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)
ROOT = os.environ["LAB_INSTANCES"]
HOOK = os.environ["LAB_HOOK"]
CONSOLE = """\
[    0.000000] Linux version 6.1.0 (lab)
ci-info: no authorized SSH keys fingerprints found for user admin.
<14>cloud-init: -----BEGIN SSH HOST KEY FINGERPRINTS-----
<14>cloud-init: -----END SSH HOST KEY FINGERPRINTS-----
-----BEGIN SSH HOST KEY KEYS-----
{keys}
-----END SSH HOST KEY KEYS-----
{name} login: """


class LabDriver(fake.FakeDriverWithoutFakeNodes):
    """Node uuids come from <state_path>/compute_id, so they outlive a restart; FakeDriver's own would not."""

    vcpus, memory_mb, local_gb = 64, 262144, 4096

    def init_host(self, host):
        super().init_host(host)
        os.makedirs(ROOT, exist_ok=True)
        for uuid in os.listdir(ROOT):
            record = self._read(uuid)
            if record.get("host") == host:
                flavor = record["flavor"]
                self.resources.claim(vcpus=flavor["vcpus"], mem=flavor["ram"], disk=flavor["disk"])
                self.instances[uuid] = fake.FakeInstance(record["name"], record["power_state"], uuid)

    def spawn(
        self, context, instance, image_meta, injected_files, admin_password, allocations,
        network_info=None, block_device_info=None, power_on=True, accel_info=None,
    ):  # fmt: skip
        super().spawn(
            context, instance, image_meta, injected_files, admin_password, allocations,
            network_info, block_device_info, power_on, accel_info,
        )  # fmt: skip
        self._write_config_drive(instance, injected_files, network_info)
        vifs = [_vif(each) for each in network_info or []]
        self._record(
            instance,
            uuid=instance.uuid,
            name=instance.name,
            display_name=instance.display_name,
            host=instance.host,
            project_id=instance.project_id,
            kind=instance.system_metadata.get("image_navarch_lab", "nothing"),
            key_data=instance.key_data,
            user_data=base64.b64decode(instance.user_data).decode("utf-8", "replace") if instance.user_data else None,
            metadata=dict(instance.metadata),
            flavor={
                "name": instance.flavor.name,
                "vcpus": instance.flavor.vcpus,
                "ram": instance.flavor.memory_mb,
                "disk": instance.flavor.root_gb,
            },
            vifs=vifs,
            power_state=self.instances[instance.uuid].state,
        )
        try:
            keys = self._hook("spawn", instance).strip()
        except processutils.ProcessExecutionError as error:
            # Nova puts the server into ERROR, with this as its fault.
            raise exception.InstanceDeployFailure(reason=error.stderr.strip() or str(error)) from error
        with open(os.path.join(self._folder(instance), "console.log"), "w") as console:
            console.write(CONSOLE.format(keys=keys or _some_key(), name=instance.display_name))

    def get_console_output(self, context, instance):
        try:
            with open(os.path.join(self._folder(instance), "console.log"), "rb") as console:
                return console.read()
        except FileNotFoundError:
            return b""

    def power_off(self, instance, timeout=0, retry_interval=0):
        super().power_off(instance, timeout, retry_interval)
        self._record(instance, power_state=power_state.SHUTDOWN)
        self._hook("stop", instance)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None, share_info=None):
        super().power_on(context, instance, network_info, block_device_info, accel_info, share_info)
        self._record(instance, power_state=power_state.RUNNING)
        self._hook("start", instance)

    def destroy(
        self, context, instance, network_info, block_device_info=None, destroy_disks=True, destroy_secrets=True
    ):
        if os.path.isdir(self._folder(instance)):
            self._hook("destroy", instance)
        super().destroy(context, instance, network_info, block_device_info, destroy_disks, destroy_secrets)
        if destroy_disks:
            shutil.rmtree(self._folder(instance), ignore_errors=True)

    def _folder(self, instance):
        return os.path.join(ROOT, instance.uuid)

    def _read(self, uuid):
        try:
            with open(os.path.join(ROOT, uuid, "instance.json")) as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def _record(self, instance, **changes):
        record = {**self._read(instance.uuid), **changes}
        os.makedirs(self._folder(instance), exist_ok=True)
        path = os.path.join(self._folder(instance), "instance.json")
        with open(f"{path}.new", "w") as file:
            json.dump(record, file, indent=1)
        os.replace(f"{path}.new", path)

    def _write_config_drive(self, instance, injected_files, network_info):
        metadata = instance_metadata.InstanceMetadata(instance, content=injected_files or [], network_info=network_info)
        for path, data in metadata.metadata_for_config_drive():
            target = os.path.join(self._folder(instance), "config-drive", path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(data if isinstance(data, bytes) else data.encode())

    def _hook(self, verb, instance):
        output, errors = processutils.execute(sys.executable, HOOK, verb, self._folder(instance))
        LOG.info("hook %s: %s %s", verb, output, errors, instance=instance)
        return output


def _vif(vif):
    subnets = vif["network"]["subnets"]
    return {
        "port": vif["id"],
        "cidrs": [subnet["cidr"] for subnet in subnets],
        "gateways": [subnet["gateway"]["address"] if subnet.get("gateway") else None for subnet in subnets],
        "fixed_ips": [address["address"] for address in vif.fixed_ips()],
    }


def _some_key():
    """A well-formed key of a machine that does not exist."""
    parts = (b"ssh-ed25519", os.urandom(32))
    blob = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} root@lab"
