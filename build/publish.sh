#!/usr/bin/env bash
# Publishes the command as one native file and shows that it gives the captions of the built command. Usage: build/publish.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${1:-$work/out}
if [ -n "$(ls -A "$out" 2> /dev/null)" ]; then
  echo "publish.sh: $out holds files; an empty folder, or none, was expected." >&2
  exit 1
fi

# Its own build folder: a build for one system must not disturb the ordinary one.
dotnet publish src/Sightline.Cli -c Release -r linux-x64 -p:PublishAot=true -p:ArtifactsPath="$work/artifacts" -o "$out" --nologo -v quiet
rm -f "$out"/*.dbg # the command's own symbols; for a debugger, not for running
ls -l "$out"
bytes=$(cat "$out"/* | wc -c)
echo "published: $bytes bytes"
if [ "$bytes" -gt 25000000 ]; then
  echo "publish.sh: more than 25000000 bytes." >&2
  exit 1
fi

images=tests/Fixtures/images/shapes
model=tests/Fixtures/checkpoints/t-base
dotnet build src/Sightline.Cli -c Release --nologo -v quiet # what is held against it must be of the same source
built=artifacts/bin/Sightline.Cli/release/sightline
pictures=$(ls "$images"/*.png | wc -l)
"$out/sightline" convert "$model" "$work/int8" --dtype int8 > /dev/null
for options in "$model" "$model --beams 4 --json" "$work/int8"; do
  # Times differ, and nothing else may. The native file's vectors have 256 bits: with 512, the last digits of scores are others.
  avx512=1
  [[ "$options" == *--json* ]] && avx512=0
  for command in "$out/sightline" "$built"; do
    DOTNET_EnableAVX512=$avx512 "$command" caption "$images" --model $options | sed 's/"ms":[0-9.]*//' > "$work/$([ "$command" = "$built" ] && echo built || echo native)"
  done
  [ "$(wc -l < "$work/native")" = "$pictures" ]
  cmp "$work/native" "$work/built"
done
"$out/sightline" caption "$images" --model "$model" --out "$work/captions" --shard 0/1
[ "$("$out/sightline" merge "$work/captions" | wc -l)" = "$pictures" ]
# The same ONNX folder, byte for byte.
"$out/sightline" export --model "$model" --onnx "$work/onnx-native" > /dev/null
"$built" export --model "$model" --onnx "$work/onnx-built" > /dev/null
diff -r "$work/onnx-native" "$work/onnx-built"
echo "the native file captions and exports as the built command does"
