# Writes the records of a run as lines of JSON. Names, addresses and MAC addresses are replaced, the same by the same throughout.
# Input: lines `KIND WORD`, the words to replace, longer ones first. Variables: work, the directory of the run; count, the number of records; own, the
# beginning of the names that the run made itself; dialect; root.
# mawk, nawk and gawk disagree on backslashes in what gsub puts in, so there is no gsub.
BEGIN {
    usual = " rpool ROOT zones zone export home zbe be swap dump var tmp opt usr illumos data local share crash cores root admin "
    usual = usual "global localhost unknown omnios openindiana "
    for (i = 1; i < 32; i++) control[sprintf("%c", i)] = sprintf("\\u%04x", i)
    control["\n"] = "\\n"; control["\t"] = "\\t"; control["\r"] = "\\r"; control["\\"] = "\\\\"; control["\""] = "\\\""
}
length($2) < 2 || index(usual, " " $2 " ") || index($2, own) || $2 in other { next }
$1 == "publisher" && $2 ~ /openindiana|omnios|illumos|tribblix|helios|joyent|hipster|solaris/ { next }
$1 == "pool" && $2 == "rpool" { next }
{
    word[++words] = $2
    other[$2] = $1 == "host" ? "host" : $1 == "domain" ? "example" : $1 (++number[$1]) ($1 == "link" ? "_0" : "")
}
END {
    print about()
    for (n = 1; n <= count; n++) one(sprintf("%05d", n), sprintf("%s/records/%05d", work, n))
    results()
}
function about(    line, text, at) {
    text = "{\"id\": \"host\", \"kind\": \"host\", \"dialect\": " quote(dialect)
    while ((getline line < (work "/about")) > 0) {
        at = index(line, "=")
        text = text ", " quote(substr(line, 1, at - 1)) ": " quote(hide(substr(line, at + 1)))
    }
    return text "}"
}
function one(number, name,    kind, argv, line, status) {
    if ((getline kind < (name ".kind")) <= 0) return
    while ((getline line < (name ".argv")) > 0) argv = argv (argv == "" ? "" : ", ") quote(hide(line))
    if (kind == "file") {
        printf "{%s, \"path\": %s, \"text\": %s}\n", head(kind, number), argv, text_of(name ".out")
    } else {
        getline status < (name ".rc")
        printf "{%s, \"argv\": [%s], \"exit\": %d, ", head(kind, number), argv, status
        printf "\"stdout\": %s, \"stderr\": %s}\n", text_of(name ".out"), text_of(name ".err")
    }
    close(name ".kind"); close(name ".argv"); close(name ".rc")
}
function results(    line, result) {
    while ((getline line < (work "/results")) > 0) {
        result = substr(line, 1, index(line, " ") - 1)
        printf "{%s, \"result\": %s, \"text\": %s}\n", head("result", sprintf("%05d", ++checks)), quote(result), quote(hide(substr(line, 6)))
    }
}
function head(kind, number) {
    return sprintf("\"id\": \"%s-%s\", \"kind\": \"%s\", \"dialect\": %s", kind, number, kind, quote(dialect))
}
function text_of(file,    all, line) {
    while ((getline line < file) > 0) all = all line "\n"
    close(file)
    return quote(hide(all))
}
function quote(text,    done) {
    while (match(text, /[\\"\001-\037]/)) {
        done = done substr(text, 1, RSTART - 1) control[substr(text, RSTART, 1)]
        text = substr(text, RSTART + 1)
    }
    return "\"" done text "\""
}
function hide(text,    i) {
    text = replaced(text, work, "/tmp/host-check", 0)
    text = replaced(text, own, "zchk", 0)
    if (root != "") text = replaced(text, root, "", 0)
    text = web_hosts(text)
    for (i = 1; i <= words; i++) if (index(text, word[i])) text = replaced(text, word[i], other[word[i]], 1)
    return numbers_v4(colons(text))
}
# Puts text in the place of a word: anywhere, or only where no letter or digit is next to it.
function replaced(text, old, new, whole,    at, done, before, after) {
    while ((at = index(text, old)) > 0) {
        before = at > 1 ? substr(text, at - 1, 1) : substr(done, length(done), 1)
        after = substr(text, at + length(old), 1)
        if (whole && (before ~ /[A-Za-z0-9]/ || after ~ /[A-Za-z0-9]/)) done = done substr(text, 1, at + length(old) - 1)
        else done = done substr(text, 1, at - 1) new
        text = substr(text, at + length(old))
    }
    return done text
}
function web_hosts(text,    done, name) {
    while (match(text, /https?:\/\/[^\/ \t"<>]+/)) {
        name = substr(text, RSTART, RLENGTH)
        if (name !~ /(openindiana|omnios|omniosce|illumos|tribblix|joyent)\.(org|net|com)(:[0-9]+)?$/) {
            if (!(name in web)) web[name] = "http://web" (++webs) ".example"
            name = web[name]
        }
        done = done substr(text, 1, RSTART - 1) name
        text = substr(text, RSTART + RLENGTH)
    }
    return done text
}
# MAC addresses and addresses of IPv6, with and without the backslashes of parsable output.
function colons(text,    done, found, before, after) {
    while (match(text, /[0-9A-Fa-f]*(\\:[0-9A-Fa-f]*)(\\:[0-9A-Fa-f]*)+|[0-9A-Fa-f]*:[0-9A-Fa-f]*(:[0-9A-Fa-f]*)+/)) {
        found = substr(text, RSTART, RLENGTH)
        before = RSTART > 1 ? substr(text, RSTART - 1, 1) : substr(done, length(done), 1)
        after = substr(text, RSTART + RLENGTH, 1)
        done = done substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        if (before !~ /[-A-Za-z0-9_.\/]/ && after !~ /[-A-Za-z0-9_.]/ || index(found, "\\")) found = other_colons(found)
        done = done found
    }
    return done text
}
function other_colons(found,    plain, groups, group, i, escaped, new, widest, empty) {
    escaped = index(found, "\\")
    groups = split(found, group, escaped ? "\\\\:" : ":")
    for (i = 1; i <= groups; i++) {
        plain = plain (i > 1 ? ":" : "") group[i]
        if (length(group[i]) > widest) widest = length(group[i])
        if (group[i] == "") empty++
    }
    if (groups == 6 && !empty && widest <= 2) {
        if (plain ~ /^[fF][fF]:/ || plain ~ /^0*:0*:0*:0*:0*:0*$/) return found
        plain = tolower(plain)
        if (!(plain in mac)) mac[plain] = sprintf("2:8:20:0:%x:%x", int(++macs / 256), macs % 256)
        new = mac[plain]
    } else if (widest <= 4 && groups <= 9 && (index(plain, "::") || groups == 8) && plain !~ /^(::1?|2001:db8:.*|[fF][fF]0.*)$/) {
        plain = tolower(plain)
        if (!(plain in v6)) v6[plain] = sprintf("%s::%x", plain ~ /^fe80:/ ? "fe80" : "2001:db8", ++v6s)
        new = v6[plain]
    } else return found
    if (!escaped) return new
    groups = split(new, group, ":")
    for (i = 1; i <= groups; i++) found = (i > 1 ? found "\\:" : "") group[i]
    return found
}
function numbers_v4(text,    done, found, before, after) {
    while (match(text, /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/)) {
        found = substr(text, RSTART, RLENGTH)
        before = RSTART > 1 ? substr(text, RSTART - 1, 1) : substr(done, length(done), 1)
        after = substr(text, RSTART + RLENGTH, 2)
        done = done substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        done = done (before ~ /[-A-Za-z0-9.]/ || after ~ /^\.?[0-9]/ ? found : other_v4(found))
    }
    return done text
}
function other_v4(found,    byte, i) {
    split(found, byte, ".")
    for (i = 1; i <= 4; i++) if (byte[i] > 255 || length(byte[i]) > 3) return found
    if (found ~ /^(127\.|255\.|0\.0\.0\.0$|192\.0\.2\.)/) return found
    if (!(found in v4)) { v4[found] = ++v4s <= 254 ? "198.51.100." v4s : "198.18." int(v4s / 250) "." (v4s % 250 + 1) }
    return v4[found]
}