# SPDX-License-Identifier: MIT
# complete_words WORDS...: what bash would offer for the last word, one a line.
complete_words() {
    source "${SHOAL_COMPLETION:-/usr/share/bash-completion/completions/shoal}"
    compopt() { :; } # works only while bash itself completes
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    "$(complete -p shoal | sed 's/.*-F \([^ ]*\) .*/\1/')"
    printf '%s\n' "${COMPREPLY[@]}"
}
