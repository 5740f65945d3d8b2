# For scripts that need a coordinator of their own: sourced, not run.
# shellcheck shell=bash

# Starts `goldentooth up` on free ports with a data folder in $1 and whatever follows as arguments. When it
# returns, `coordinator` is the process, and `http` and `mqtt` are where it listens.
start_coordinator() {
    local folder=$1
    shift
    target/release/goldentooth up --json --data "$folder/data" --http 127.0.0.1:0 "$@" \
        >"$folder/ready" 2>"$folder/log" &
    coordinator=$!
    local _
    for _ in $(seq 150); do
        [ -s "$folder/ready" ] && break
        sleep 0.2
    done
    http=$(sed -n 's/.*"http":"\([^"]*\)".*/\1/p' "$folder/ready")
    # shellcheck disable=SC2034 # for who sources this
    mqtt=$(sed -n 's/.*"mqtt":"\([^"]*\)".*/\1/p' "$folder/ready")
    [ -n "$http" ] || { cat "$folder/log" >&2; return 1; }
}
