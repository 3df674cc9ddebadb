#!/usr/bin/env bash
# Runs a PostgreSQL of its own on loopback, in a folder that goes away with it. Its first line of output is its URL.
# It stops when its input ends, as it does when whoever started it dies.
#
#   tests/setup/postgres.sh [OPTION]...     the options are those of the server, such as -c fsync=off
set -euo pipefail

export PATH
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
command -v initdb >/dev/null || { echo "no PostgreSQL found: run tests/setup/system.sh postgres" >&2; exit 1; }

work=$(mktemp -d)
server=""
finish() {
  trap '' TERM INT HUP
  if [[ -n $server ]]; then
    # At once: what it holds goes away with it.
    kill -QUIT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP

# PostgreSQL does not run as root. Should this script be killed outright, the server ends with it all the same.
as=(setpriv --pdeathsig QUIT)
if [[ $(id -u) == 0 ]]; then
  chown postgres "$work"
  as+=(--reuid=postgres --regid=postgres --clear-groups)
fi
# The server must not hold the pipes of whoever waits for the end of this script.
quiet() { (cd "$work" && exec "${as[@]}" "$@") </dev/null >>"$work/log" 2>&1; }

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && echo "$password" >"$work/password")
[[ $(id -u) != 0 ]] || chown postgres "$work/password"
quiet initdb --pgdata "$work/data" --username toolgate --pwfile "$work/password" --auth scram-sha-256 \
  --encoding UTF8 --no-locale --no-sync || { cat "$work/log" >&2; exit 1; }

# Nobody can reserve a port: where another program was faster, the next one is tried.
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 40000))
  (cd "$work" && exec "${as[@]}" postgres -D "$work/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$work" -c max_connections=300 "$@") </dev/null >>"$work/log" 2>&1 &
  server=$!
  for _ in {1..200}; do
    kill -0 "$server" 2>/dev/null || break
    if pg_isready --quiet --host 127.0.0.1 --port "$port" && [[ -e $work/.s.PGSQL.$port ]]; then
      echo "postgresql://toolgate:$password@127.0.0.1:$port/postgres"
      exec >&-
      # A builtin: a signal ends it at once.
      while read -r _; do :; done
      exit 0
    fi
    sleep 0.05
  done
  kill -QUIT "$server" 2>/dev/null || true
  wait "$server" || true
  server=""
done
cat "$work/log" >&2
exit 1
