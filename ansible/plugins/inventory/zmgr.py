# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zmgr
short_description: List zones as hosts
version_added: 0.1.0
description:
  - Makes a host of each zone in the registries of one or several hosts.
  - The name of the inventory file ends in C(zmgr.yml) or C(zmgr.yaml).
  - "Each zone has the variables that C(zmgr show --json) prints, with the prefix C(zmgr_): C(zmgr_state), C(zmgr_nets), C(zmgr_tags) and
    so on. Besides them, C(zmgr_addresses) has its addresses without prefix length, C(zmgr_pools) its pools, and C(zmgr_host) the name of
    its host."
  - Values of attributes whose names contain C(password), C(secret), C(token), C(private), C(credential) or C(api-key) are left out, as
    are those of O(secret_attrs).
author: the zmgr authors (@zmgr)
options:
  plugin:
    description: Name of the plugin.
    required: true
    choices: [zmgr.zones.zmgr]
  root:
    description: Directory of the configuration files. Without it, V(/etc/zmgr) of the host.
    type: path
    env:
      - name: ZMGR_ROOT
  simulate:
    description: Directory of a simulated host, for tests without illumos.
    type: path
    env:
      - name: ZMGR_SIMULATE
  hosts:
    description:
      - Hosts whose zones to list. Without it, one host described by the options O(root), O(simulate), O(host_root), O(executable),
        O(api) and O(offline).
      - Each has a C(name) and may have these options, and C(ssh), the destination of an C(ssh) command that runs C(zmgr) there.
    type: list
    elements: dict
    default: []
  offline:
    description:
      - Read only the files, without querying a host. The status of the zones is then unknown.
      - Use it for trees of other hosts, for example from git.
    type: bool
    default: false
  tag:
    description: List only zones with this tag.
    type: str
  unregistered:
    description: Also list zones of the host that are not in the registry.
    type: bool
    default: false
  secret_attrs:
    description: Names of further attributes to leave out.
    type: list
    elements: str
    default: []
  group_by:
    description: Properties of zones to make groups by. The groups are called C(zmgr_template_oi), C(zmgr_tag_web) and so on.
    type: list
    elements: str
    choices: [template, tag, pool, state, status, brand, host]
    default: [template, tag, pool, state, status]
  group_prefix:
    description: Prefix of the groups.
    type: str
    default: zmgr_
  connection:
    description:
      - Connection variables to set.
      - V(address) sets C(ansible_host) to the zone's address. V(jump) also makes ssh go through the zone's host, which needs C(ssh) in
        O(hosts).
      - V(zlogin) uses the connection plugin C(community.general.zone), on the zone's host itself.
      - V(none) sets nothing.
    type: str
    choices: [address, jump, zlogin, none]
    default: address
  nets:
    description: Nets to take C(ansible_host) from, in order of preference. Without it, the first net that has an address.
    type: list
    elements: str
    default: []
  qualified_names:
    description: Add the name of the host to the names of the zones, as in C(web01.h1). Needed if two hosts have zones of one name.
    type: bool
    default: false
extends_documentation_fragment:
  - zmgr.zones.host
  - constructed
  - inventory_cache
"""

EXAMPLES = r"""
# The zones of this host: zmgr.yml
plugin: zmgr.zones.zmgr

---
# Several hosts through ssh, each zone reached through its host
plugin: zmgr.zones.zmgr
hosts:
  - name: h1
    ssh: root@h1.example.org
  - name: h2
    ssh: root@h2.example.org
connection: jump
nets: [management]
keyed_groups:
  - key: zmgr_attrs.owner
    prefix: owner
compose:
  ansible_user: "'admin'"

---
# A directory per host in git
plugin: zmgr.zones.zmgr
offline: true
hosts:
  - name: h1
    root: /srv/fleet/h1
  - name: h2
    root: /srv/fleet/h2
