# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones and plans of zmgr in the form that results and diffs show."""

from __future__ import annotations

import os


def text(value):
    """Returns a value of a YAML document as zmgr takes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(text(item) for item in value)
    return str(value)


def texts(values):
    """Returns the values of an option as zmgr takes them."""
    return dict((key, text(value)) for key, value in (values or {}).items())


def entry(api, name):
    """Returns the text of a zone's file."""
    with open(os.path.join(api.place.tree, "zones", name + ".kdl"), encoding="utf-8") as file:
        return file.read()


def addresses_of(nets):
    """Returns the addresses by net of a zone or of a planned zone."""
    return dict((net["name"], [a["address"] for a in net["addresses"]]) for net in nets)


def describe(zone):
    """Returns the description of a zone for a diff. `zone` is None if there is none."""
    if zone is None or zone["state"] is None:
        return dict(state="absent")
    told = dict((key, zone[key]) for key in ("state", "status", "template", "brand", "tags", "attrs"))
    return dict(told, addresses=addresses_of(zone["nets"]))


def steps(change):
    """Returns the kinds of the steps of a planned change."""
    return [step["kind"] for step in change["steps"]]


def describe_planned(change):
    """Returns the description for a diff of a zone that a plan creates."""
    spec = change["spec"]

    def value(key):
        found = spec.get(key)
        return found["value"] if isinstance(found, dict) else found

    attrs = dict((a["value"]["name"], list(a["value"]["value"].values())[0]) for a in spec["resources"]["attrs"])
    status = "running" if "boot" in steps(change) else "installed"
    return dict(state="ready", status=status, template=value("template"), brand=value("brand"), tags=value("tags"),
                attrs=attrs, addresses=addresses_of(spec["nets"]))


def commands_of(plan):
    """Returns the commands of a plan as the result has them."""
    return [dict(zone=change["zone"], step=step["id"], argv=step.get("argv", []))
            for change in plan["changes"] for step in change["steps"]]


def prepared(plan):
    """Returns the commands of a plan and their input files as text."""
    lines = []
    for change in plan["changes"]:
        lines.append("%s %s" % (plan["operation"], change["zone"]))
        for step in change["steps"]:
            files = step.get("files", [])
            lines.append("  [%s] %s" % (step["id"], " ".join(step.get("argv") or [f["path"] for f in files])))
            for file in files:
                lines += ["      " + line for line in file["text"].splitlines()]
    return "\n".join(lines) + "\n"
