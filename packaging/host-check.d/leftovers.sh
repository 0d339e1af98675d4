# shellcheck shell=sh disable=SC2154
# Inventory of the host before and after host-check, and removal of leftovers.

# Zones, links and datasets, one per line. Ids of zones change when others boot theirs, and snapshots come and go: neither is
# compared, except snapshots of the zones made here.
survey() { # survey FILE
    {
        host zoneadm list -cp | sed 's/^[^:]*:/zone /'
        host dladm show-link -p -o "$links" | sed 's/^/link /'
        host dladm show-link -P -p -o link,class,over | sed 's/^/recorded link /'
        host zfs list -H -o name -t filesystem,volume | sed 's/^/dataset /'
        host zfs list -H -o name -t snapshot | grep "$id" | sed 's/^/snapshot /'
    } 2>/dev/null | sort >"$1"
}

compare() {
    survey "$work/after"
    comm -13 "$work/before" "$work/after" >"$work/more"
    comm -23 "$work/before" "$work/after" >"$work/less"
    while read -r line; do bad "left behind: $line"; done <"$work/more"
    while read -r line; do bad "no longer there: $line"; done <"$work/less"
    [ -s "$work/more" ] || [ -s "$work/less" ] || ok "zones, links and datasets are the same as before"
}

# Removes what this run made and did not remove, by its own names, whatever has become of it.
remove_leftovers() {
    for zone in "$second" "$first" "$configured"; do
        host zoneadm -z "$zone" list -p >"$work/left" 2>/dev/null || continue
        echo "host-check: removing zone $zone, which was left behind"
        case $(field 3 "$work/left") in
        configured) ;;
        installed | incomplete) host zoneadm -z "$zone" uninstall -F ;;
        *)
            host zoneadm -z "$zone" halt
            host zoneadm -z "$zone" uninstall -F
            ;;
        esac
        host zonecfg -z "$zone" delete -F
    done
    for link in "${second}_0" "${second}_1" "${first}_0" "${first}_1" "$vnic"; do
        host dladm show-vnic -p -o link "$link" >/dev/null 2>&1 || host dladm show-vnic -P -p -o link "$link" >/dev/null 2>&1 || continue
        echo "host-check: removing VNIC $link, which was left behind"
        host dladm delete-vnic "$link"
    done
    if host dladm show-link -p -o link "$stub" >/dev/null 2>&1; then
        echo "host-check: removing etherstub $stub, which was left behind"
        host dladm delete-etherstub "$stub"
    fi
    for zone in ${above:+"$second" "$first"}; do
        host zfs list -H -o name "$above/$zone" >/dev/null 2>&1 || continue
        echo "host-check: destroying dataset $above/$zone, which was left behind"
        host zfs destroy -r "$above/$zone"
    done
    survey "$work/after"
    grep "$id" "$work/after" | sed 's/^/host-check: could not be removed: /'
}
