// SPDX-License-Identifier: MIT
// main() of a fuzz target where there is no libFuzzer: runs every file of the folders given, once.
#include <algorithm>
#include <vector>

#include "target.hpp"

int main(int argc, char** argv) {
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::cerr << file.filename().string() << '\n';
        std::ifstream stream(file, std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(stream), {}};
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()),
                               content.size());
    }
    shoal::fuzz::require(!files.empty(), "a corpus has files");
}
