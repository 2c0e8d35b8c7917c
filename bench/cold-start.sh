#!/usr/bin/env bash
# From the start of the process to its first caption, and peak memory, for several builds of the command in turn.
# Usage: bench/cold-start.sh MODEL PICTURE COMMAND...      e.g. out/sightline artifacts/bin/Sightline.Cli/release/sightline
set -euo pipefail
model=$1 picture=$2
shift 2
for round in 1 2 3 4 5; do
  for command in "$@"; do
    start=$(date +%s%N)
    caption=$(bash -c 'ulimit -c 0; "$@" & pid=$!; peak=0
      while read -r _ kib _ < <(grep VmHWM /proc/$pid/status 2>/dev/null); do peak=$kib; sleep 0.005; done
      wait $pid; echo "$((peak / 1024)) MiB" >&2' - "$command" caption "$picture" --model "$model" --max-length 20 2> peak.txt)
    end=$(date +%s%N)
    printf '%s\t%d ms\t%s\t%s\n' "$command" $(((end - start) / 1000000)) "$(tail -1 peak.txt)" "$(cut -f 2 <<< "$caption" | cut -c 1-40)"
  done
done
rm -f peak.txt
