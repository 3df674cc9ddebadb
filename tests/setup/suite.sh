#!/usr/bin/env bash
# Puts the official JSON-Schema-Test-Suite into a folder. It travels in the source distribution of the Python package
# `jsonschema`, which pip finds wherever this machine is set up to look for packages.
#
#   tests/setup/suite.sh FOLDER     PYTHON may name another interpreter with pip
set -euo pipefail

VERSION=4.26.0
SHA256=0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326

folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# pip asks a source distribution's build backend for its metadata before it hands the file over. The file already
# holds them, so this one in the backend's place answers, and nothing that was downloaded is run.
mkdir "$work/hatchling"
cat >"$work/hatchling/build.py" <<'PYTHON'
import pathlib
import shutil


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory, "jsonschema.dist-info")
    folder.mkdir()
    shutil.copy("PKG-INFO", folder / "METADATA")
    return folder.name
PYTHON

# pip refuses a file of any other hash.
echo "jsonschema==$VERSION --hash=sha256:$SHA256" >"$work/requirements.txt"
PYTHONPATH=$work "${PYTHON:-python3}" -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation \
  --no-binary jsonschema --requirement "$work/requirements.txt" --dest "$work"

tar --extract --gzip --file "$work/jsonschema-$VERSION.tar.gz" --directory "$work" "jsonschema-$VERSION/json"
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
mv "$work/jsonschema-$VERSION/json" "$folder"
touch "$folder"
