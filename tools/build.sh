# SPDX-License-Identifier: MIT
# Sourced by tools/demo and tools/check: one way to configure and build.

# configure FOLDER OPTIONS...: cmake, with Ninja.
configure() {
    local folder=$1
    shift
    local options=(-S . -B "$folder")
    if [[ ! -f $folder/CMakeCache.txt ]]; then
        options+=(-G Ninja)
    fi
    cmake --log-level=NOTICE "${options[@]}" "$@"
}

# build FOLDER TARGETS...: all targets if none is named.
build() {
    local folder=$1
    shift
    cmake --build "$folder" --parallel "$(nproc)" ${*:+--target "$@"}
}
