# shellcheck shell=sh disable=SC2154
# Writes the recordings, for host-check.

# Prints words that identify the host or its users, each with its kind.
private_words() {
    name=$(uname -n)
    echo "host $name"
    echo "host ${name%%.*}"
    "$awk" '$1 == "domain" || $1 == "search" { for (i = 2; i <= NF; i++) print "domain", $i }' "$root/etc/resolv.conf" 2>/dev/null
    "$awk" -F: '$3 >= 100 && $3 < 60001 { print "user " $1 }' "$root/etc/passwd" 2>/dev/null
    for user in "${LOGNAME:-}" "${USER:-}" "${SUDO_USER:-}"; do echo "user $user"; done
    "$awk" '/^zone / { split(substr($0, 6), field, ":"); print "zone", field[1] }
        /^link / { split(substr($0, 6), field, ":"); if (field[2] != "phys") print "link", field[1] }
        /^dataset / {
            parts = split(substr($0, 9), part, "/")
            print "pool", part[1]
            # Below ROOT are boot environments.
            for (i = 2; i <= parts && part[i] != "ROOT"; i++) print "data", part[i]
        }' "$work/before"
    "$awk" -F'\t' 'NF >= 7 && $5 ~ /^(origin|mirror)?$/ { print "publisher", $1 }' "$work"/records/*.out
}

# Writes all answers as lines of JSON, with other names, addresses and MAC addresses, the same for the same throughout.
write_recordings() {
    # Longer words first, since one may be the beginning of another; of the same word, the first kind.
    private_words | "$awk" '{ print length($2), NR, $0 }' | sort -k1,1nr -k2,2n | "$awk" '{ print $3, $4 }' >"$work/words"
    case $(cat "$root/etc/os-release" "$root/etc/release" 2>/dev/null) in
    *SmartOS* | *smartos*) dialect=smartos ;;
    *OpenIndiana*) dialect=openindiana ;;
    *OmniOS*) dialect=omnios ;;
    *) dialect=illumos ;;
    esac
    {
        printf 'uname=%s\n' "$(uname -srvmpi 2>/dev/null || uname -a)"
        printf 'zmgr=%s\n' "$([ -n "$zmgr" ] && "$zmgr" --version)"
        printf 'options=%s\n' "$options"
        printf 'passed=%s\nfailed=%s\n' "$passed" "$failed"
    } >"$work/about"
    "$awk" -v own="$id" -v work="$work" -v dialect="$dialect" -v root="$root" -v count="$count" \
        -f "$library/recorder.awk" "$work/words" >"$out"
}
