#!/usr/bin/env bash
# Packs the libraries and the command into a folder, installs the command from there and builds a program on the library, as a user would.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for project in Sightline Sightline.Onnx Sightline.Metrics Sightline.Data Sightline.Training Sightline.Extensions.AI Sightline.Cli Sightline.Server Sightline.Worker; do
  dotnet pack "src/$project" -c Release -o "$work/feed" --nologo -v quiet
done
ls "$work/feed"

# A cache of its own, so that what is installed is what was packed; the machine's other sources stay.
export NUGET_PACKAGES="$work/packages"
version=$(basename "$work"/feed/Sightline.Cli.*.nupkg .nupkg | sed 's/^Sightline\.Cli\.//')
dotnet tool install Sightline.Cli --version "$version" --tool-path "$work/tools" --add-source "$work/feed"
caption=$("$work/tools/sightline" caption tests/Fixtures/images/shapes/shape0.png --model tests/Fixtures/checkpoints/t-base)
echo "the installed command says: $caption"
[ "$caption" = "$(printf 'tests/Fixtures/images/shapes/shape0.png\ta yellow square')" ]

dotnet tool install Sightline.Server --version "$version" --tool-path "$work/tools" --add-source "$work/feed"
"$work/tools/sightline" serve --model tests/Fixtures/checkpoints/t-base --urls http://127.0.0.1:18080 2> "$work/server.log" &
server=$!
for _ in $(seq 60); do curl -sf http://127.0.0.1:18080/health/ready > /dev/null && break; sleep 1; done
caption=$(curl -s --data-binary @tests/Fixtures/images/shapes/shape0.png -H 'Content-Type: image/png' http://127.0.0.1:18080/)
kill "$server" && wait "$server"
echo "the installed server says: $caption"
[ "$caption" = '[{"generated_text":"a yellow square"}]' ]

dotnet tool install Sightline.Worker --version "$version" --tool-path "$work/tools" --add-source "$work/feed"
said=$("$work/tools/sightline" worker collect --url nats://127.0.0.1:9 2>&1 || true)
echo "the installed worker, without a queue, says: $said"
[ "${said#sightline: 127.0.0.1:9: no NATS server}" != "$said" ]

mkdir "$work/app"
cat > "$work/app/app.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="Sightline" Version="$version" /></ItemGroup>
</Project>
EOF
cat > "$work/app/Program.cs" <<'EOF'
using Sightline;
using var captioner = Captioner.Load(args[0]);
Console.WriteLine(captioner.Describe(args[1]).Text);
EOF
dotnet restore "$work/app" --source "$work/feed" $(dotnet nuget list source --format short | awk '$1 == "E" { print "--source " $2 }') -v quiet
dotnet build "$work/app" -c Release --no-restore -v quiet --nologo
caption=$(dotnet "$work/app/bin/Release/net10.0/app.dll" "$root/tests/Fixtures/checkpoints/t-base" "$root/tests/Fixtures/images/shapes/shape0.png")
echo "a program on the package says: $caption"
[ "$caption" = "a yellow square" ]