"""

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.zmgr.zones.plugins.module_utils.api import SECRET_NAME, Failure, open_api

#: Options that a host of `hosts` may have of its own.
OF_A_HOST = ("root", "simulate", "host_root", "executable", "api", "offline")


def addresses_of(zone, nets):
    """Returns the addresses of a zone without prefix length, those of the preferred nets first."""
    def rank(net):
        return nets.index(net["name"]) if net["name"] in nets else len(nets)

    return [a["address"].split("/")[0] for net in sorted(zone["nets"], key=rank) for a in net["addresses"]]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Inventory of zones."""

    NAME = "zmgr.zones.zmgr"

    def verify_file(self, path):
        """Accepts files whose names end in zmgr.yml or zmgr.yaml."""
        return super().verify_file(path) and path.endswith(("zmgr.yml", "zmgr.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Adds the zones to the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        kept = self.get_option("cache") and cache
        try:
            found = self._cache[key] if kept else self._query()
        except KeyError:
            found = self._query()
        if self.get_option("cache"):
            self._cache[key] = found
        names = set()
        for host, zones in found:
            for zone in zones:
                name = "%s.%s" % (zone["name"], host["name"]) if self.get_option("qualified_names") else zone["name"]
                if name in names:
                    raise AnsibleParserError("two hosts have a zone %s: set qualified_names" % name)
                names.add(name)
                self._add(name, host, zone)

    def _hosts(self):
        """Returns the hosts to ask, each with all its options."""
        common = dict((key, self.get_option(key)) for key in OF_A_HOST)
        hosts = []
        for given in self.get_option("hosts") or [dict(name="localhost")]:
            unknown = set(given) - set(OF_A_HOST) - {"name", "ssh"}
            if unknown or not given.get("name"):
                problem = "unknown option %s" % ", ".join(sorted(unknown)) if unknown else "a host without a name"
                raise AnsibleParserError("hosts: %s" % problem)
            hosts.append(dict(common, **given))
        return hosts

    def _query(self):
        """Returns the zones of each host, without secrets."""
        found = []
        for host in self._hosts():
            try:
                api = open_api(host)
                zones = api.zones(unregistered=self.get_option("unregistered"), offline=bool(host["offline"]))
            except Failure as failure:
                raise AnsibleParserError("%s: %s (%s)" % (host["name"], failure.message, failure.code)) from failure
            hidden = self.get_option("secret_attrs")
            for zone in zones:
                zone["attrs"] = dict((key, value) for key, value in zone["attrs"].items()
                                     if key not in hidden and not SECRET_NAME.search(key))
            tag = self.get_option("tag")
            zones = [zone for zone in zones if tag is None or tag in zone["tags"]]
            found.append([dict(name=host["name"], ssh=host.get("ssh")), zones])
        return found

    def _add(self, name, host, zone):
        """Adds one zone with its variables and groups."""
        self.inventory.add_host(name)
        values = dict(("zmgr_" + key, value) for key, value in zone.items())
        values["zmgr_addresses"] = addresses_of(zone, self.get_option("nets"))
        values["zmgr_pools"] = sorted(set(net["pool"] for net in zone["nets"] if net["pool"]))
        values["zmgr_host"] = host["name"]
        values.update(self._connection(host, zone, values["zmgr_addresses"]))
        for key, value in values.items():
            self.inventory.set_variable(name, key, value)
        for kind, words in self._groups(host, zone, values["zmgr_pools"]).items():
            for word in words if kind in self.get_option("group_by") else []:
                if word is not None:
                    group = self._sanitize_group_name("%s%s_%s" % (self.get_option("group_prefix"), kind, word))
                    self.inventory.add_child(self.inventory.add_group(group), name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), values, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), values, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), values, name, strict=strict)

    @staticmethod
    def _groups(host, zone, pools):
        return dict(template=[zone["template"]], tag=zone["tags"], pool=pools, state=[zone["state"]], status=[zone["status"]],
                    brand=[zone["brand"]], host=[host["name"]])

    def _connection(self, host, zone, addresses):
        """Returns the connection variables of a zone."""
        connection = self.get_option("connection")
        if connection == "zlogin":
            return dict(ansible_connection="community.general.zone", ansible_host=zone["name"])
        if connection == "none" or not addresses:
            return {}
        values = dict(ansible_host=addresses[0])
        if connection == "jump":
            if not host["ssh"]:
                raise AnsibleParserError("%s has no ssh, which connection=jump needs" % host["name"])
            values["ansible_ssh_common_args"] = "-o ProxyJump=%s" % host["ssh"]
        return values
