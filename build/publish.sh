#!/usr/bin/env bash
# Publishes the command as one native file and shows that it gives the captions of the built command. Usage: build/publish.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${1:-$work/out}

# Its own build folder: a build for one system must not disturb the ordinary one.
dotnet publish src/Sightline.Cli -c Release -r linux-x64 -p:PublishAot=true -p:ArtifactsPath="$work/artifacts" -o "$out" --nologo -v quiet
rm -f "$out"/*.dbg
ls -l "$out"
bytes=$(cat "$out"/* | wc -c)
echo "published: $bytes bytes"
[ "$bytes" -le 25000000 ]

images=tests/Fixtures/images/shapes
model=tests/Fixtures/checkpoints/t-base
[ -x artifacts/bin/Sightline.Cli/release/sightline ] || dotnet build src/Sightline.Cli -c Release --nologo -v quiet
for options in "" "--beams 4 --json"; do
  # Times differ, and nothing else may.
  "$out/sightline" caption "$images" --model "$model" $options | sed 's/"ms":[0-9.]*//' > "$work/native"
  artifacts/bin/Sightline.Cli/release/sightline caption "$images" --model "$model" $options | sed 's/"ms":[0-9.]*//' > "$work/built"
  [ "$(wc -l < "$work/native")" = 6 ]
  cmp "$work/native" "$work/built"
done
"$out/sightline" caption "$images" --model "$model" --out "$work/captions" --shard 0/1
[ "$("$out/sightline" merge "$work/captions" | wc -l)" = 6 ]
echo "the native file captions as the built command does"
