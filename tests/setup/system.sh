#!/usr/bin/env bash
# Installs by apt what the named parts need and the machine lacks.
#
#   tests/setup/system.sh build     a C compiler and Python's venv
#   tests/setup/system.sh browser   Chromium and its driver, for the browser tests
#   tests/setup/system.sh postgres  PostgreSQL's server, for the tests of ledgers
set -euo pipefail

missing=()
need() { # COMMAND PACKAGE: the package is missing if the command fails
  eval "$1" >/dev/null 2>&1 || missing+=("$2")
}

for part in "$@"; do
  case "$part" in
    build)
      need 'command -v cc' build-essential
      need 'command -v make' build-essential
      need 'python3 -c "import ensurepip, venv"' python3-venv
      ;;
    browser)
      need 'command -v chromium' chromium
      need 'command -v chromedriver' chromium-driver
      ;;
    postgres)
      need 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb' postgresql
      ;;
    *)
      echo "unknown part: $part" >&2
      exit 2
      ;;
  esac
done

for command in rustup cargo node npm python3; do
  command -v "$command" >/dev/null || { echo "toolgate needs $command (Rust by rustup, Node 20 or later, Python 3.11 or later)" >&2; exit 1; }
done

if ((${#missing[@]})); then
  root=""
  [[ $(id -u) == 0 ]] || root=sudo
  $root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq "${missing[@]}"
fi
