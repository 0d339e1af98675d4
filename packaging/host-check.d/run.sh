# shellcheck shell=sh disable=SC2154
# Programs of the host and the results of checks, for host-check.

# Prints the path of a program of the host.
path_of() {
    for directory in usr/sbin usr/bin sbin; do
        [ -x "$root/$directory/$1" ] && echo "$root/$directory/$1" && return
    done
    return 1
}

# Runs a program of the host with the environment that zmgr gives it.
host() {
    program=$(path_of "$1") || {
        echo "$1: not found in /usr/sbin, /usr/bin or /sbin" >&2
        return 127
    }
    shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin HOME=/root LC_ALL=C "$program" "$@" </dev/null
}

# --- Results

ok() {
    passed=$((passed + 1))
    say "ok   $1"
}

bad() {
    failed=$((failed + 1))
    say "FAIL $1"
}

note() { say "note $1"; }

# Not echo, which reads backslashes.
say() {
    printf '%s\n' "$1"
    printf '%s\n' "$1" >>"$work/results"
}

# Starts a record of the command given: sets $last, the name of its files.
record() { # record KIND ARG…
    kind=$1
    shift
    count=$((count + 1))
    last=$work/records/$(printf %05d "$count")
    printf '%s\n' "$@" >"$last.argv"
    echo "$kind" >"$last.kind"
}

keep_file() { # keep_file PATH-ON-THE-HOST: the text of a file as a record
    [ -f "$root$1" ] || return 0
    record file "$1"
    tail -n 500 "$root$1" >"$last.out"
}

# Checks that each line of the last answer has so many fields. SHAPE is a number and the separator: ":" or "t" for a tab.
shape() { # shape SHAPE
    number=${1%?}
    case $1 in
    *t) separator='\t' ;;
    *) separator=: ;;
    esac
    "$awk" -v number="$number" -v separator="$separator" '
        { line = $0; gsub(/\\./, "x", line) }
        line !~ /^[ \t]*$/ && line != "no datasets available" && split(line, field, separator) < number { print; exit 1 }' \
        "$last.out" >"$last.short" && return
    reason="fewer than $number fields: $(cat "$last.short")"
    return 1
}

# Runs a program of the host, keeps the answer, and checks its status and shape. STATUS may list several, as in "0 1"; SHAPE
# is - if the fields do not matter. A query that must fail must print nothing on standard output.
ask() { # ask KIND STATUS SHAPE PROGRAM ARG…
    wanted=$2 wanted_shape=$3
    record_kind=$1
    shift 3
    record "$record_kind" "$@"
    host "$@" >"$last.out" 2>"$last.err"
    status=$?
    echo $status >"$last.rc"
    reason=
    case " $wanted " in
    *" $status "*)
        if [ "$wanted_shape" != - ] && ! shape "$wanted_shape"; then :
        elif [ "$wanted" = 1 ] && [ "$record_kind" = query ] && [ -s "$last.out" ]; then
            reason="exited with 1 and printed: $(head -n 1 "$last.out")"
        fi
        ;;
    *) reason="exited with $status, not $wanted: $(head -n 1 "$last.err")" ;;
    esac
    [ -z "$reason" ] && ok "$*" && return
    bad "$*: $reason"
    return 1
}

query() { ask query "$@"; }
alter() { ask change "$@"; }

# Checks that the last answer has a line that matches an extended regular expression from its first character to its last.
line_matches() { # line_matches WHAT EXPRESSION
    if expression="^($2)\$" "$awk" '$0 ~ ENVIRON["expression"] { found = 1 } END { exit !found }' "$last.out"; then
        ok "$1"
    else
        bad "$1: no line matches $2: $(head -n 3 "$last.out" | tr '\n' '|')"
        return 1
    fi
}

field() { # field NUMBER FILE [SEPARATOR]: a field of the first line
    "$awk" -v number="$1" -v separator="${3:-:}" 'NR == 1 { split($0, field, separator); print field[number] }' "$2"
}
