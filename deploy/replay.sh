#!/bin/sh
# Makes what the Dockerfile makes, step by step, without Docker: deploy/replay.sh FOLDER (a new one).
# Then says how large it is, and how long the server takes until it is ready. As root, the server runs
# as nobody, as in the image; PYTHON names a Python 3.11 that nobody may run.
set -eu

project="$(cd "$(dirname "$0")/.." && pwd)"
export PYTHON="${PYTHON:-/usr/bin/python3.11}"
mkdir "$1"
folder="$(cd "$1" && pwd)"

mkdir "$folder/src"
cd "$project"
sed -n 's/^!//p' .dockerignore | tar --exclude __pycache__ -cf - -T - | tar -xf - -C "$folder/src"

cd "$folder/src"
sh deploy/image.sh models
sh deploy/image.sh packages "$folder/venv"
sh deploy/image.sh app "$folder/venv" "$folder/app"
sh deploy/image.sh check "$folder/venv" "$folder/app"
du -sm "$folder/src/.venv" "$folder/venv" "$folder/app/.cache"
du -sm "$folder/app"

# The server, with the Dockerfile's own environment and command, but for the port and the address.
port="${PORT:-8599}"
tmp="$folder/tmp"
mkdir -m 1777 "$tmp"
touch "$folder/before"
someone=""
[ "$(id -u)" -ne 0 ] || someone="setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs"
cd "$folder/app"
began="$(date +%s.%N)"
env -i HOME="$tmp" TMPDIR="$tmp" PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
  $someone "$folder/venv/bin/python" serve.py "$port" 127.0.0.1 >"$folder/log" 2>&1 &
server=$!
trap 'kill $server; wait $server || true' EXIT
"$folder/venv/bin/python" - "http://127.0.0.1:$port/readyz" "$began" "$folder/log" <<'PROGRAM'
import pathlib, sys, time, urllib.error, urllib.request

start, said = float(sys.argv[2]), pathlib.Path(sys.argv[3])
while time.time() < start + 120:
    if "ThoraxLens is at" not in said.read_text():  # it says so itself: another server may have the port
        time.sleep(0.05)
        continue
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=60) as answer:
            print(f"ready after {time.time() - start:.1f} s: {answer.read().decode()}")
            sys.exit()
    except urllib.error.HTTPError as refused:
        sys.exit(f"not ready: {refused.read().decode()}")
    except OSError:
        time.sleep(0.1)
sys.exit(f"no answer in 120 s: {said.read_text()}")
PROGRAM
written="$(find "$folder/venv" "$folder/app" -newer "$folder/before")"
[ -z "$written" ] || { echo "the server has written $written"; exit 1; }
[ "${KEEP:-}" = "" ] || { echo "at http://127.0.0.1:$port until Ctrl+C"; wait $server; }
