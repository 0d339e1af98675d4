#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: zmgr_zone
short_description: Create, change, boot, shut down and destroy illumos zones with zmgr
version_added: 0.1.0
description:
  - Makes zones match what the task says, through the plans of zmgr. C(zmgr) allocates addresses, creates the VNIC, configures,
    installs and boots a zone, and rolls back if a step fails.
  - The task runs on the host of the zones, as a user who can change them (usually root).
author: the zmgr authors (@zmgr)
options:
  name:
    description:
      - Names of the zones.
      - Several names are planned together. Nothing is done if one of them cannot be planned.
    type: list
    elements: str
    required: true
    aliases: [names]
  state:
    description:
      - V(present) creates zones that are missing and applies changes. Whether a new zone boots is up to its template.
      - V(running) also boots zones that are not running.
      - V(stopped) also shuts down zones that are running. New zones are not booted.
      - V(absent) destroys the zones and what zmgr created for them. A zone of the host that is not in the registry is an error.
    type: str
    choices: [present, absent, running, stopped]
    default: present
  template:
    description:
      - Template of new zones. Without it, C(default-template) in C(config.kdl).
      - It is an error if an existing zone has another template.
    type: str
  addresses:
    description:
      - Addresses of a new zone by net, without prefix length. Without it, the pool's next free address.
      - It is an error if an existing zone has other addresses. Needs exactly one name.
    type: dict
  clone_from:
    description: Zone to clone instead of installing. Ignored for zones that exist.
    type: str
  attrs:
    description:
      - Attributes of the zones. An empty value removes the zone's own setting.
      - Values of attributes whose names contain C(password), C(secret), C(token), C(private), C(credential) or C(api-key) are
        removed from results and diffs, but appear in Ansible's log on the host. Use O(secret_attrs) for secrets.
    type: dict
    default: {}
  secret_attrs:
    description: Attributes of the zones whose values appear in no result, diff or log of Ansible.
    type: dict
  settings:
    description:
      - Settings of the zones by key, such as C(capped-memory.physical) or C(cpu-shares), as C(zmgr set) takes them.
      - A list is joined with commas. An empty value removes the zone's own setting, so that the template's applies.
      - Put settings that take effect only when a zone is installed, such as C(resolvers), in a template.
    type: dict
    default: {}
  apply:
    description: Make the host match the files of zones that exist, not only what this task changes.
    type: bool
    default: true
  prune:
    description: Also remove settings of the zone on the host that are not in the files.
    type: bool
    default: false
  reboot:
    description: Reboot running zones if a change needs it. Without it, such a change takes effect at the next boot.
    type: bool
    default: false
  recreate:
    description: Create zones again that are in the registry but missing on the host.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), destroy a zone even if it is protected, has clones, or has snapshots that zmgr did not create.
      - With O(state=stopped), halt zones that do not go down in time.
    type: bool
    default: false
  keep_data:
    description: With O(state=absent), detach the zones and keep their files, instead of uninstalling.
    type: bool
    default: false
  timeout:
    description: With O(state=stopped), seconds to wait for each zone. Without it, the timeout in C(config.kdl).
    type: float
  jobs:
    description: Number of zones to process in parallel.
    type: int
    default: 1
  keep:
    description: Do not roll back if a step fails.
    type: bool
    default: false
extends_documentation_fragment:
  - zmgr.zones.host
attributes:
  check_mode:
    description: Plans everything on a copy of the configuration files. Changes nothing.
    support: full
  diff_mode:
    description: Shows the zones, their files, and the commands of the plan.
    support: full
notes:
  - After an interrupted operation, zmgr refuses changes of the zone until you run C(zmgr recover).
seealso:
  - module: zmgr.zones.zmgr_info
"""

EXAMPLES = r"""
- name: A zone that runs
  zmgr.zones.zmgr_zone:
    name: web01
    state: running
    attrs:
      owner: alice

- name: Two zones of a template, with limits
  zmgr.zones.zmgr_zone:
    name: [db01, db02]
    template: storage
    state: running
    settings:
      capped-memory.physical: 2G
      tags: [database, backup]
    reboot: true
    jobs: 2

- name: A zone with a chosen address, not booted
  zmgr.zones.zmgr_zone:
    name: printer
    addresses:
      internal: 10.1.0.77
    state: stopped

