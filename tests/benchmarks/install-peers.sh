#!/bin/bash
# Installs the tools that yester is measured against below a folder of their own, nothing anywhere else.
#
#   install-peers.sh FOLDER [restic|borg|bindfs ...]
#
# restic and bindfs come as Debian packages that are unpacked, not installed: the newest of the suites below (the
# mirror is the one this machine's apt uses), else this release's. borg 1.4 comes from PyPI into an environment of its
# own. What cannot be had is reported, and its column is left out of the results.
set -u
folder=${1:?usage: install-peers.sh FOLDER [restic|borg|bindfs ...]}
mkdir -p "$folder"/{bin,deb,log,apt/lists/partial,apt/cache/archives/partial} || exit 1
folder=$(cd "$folder" && pwd)
shift
[ $# -eq 0 ] && set -- restic borg bindfs
suites="bookworm-backports trixie sid"

mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' | head -1)
newer=(-o "Dir::Etc::sourcelist=$folder/apt/newer.sources" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache")
[ "$(id -u)" = 0 ] && newer+=(-o APT::Sandbox::User=root)

# unpack PACKAGE PATH [APT-OPTION...]: download one package, unpack it, and link the program at PATH in it
unpack() {
  local package=$1 path=$2 into=$folder/deb/${1%%/*}
  shift 2
  rm -rf "$into" && mkdir -p "$into" && cd "$into" || return 1
  apt-get "$@" download -qq "$package" && dpkg -x ./*.deb . && ln -sf "$into/$path" "$folder/bin/" &&
    "$into/$path" --version || "$into/$path" version
}

get_restic() {
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$suites" \
    /usr/share/keyrings/debian-archive-keyring.gpg >"$folder/apt/newer.sources"
  { [ -n "$mirror" ] && apt-get "${newer[@]}" update -qq && unpack restic/sid usr/bin/restic "${newer[@]}"; } ||
    unpack restic usr/bin/restic
}

get_bindfs() { unpack bindfs usr/bin/bindfs; }

get_borg() {
  rm -rf "$folder/borg" && python3 -m venv "$folder/borg" &&
    "$folder/borg/bin/pip" install -q --disable-pip-version-check 'borgbackup[pyfuse3]<2' &&
    ln -sf "$folder/borg/bin/borg" "$folder/bin/" && "$folder/borg/bin/borg" --version
}

result=0
for peer in "$@"; do
  if "get_$peer" >"$folder/log/$peer" 2>&1; then
    echo "$peer: installed"
  else
    echo "$peer: could not be installed, see $folder/log/$peer"
    result=1
  fi
done
exit $result
