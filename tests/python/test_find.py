"""Holders of an address, a link or a name."""

from __future__ import annotations

import ipaddress

import pytest

import zmgr


def test_an_address_has_its_holders_and_lines(zmgr_manager: zmgr.Manager) -> None:
    zone = zmgr_manager.create("web01", boot=True)
    interface = zone.nets[0].address
    assert interface is not None
    found = zmgr_manager.find(interface)
    assert found == zmgr_manager.find(interface.ip) == zmgr_manager.find(str(interface.ip))
    assert {holding.name for holding in found.holdings} == {"web01"}
    assert [holding.why for holding in found.holdings] == [
        zmgr.HoldingReason.DESIRED,
        zmgr.HoldingReason.APPLIED,
        zmgr.HoldingReason.CONFIGURED,
        zmgr.HoldingReason.RUNNING,
    ]
    desired = found.holdings[0]
    assert (desired.kind, desired.what, desired.net) == (zmgr.HolderKind.ZONE, zmgr.HeldKind.ADDRESS, "internal")
    assert desired.path is not None and desired.line is not None
    assert str(interface) in desired.path.read_text().splitlines()[desired.line - 1]
    assert found.pools[0].standing is zmgr.AddressStanding.HELD
    assert hash(found) == hash(found)


def test_what_nothing_holds_is_free(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.init()
    found = zmgr_manager.find(ipaddress.ip_address("10.1.0.99"))
    assert found.holdings == () and found.pools[0].standing is zmgr.AddressStanding.FREE
    assert zmgr_manager.find("internl").similar == "internal"
    with pytest.raises(zmgr.InvalidArgumentError):
        zmgr_manager.find("not a name")
