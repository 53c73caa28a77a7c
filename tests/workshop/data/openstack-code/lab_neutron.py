"""A Neutron driver that binds every port at once, because no agents live here, and floating addresses that are active at once."""

from neutron.services.l3_router import l3_router_plugin
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api


class LabMechanismDriver(api.MechanismDriver):
    def initialize(self):
        pass

    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context):
        segment = context.segments_to_bind[0]
        details = {portbindings.CAP_PORT_FILTER: True, portbindings.VIF_DETAILS_CONNECTIVITY: self.connectivity}
        active = constants.PORT_STATUS_ACTIVE
        context.set_binding(segment[api.ID], portbindings.VIF_TYPE_OVS, details, status=active)


class LabRouterPlugin(l3_router_plugin.L3RouterPlugin):
    def create_floatingip(self, context, floatingip):
        # The class itself pins DOWN, and waits for an agent.
        plain = super(l3_router_plugin.L3RouterPlugin, self)
        return plain.create_floatingip(context, floatingip, initial_status=constants.FLOATINGIP_STATUS_ACTIVE)
