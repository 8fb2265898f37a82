#!/bin/sh
# Three clusters and one name, a step at a time. Each step is one command with its output.
#
#   CALLSIGN=path/to/callsign examples/multicluster/walk.sh
#
# CALLSIGN is target/release/callsign of the clone unless given. WALK_PORT is the first of the ports
# on 127.0.0.1: agents answer on it and the two after it, their admin servers on the tenth to the
# twelfth after it; 15061 unless given. All happens in a copy of this folder, which is deleted.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
CALLSIGN=${CALLSIGN:-$root/target/release/callsign}
case $CALLSIGN in
/*) ;;
*/*) CALLSIGN=$PWD/$CALLSIGN ;;
*) CALLSIGN=$(command -v "$CALLSIGN" || echo "$CALLSIGN") ;;
esac
port=${WALK_PORT:-15061}
# Looks of a tenth of a second each; a change takes less than one.
looks_max=300

[ -x "$CALLSIGN" ] || {
    echo "there is no $CALLSIGN: build it with cargo build --release --bin callsign" >&2
    exit 1
}

scratch=$(mktemp -d)
pids=
end() {
    status=$?
    trap - EXIT HUP INT PIPE TERM
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$scratch"
    exit "$status"
}
trap end EXIT
trap 'exit 1' HUP INT PIPE TERM

callsign() { "$CALLSIGN" "$@"; }
dns() { echo "127.0.0.1:$((port + $1 - 1))"; }
admin() { echo "127.0.0.1:$((port + $1 + 9))"; }

say() { printf '\n# %s\n' "$*"; }

# Prints a command, runs it and says how it ended, unless well.
run() {
    printf '\n$ %s\n' "$*"
    "$@" || echo "exit $?"
}

# Looks until the command that follows the words succeeds.
await() {
    what=$1
    shift
    looks=0
    until "$@" >look.out 2>&1; do
        looks=$((looks + 1))
        if [ "$looks" -ge "$looks_max" ]; then
            echo "did not happen: $what" >&2
            cat look.out agent*.log >&2
            exit 1
        fi
        sleep 0.1
    done
}

# Starts the agent of a cluster, and prints what it says for people.
start() {
    printf '\n$ callsign agent --config cluster%s.yaml &\n' "$1"
    "$CALLSIGN" agent --config "cluster$1.yaml" >"agent$1.out" 2>>"agent$1.log" &
    pids="$pids $!"
    eval "pid$1=$!"
    await "agent $1 serves" grep '^ask:' "agent$1.out"
    cat "agent$1.out"
}

stop() {
    eval "pid=\$pid$1"
    printf '\n$ kill %s   # the agent of cluster%s\n' "$pid" "$1"
    kill "$pid"
    wait "$pid" || echo "exit $?"
}

ask() {
    printf '\n$ callsign query @%s pay.example.com | grep ^pay\n' "$(dns "$1")"
    callsign query "@$(dns "$1")" pay.example.com | grep ^pay || echo "exit $?"
}
ask_all() { for n in 1 2 3; do ask $n; done; }

explains() { callsign explain pay.example.com --from "cluster$1/shop" --admin "$(admin "$1")" | grep -F "$2"; }
holds() { callsign check --id clusters.reachable --admin "$(admin "$1")" | grep -F 'gone or empty'; }
reaches() { callsign check --id clusters.reachable --admin "$(admin "$1")"; }
conflicts() { callsign check --id names.conflicts --admin "$(admin "$1")" | grep -F FAILED; }

# /readyz is for curl and for load balancers; `check` says the same.
ready() {
    if command -v curl >/dev/null; then
        run curl -s "http://$(admin "$1")/readyz"
    fi
}

cp -r "$here/clusters" "$here/later" "$here"/cluster?.yaml "$scratch"
cd "$scratch"
for n in 1 2 3; do
    sed "s/127\.0\.0\.1:1506$n/$(dns $n)/; s/127\.0\.0\.1:1507$n/$(admin $n)/" "cluster$n.yaml" >new.yaml
    mv new.yaml "cluster$n.yaml"
done

say "One agent per cluster. Of cluster3 there is nothing yet: its clients see the other two."
for n in 1 2 3; do start $n; done

say "One name, one address, wherever it is asked."
ask_all

say "Where it leads depends on who asks."
run callsign explain pay.example.com --from cluster1/shop --admin "$(admin 1)"
run callsign explain pay.example.com --from cluster3/shop --admin "$(admin 3)"

say "All that is known of cluster1 is lost."
run mv clusters/cluster1 lost
for n in 1 2 3; do await "agent $n holds cluster1" holds $n; done
ask_all
ready 2
run callsign table --admin "$(admin 2)"
run callsign diff current held --admin "$(admin 2)"

say "A restart in the middle of it."
stop 2
start 2
await "agent 2 holds cluster1" holds 2
ask 2
run callsign check --id clusters.reachable --admin "$(admin 2)"

say "It is back."
run mv lost clusters/cluster1
for n in 1 2 3; do await "agent $n reads cluster1" reaches $n; done
run callsign check --id clusters.reachable --admin "$(admin 2)"

say "A third cluster. Nothing is edited."
run cp -r later/cluster3 clusters/
for n in 1 2; do await "agent $n knows cluster3" explains $n 203.0.113.13:15443; done
await "agent 3 knows its own cluster" explains 3 10.128.7.7:443
ask_all
run callsign explain pay.example.com --from cluster1/shop --admin "$(admin 1)"
run callsign diff --generations previous,current --admin "$(admin 1)"

say "Another team claims the name."
run cp later/conflict.yaml clusters/cluster2/
for n in 1 2 3; do await "agent $n sees the conflict" conflicts $n; done
ask_all
run callsign check --id names.conflicts --admin "$(admin 2)"
run callsign explain pay.example.com --from cluster2/marketing --admin "$(admin 2)"
run rm clusters/cluster2/conflict.yaml

say "A cluster that is meant to go is let go."
run mv clusters/cluster3 gone
await "agent 1 holds cluster3" holds 1
run callsign confirm held --admin "$(admin 1)"
run callsign explain pay.example.com --from cluster1/shop --admin "$(admin 1)"
run callsign vips --admin "$(admin 1)"
