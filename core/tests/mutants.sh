#!/usr/bin/env bash
# Changes the gates, approvals, flows and the policy line by line, and tells how many of the changes the tests notice.
#
#   core/tests/mutants.sh FOLDER [SHARD]     SHARD: 0/1 is all, 3/20 every twentieth from the fourth on
#
# The vectors notice nearly all; only what they miss is tried on the slower tests. What is left stands in core/mutants.md
# with the reason why nothing can notice it.
set -euo pipefail

folder=$1
shard=${2:-0/1}
mutate=(cargo-mutants mutants --package toolgate-core --sharding round-robin --shard "$shard")

mkdir -p "$folder"
rm -rf "$folder"/mutants.out* "$folder/unviable"

# Tests named as arguments; 2 and 3 are cargo-mutants' words for changes that were missed or hung.
pass() {
  local arguments=() status=0
  for argument in --config profile.dev.debug=0 "$@"; do arguments+=("--cargo-arg=$argument"); done
  "${mutate[@]}" --output "$folder" --no-shuffle --jobs "$(nproc)" --iterate "${arguments[@]}" || status=$?
  cat "$folder/mutants.out/unviable.txt" >>"$folder/unviable"
  [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || exit "$status"
}

pass --test vectors
pass --lib --test audit --test drift --test limits --test pace --test properties

all=$("${mutate[@]}" --list | wc -l)
unviable=$(sort -u "$folder/unviable" | wc -l)
missed=$(sort "$folder"/mutants.out/missed.txt | wc -l)
awk -v viable=$((all - unviable)) -v missed="$missed" 'BEGIN {
  printf "%d of %d changes were noticed: %.1f %%\n", viable - missed, viable, 100 * (viable - missed) / viable
}'
cat "$folder"/mutants.out/missed.txt
