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
mutate=(cargo-mutants mutants --package toolgate-core)
part=(--sharding round-robin --shard "$shard")

mkdir -p "$folder"
rm -rf "$folder"/mutants.out*

# The changes to make, then `--`, then the tests; 2 and 3 are cargo-mutants' words for changes that were missed or hung.
pass() {
  local changes=() tests=() status=0
  while [ "$1" != -- ]; do changes+=("$1") && shift; done
  for argument in --config profile.dev.debug=0 "${@:2}"; do tests+=("--cargo-arg=$argument"); done
  "${mutate[@]}" "${changes[@]}" --output "$folder" --no-shuffle --jobs "$(nproc)" "${tests[@]}" || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || exit "$status"
}

pass "${part[@]}" -- --test vectors
all=$("${mutate[@]}" "${part[@]}" --list | wc -l)
unviable=$(wc -l <"$folder/mutants.out/unviable.txt")
cp "$folder/mutants.out/missed.txt" "$folder/missed.txt"

# cargo-mutants tries every deleted field whatever names are asked for; what comes of those others is not looked at.
names=()
while read -r name; do
  names+=(--re "^$(sed 's/[][\.*^$(){}+?|]/\\&/g' <<<"$name")$")
done <"$folder/missed.txt"
if [ -s "$folder/missed.txt" ]; then
  pass "${names[@]}" -- --lib --test audit --test drift --test limits --test pace --test properties
  grep -vxFf "$folder/mutants.out/caught.txt" "$folder/missed.txt" >"$folder/left.txt" || true
  mv "$folder/left.txt" "$folder/missed.txt"
fi

awk -v viable=$((all - unviable)) -v missed="$(wc -l <"$folder/missed.txt")" 'BEGIN {
  printf "%d of %d changes were noticed: %.1f %%\n", viable - missed, viable, 100 * (viable - missed) / viable
}'
cat "$folder/missed.txt"
