# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment(object):
    """Options that say which tree and which host are meant, and how zmgr is called."""

    DOCUMENTATION = r"""
options:
  root:
    description:
      - Directory of the configuration files. Without it, V(/etc/zmgr) of the host.
      - The environment variable E(ZMGR_ROOT) is used if the option is not set.
    type: path
  simulate:
    description:
      - Directory of a simulated host, for tests without illumos. It is created if it is missing, except in check mode.
      - The environment variable E(ZMGR_SIMULATE) is used if the option is not set.
      - Mutually exclusive with O(host_root).
    type: path
  host_root:
    description: Directory under which the host's programs and files are found.
    type: path
  executable:
    description:
      - Path or name of the command C(zmgr).
      - Without it, the command is looked up in E(PATH) and in the directories where packages install it.
    type: path
  api:
    description:
      - How zmgr is called. Results are the same either way.
      - V(python) uses the Python module C(zmgr) of the Python that runs the task, V(cli) runs the command C(zmgr).
      - V(auto) uses the Python module if it can be imported, otherwise the command.
    type: str
    choices: [auto, python, cli]
    default: auto
"""
