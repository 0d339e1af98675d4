#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zmgr_info
short_description: Report zones, address pools and drift of zmgr
version_added: 0.1.0
description:
  - Returns the zones of a host's registry, the use of its address pools, and how the host differs from the files.
  - Values of attributes whose names contain C(password), C(secret), C(token), C(private), C(credential) or C(api-key) are
    removed from the result, as are those of O(secret_attrs).
author: the zmgr authors (@zmgr)
options:
  name:
    description: Names of the zones to report. Without it, all. A name that is not in the registry is left out.
    type: list
    elements: str
    aliases: [names]
  tag:
    description: Report only zones with this tag.
    type: str
  unregistered:
    description: Also report zones of the host that are not in the registry.
    type: bool
    default: false
  secret_attrs:
    description: Names of further attributes whose values are removed from the result.
    type: list
    elements: str
    default: []
  gather:
    description: Parts of the result. Drift needs a host that answers.
    type: list
    elements: str
    choices: [zones, pools, drift]
    default: [zones, pools, drift]
extends_documentation_fragment:
  - zmgr.zones.host
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: The module changes nothing.
    support: none
seealso:
  - module: zmgr.zones.zmgr_zone
"""

EXAMPLES = r"""
- name: Everything
  zmgr.zones.zmgr_info:
  register: host

- name: Stop if a zone differs from its file
  ansible.builtin.assert:
    that: host.drift | rejectattr('status', 'equalto', 'clean') | length == 0

- name: Addresses of the web servers
  zmgr.zones.zmgr_info:
    tag: web
    gather: [zones]
  register: web
"""

RETURN = r"""
zones:
  description: The zones as C(zmgr list --json) prints them, sorted by name.
  returned: if O(gather) has V(zones)
  type: list
  elements: dict
  sample:
    - name: web01
      state: ready
      status: running
      template: oi
      nets:
        - name: internal
          address: 10.1.0.10/24
pools:
  description: The use of each pool as C(zmgr pool list --json) prints it, with underscores in the keys.
  returned: if O(gather) has V(pools)
  type: list
  elements: dict
  sample:
    - pool: internal
      families:
        - family: ipv4
          total: 241
          used: 1
          free: 240
drift:
  description: The differences of each zone as C(zmgr diff --json) prints them.
  returned: if O(gather) has V(drift)
  type: list
  elements: dict
  sample:
    - name: web01
      status: clean
      items: []
version:
  description: Version of zmgr.
  returned: always
  type: str
  sample: 0.1.0
api:
  description: How zmgr was called, V(python) or V(cli).
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.zmgr.zones.plugins.module_utils.api import Failure, open_api, secrets
from ansible_collections.zmgr.zones.plugins.module_utils.arguments import ARGUMENTS


def gather(module, api):
    """Returns the result of the task."""
    names, tag, wanted = module.params["name"], module.params["tag"], module.params["gather"]
    zones = api.zones(unregistered=module.params["unregistered"])
    module.no_log_values.update(secrets(zones, module.params["secret_attrs"]))
    zones = [zone for zone in zones if (names is None or zone["name"] in names) and (tag is None or tag in zone["tags"])]
    result = dict(version=api.version(), api=api.name)
    if "zones" in wanted:
        result["zones"] = zones
    if "pools" in wanted:
        result["pools"] = api.pools()
    if "drift" in wanted:
        registry = set(zone["name"] for zone in api.zones(offline=True))
        registered = [zone["name"] for zone in zones if zone["name"] in registry]
        # An empty list of names would mean all zones.
        result["drift"] = api.diff(registered) if registered else []
    return result


def main():
    """Runs the module."""
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            name=dict(type="list", elements="str", aliases=["names"]),
            tag=dict(type="str"),
            unregistered=dict(type="bool", default=False),
            secret_attrs=dict(type="list", elements="str", default=[], no_log=False),
            gather=dict(type="list", elements="str", choices=["zones", "pools", "drift"], default=["zones", "pools", "drift"]),
        ),
        mutually_exclusive=[("simulate", "host_root")],
        supports_check_mode=True,
    )
    try:
        result = gather(module, open_api(module.params))
    except Failure as failure:
        module.fail_json(**failure.as_dict())
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
