#!/usr/bin/env bash
# From the start of the process to its first caption, and peak memory (mapped weights included), for several builds of the command in turn.
# Usage: bench/cold-start.sh MODEL PICTURE COMMAND...      e.g. out/sightline artifacts/bin/Sightline.Cli/release/sightline
# Needs GNU time (Debian package "time"). ROUNDS=15 sets the number of rounds.
set -euo pipefail
[ $# -ge 3 ] || { sed -n 2,4p "$0" >&2; exit 2; }
[ -x /usr/bin/time ] || { echo "cold-start.sh: /usr/bin/time is missing; apt-get install time" >&2; exit 1; }
model=$1 picture=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for round in $(seq "${ROUNDS:-15}"); do
  for index in $(seq $#); do
    start=$(date +%s%N)
    { IFS= read -r caption; first=$(date +%s%N); cat > /dev/null; wait $!; } \
      < <(exec /usr/bin/time -f '%M %U %S' -o "$work/used" "${!index}" caption "$picture" --model "$model" --max-length 20)
    echo "$(((first - start) / 1000000)) $(cat "$work/used")" >> "$work/$index"
    cut -f 2 <<< "$caption" > "$work/$index.caption"
  done
done

weights=$(cat "$model"/*.safetensors | wc -c)
echo "first caption: best and median ms of ${ROUNDS:-15}; processor time: best ms; peak: largest MiB, and its ratio to the $((weights >> 20)) MiB of weights"
for index in $(seq $#); do
  sort -n "$work/$index" | awk -v command="${!index}" -v weights="$weights" '
    { ms[NR] = $1; used = ($3 + $4) * 1000; if (NR == 1 || used < least) least = used; if ($2 > peak) peak = $2 }
    END { printf "%s\tbest %d ms\tmedian %d ms\tprocessor %d ms\tpeak %d MiB\t%.2f\n", command, ms[1], ms[int((NR + 1) / 2)], least, peak / 1024, peak * 1024 / weights }'
  cmp "$work/1.caption" "$work/$index.caption"
done
