# SPDX-License-Identifier: MIT
# Sourced by tools/demo, tools/check and others: one way to configure and build.

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

# Warnings are errors as in tools/check (so that it need not compile everything again), but only with the
# compiler of Debian 12: a newer one may have new warnings, and they should not stop a user.
werror() {
    if [[ $(c++ -dumpversion) == 12* ]]; then
        echo ON
    else
        echo OFF
    fi
}
