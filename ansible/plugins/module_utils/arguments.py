# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every module has: the fragment `host` of the documentation."""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

ARGUMENTS = dict(
    root=dict(type="path", fallback=(env_fallback, ["ZMGR_ROOT"])),
    simulate=dict(type="path", fallback=(env_fallback, ["ZMGR_SIMULATE"])),
    host_root=dict(type="path"),
    executable=dict(type="path"),
    api=dict(type="str", choices=["auto", "python", "cli"], default="auto"),
)
