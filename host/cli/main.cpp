// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    return shoal::run_command_line(argc, argv);
}