- name: No zone
  zmgr.zones.zmgr_zone:
    name: web01
    state: absent
"""

RETURN = r"""
zones:
  description: The zones as C(zmgr show --json) prints them, without those that do not exist. In check mode, as they are now.
  returned: always
  type: list
  elements: dict
commands:
  description: Commands of the plans, in order. Power changes have none.
  returned: always
  type: list
  elements: dict
  contains:
    zone:
      description: Name of the zone.
      type: str
    step:
      description: Step of the plan.
      type: str
    argv:
      description: Program and arguments; empty if the step only writes files.
      type: list
      elements: str
notes:
  description: Notes of the plans, for example that a change takes effect at the next boot.
  returned: always
  type: list
  elements: str
api:
  description: How zmgr was called, V(python) or V(cli).
  returned: always
  type: str
code:
  description: Code of the error, such as V(address-in-use).
  returned: on failure
  type: str
number:
  description: Number of the error. It equals the exit status of the CLI.
  returned: on failure
  type: int
help:
  description: What to do about the error, if there is advice.
  returned: on failure
  type: str
details:
  description: Diagnostics that belong to the error. If several zones failed, one for each.
  returned: on failure
  type: list
  elements: dict
"""

import ipaddress
import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.zmgr.zones.plugins.module_utils.api import SECRET_NAME, Failure, invalid, open_api, secrets
from ansible_collections.zmgr.zones.plugins.module_utils.arguments import ARGUMENTS
from ansible_collections.zmgr.zones.plugins.module_utils.plans import (
    addresses_of, commands_of, describe, describe_planned, entry, prepared, steps, text, texts)

#: Status of a zone that `state=stopped` leaves alone.
DOWN = ("configured", "incomplete", "installed", "absent", None)


class Work(object):
    """State of one task: its options, and what it has done so far."""

    def __init__(self, module, api):
        self.module = module
        self.params = module.params
        self.api = api
        self.names = list(dict.fromkeys(self.params["name"]))
        self.attrs = texts(dict(self.params["attrs"], **(self.params["secret_attrs"] or {})))
        self.settings = texts(self.params["settings"])
        self.changed = False
        self.diffs = []
        self.commands = []
        self.notes = []
        self.before = {}
        #: Descriptions of the zones for the diff, before and after the task.
        self.told_before = {}
        self.after = {}
        self.check()

    def check(self):
        """Fails if options contradict each other."""
        addresses = self.params["addresses"]
        if not self.names:
            raise invalid("name is an empty list")
        if addresses and len(self.names) > 1:
            raise invalid("addresses are those of one zone, but name has %d" % len(self.names))
        if any(key.startswith("attr.") for key in self.settings):
            raise invalid("settings has an attribute: use attrs")
        if self.params["jobs"] < 1:
            raise invalid("jobs is %d" % self.params["jobs"])
        if self.module.check_mode and self.params["simulate"] and not os.path.isdir(self.params["simulate"]):
            raise invalid("check mode needs a simulated host that exists: %s" % self.params["simulate"])

    @property
    def wanted_addresses(self):
        """Addresses by net, always as lists."""
        given = self.params["addresses"] or {}
        return dict((net, [text(a) for a in (value if isinstance(value, list) else [value])]) for net, value in given.items())

    @property
    def edits(self):
        """Settings of zones that exist, attributes included."""
        return dict(self.settings, **dict(("attr." + key, value) for key, value in self.attrs.items()))

    def hide(self, zones):
        """Keeps secrets out of the result, wherever they would be in it."""
        named = set(value for key, value in self.attrs.items() if value and SECRET_NAME.search(key))
        self.module.no_log_values.update(named | secrets(zones, self.params["secret_attrs"] or ()))

    def note(self, plan):
        """Adds a plan to the result."""
        if plan["changes"]:
            self.changed = True
            self.commands += commands_of(plan)
            self.notes += [note for change in plan["changes"] for note in change.get("notes", [])]
            self.diffs.append(dict(prepared=prepared(plan)))

    def run(self, make):
        """Makes a plan and runs it. Makes it again once if its basis has changed meanwhile."""
        plan = make(self.api)
        if plan["changes"]:
            try:
                self.api.run(plan, jobs=self.params["jobs"], keep=self.params["keep"])
            except Failure as failure:
                if failure.code != "stale-plan":
                    # Some of its zones may have been changed.
                    self.changed = self.changed or failure.code == "partial"
                    raise
                plan = make(self.api)
                self.api.run(plan, jobs=self.params["jobs"], keep=self.params["keep"])
        self.note(plan)
        return plan

    def current(self, unregistered=False):
        """Returns the zones of this task that exist, by name."""
        zones = self.api.zones(unregistered=unregistered)
        self.hide(zones)
        return dict((zone["name"], zone) for zone in zones if zone["name"] in self.names)

    def absent(self):
        """Destroys the zones."""
        self.before = self.current(unregistered=True)
        self.told_before = dict((name, describe(zone)) for name, zone in self.before.items())
        targets = [name for name in self.names if name in self.before]
        if not targets:
            return

        def plan(api):
            return api.plan_destroy(targets, force=self.params["force"], keep_data=self.params["keep_data"])

        if self.module.check_mode:
            with self.api.scratch() as scratch:
                self.note(plan(scratch))
        else:
            self.run(plan)
        self.after = dict((name, dict(state="absent")) for name in targets)

    def compare(self):
        """Fails if a zone exists with another template or other addresses."""
        for name, zone in self.before.items():
            template = self.params["template"]
            if template and zone["template"] != template:
                raise Failure("exists", 5, "zone %s has the template %s, not %s" % (name, zone["template"], template),
                              "destroy the zone first, or change its file and reinstall it")
            if zone["state"] is None:
                continue
            have = addresses_of(zone["nets"])
            for net, several in self.wanted_addresses.items():
                held = [ipaddress.ip_interface(a).ip for a in have.get(net, [])]
                for address in several:
                    try:
                        wanted = ipaddress.ip_address(address)
                    except ValueError as error:
                        raise invalid("addresses: %s" % error) from error
                    if wanted not in held:
                        raise Failure("exists", 5, "zone %s has %s on net %s, not %s" % (
                            name, ", ".join(str(a) for a in held) or "no address", net, address),
                            "destroy the zone first, or change its file and run `zmgr apply %s`" % name)

    def plan_create(self, api, names, boot):
        """Plans the zones that are missing."""
        return api.plan_create(names, template=self.params["template"], addresses=self.wanted_addresses or None, boot=boot,
                               clone_from=self.params["clone_from"], attrs=dict((k, v) for k, v in self.attrs.items() if v) or None)

    def plan_apply(self, api, names):
        """Plans the changes of zones."""
        return api.plan_apply(names, **dict((key, self.params[key]) for key in ("prune", "reboot", "recreate")))

    def try_settings(self, scratch, created):
        """Changes the settings in a copy of the tree, so that an invalid one fails before anything is done.

        Returns the existing zones whose files change, and adds those changes to the diff.
        """
        for change in created if self.settings else []:
            template = change["spec"]["template"]
            path = os.path.join(scratch.place.tree, "zones", change["zone"] + ".kdl")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write('zone "%s" {\n    template "%s"\n}\n' % (change["zone"], template["value"]))
            scratch.set(change["zone"], self.settings)
            os.remove(path)
        edited = []
        for name in [name for name in self.names if name in self.before and self.edits]:
            old = entry(scratch, name)
            scratch.set(name, self.edits)
            new = entry(scratch, name)
            if old != new:
                edited.append(name)
                header = os.path.join(self.api.place.tree, "zones", name + ".kdl")
                self.diffs.append(dict(before_header=header, after_header=header, before=old, after=new))
        return edited

    def foresee(self, plan, drift):
        """Adds the effect of a plan on each zone to the diff."""
        for change in plan["changes"]:
            name = change["zone"]
            if plan["operation"] == "create" or self.after[name]["state"] == "absent":
                self.after[name] = describe_planned(change)
            items = drift.get(name, [])
            for target, key in ((self.told_before, "host"), (self.after, "desired")):
                told = dict((item["what"], item[key]) for item in items if item["counts"])
                if told:
                    target[name] = dict(target[name], settings=told)

    def foresee_power(self):
        """Adds the zones that boot or go down to the diff."""
        for name in self.names:
            status, state = self.after[name].get("status"), self.params["state"]
            if state == "running" and status != "running":
                self.after[name] = dict(self.after[name], status="running")
            if state == "stopped" and status not in DOWN:
                self.after[name] = dict(self.after[name], status="installed")

    def present(self):
        """Creates, changes, boots or shuts down the zones."""
        self.before = self.current()
        self.compare()
        missing = [name for name in self.names if name not in self.before]
        self.told_before = dict((name, describe(self.before.get(name))) for name in self.names)
        self.after = dict(self.told_before)
        boot = dict(running=True, stopped=False).get(self.params["state"])
        with self.api.scratch() as scratch:
            create = self.plan_create(scratch, missing, boot) if missing else dict(operation="create", changes=[])
            edited = self.try_settings(scratch, create["changes"])
            existing = self.names if self.params["apply"] else edited
            existing = [name for name in existing if name in self.before]
            apply = self.plan_apply(scratch, existing) if existing else dict(operation="apply", changes=[])
            touched = [change["zone"] for change in apply["changes"]]
            drift = dict((z["name"], z["items"]) for z in scratch.diff(touched)) if touched else {}
        self.foresee(create, {})
        self.foresee(apply, drift)
        for name in missing if self.settings else []:
            self.after[name] = dict(self.after[name], settings=self.settings)
        self.foresee_power()
        if self.module.check_mode:
            self.changed = bool(edited)
            self.note(create)
            self.note(apply)
        else:
            self.build(missing, create, edited, existing, boot)
            self.power()

    def build(self, missing, create, edited, existing, boot):
        """Creates zones and applies settings."""
        if missing:
            # A zone with settings boots when it has them.
            later = False if self.settings else boot
            self.run(lambda api: self.plan_create(api, missing, later))
        for name in edited:
            self.api.set(name, self.edits)
            self.changed = True
        for name in missing if self.settings else []:
            self.api.set(name, self.settings)
        targets = existing + (missing if self.settings else [])
        if targets:
            self.run(lambda api: self.plan_apply(api, targets))
        booting = [change["zone"] for change in create["changes"] if "boot" in steps(change)]
        if booting and self.settings:
            self.api.boot(booting, jobs=self.params["jobs"])

    def power(self):
        """Boots zones or shuts them down."""
        state = self.params["state"]
        now = self.current() if state in ("running", "stopped") else {}
        status = dict((name, zone["status"]) for name, zone in now.items())
        jobs = self.params["jobs"]
        if state == "running":
            names = [name for name in self.names if status.get(name) != "running"]
            if names:
                self.api.boot(names, jobs=jobs)
                self.changed = True
        if state == "stopped":
            names = [name for name in self.names if status.get(name) not in DOWN]
            if names:
                self.api.shutdown(names, timeout=self.params["timeout"], force=self.params["force"], jobs=jobs)
                self.changed = True

    def result(self):
        """Returns the result of the task."""
        diffs = []
        for name in self.names:
            before = self.told_before.get(name)
            after = self.after.get(name, before)
            if after != before:
                self.changed = True
                diffs.append(dict(before_header=name, after_header=name, before=before, after=after))
        zones = self.current()
        return dict(changed=self.changed, zones=[zones[name] for name in self.names if name in zones],
                    commands=self.commands, notes=self.notes, api=self.api.name, diff=diffs + self.diffs)


def main():
    """Runs the module."""
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            name=dict(type="list", elements="str", required=True, aliases=["names"]),
            state=dict(type="str", choices=["present", "absent", "running", "stopped"], default="present"),
            template=dict(type="str"),
            addresses=dict(type="dict"),
            clone_from=dict(type="str"),
            attrs=dict(type="dict", default={}),
            secret_attrs=dict(type="dict", no_log=True),
            settings=dict(type="dict", default={}),
            apply=dict(type="bool", default=True),
            prune=dict(type="bool", default=False),
            reboot=dict(type="bool", default=False),
            recreate=dict(type="bool", default=False),
            force=dict(type="bool", default=False),
            keep_data=dict(type="bool", default=False),
            timeout=dict(type="float"),
            jobs=dict(type="int", default=1),
            keep=dict(type="bool", default=False),
        ),
        mutually_exclusive=[("simulate", "host_root")],
        supports_check_mode=True,
    )
    work = None
    try:
        work = Work(module, open_api(module.params))
        work.absent() if module.params["state"] == "absent" else work.present()
        result = work.result()
    except Failure as failure:
        module.fail_json(changed=bool(work and work.changed and not module.check_mode), **failure.as_dict())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
