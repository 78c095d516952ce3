// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "backend/cuda_plugin.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "store/manifest.hpp"

namespace shoal {
namespace {

nlohmann::ordered_json as_json(const CudaDeviceInfo& device) {
    nlohmann::ordered_json policies = nlohmann::json::array();
    for (const LaunchPolicyInfo& policy : device.policies) {
        policies.push_back({{"units", policy.units},
                            {"route", policy.route},
                            {"threads", policy.threads},
                            {"shared_bytes", policy.shared_bytes},
                            {"networks_at_once", policy.networks_at_once}});
    }
    return {{"index", device.index},           {"name", device.name},
            {"capability", device.capability}, {"multiprocessors", device.multiprocessors},
            {"memory_bytes", device.memory},   {"largest_on_chip", device.largest_on_chip},
            {"force_policies", policies}};
}

void print(const CudaDeviceInfo& device) {
    fmt::print("GPU {}      {}, sm_{}, {} multiprocessors, {:.1f} GB; up to {} units on chip\n",
               device.index, device.name, device.capability, device.multiprocessors,
               static_cast<double>(device.memory) / 1e9, device.largest_on_chip);
    fmt::print("           {:>6} {:>10} {:>8} {:>10} {:>17}\n", "units", "route", "threads",
               "shared KB", "networks at once");
    for (const LaunchPolicyInfo& policy : device.policies) {
        if (policy.threads == 0) {
            fmt::print("           {:>6} {:>10}\n", policy.units, policy.route);
        } else {
            fmt::print("           {:>6} {:>10} {:>8} {:>10.1f} {:>17}\n", policy.units,
                       policy.route, policy.threads,
                       static_cast<double>(policy.shared_bytes) / 1024, policy.networks_at_once);
        }
    }
}

void show_info(bool json) {
    std::string reason;
    std::vector<CudaDeviceInfo> devices;
    const CudaPlugin* plugin = load_cuda_plugin(&reason);
    if (plugin != nullptr) {
        devices = plugin->devices(&reason);
    }
    const auto automatic = make_backend("auto", {Precision::fp32, 0, 0});
    std::vector<std::string> backends = {"reference", "cpu"};
    if (!devices.empty()) {
        backends.push_back("cuda");
    }
    if (json) {
        nlohmann::ordered_json out = {{"version", program_version()},
                                      {"compiler", fmt::format("g++ {}", __VERSION__)},
                                      {"backends", backends},
                                      {"auto", automatic->name()},
                                      {"instruction_set", automatic->instruction_set()},
                                      {"threads", automatic->threads()},
                                      {"devices", nlohmann::json::array()}};
        for (const CudaDeviceInfo& device : devices) {
            out["devices"].push_back(as_json(device));
        }
        if (devices.empty()) {
            out["no_device"] = reason;
        }
        fmt::print("{}\n", out.dump());
        return;
    }
    fmt::print("shoal {}, built with g++ {}\n", program_version(), __VERSION__);
    fmt::print("backends   {}\n", fmt::join(backends, ", "));
    fmt::print("auto       {} with {}, {} thread(s)\n", automatic->name(),
               automatic->instruction_set(), automatic->threads());
    for (const CudaDeviceInfo& device : devices) {
        print(device);
    }
    if (devices.empty()) {
        fmt::print("GPUs       none: {}\n", reason);
    }
}

}  // namespace

void add_info_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("info", "Program, backends, GPUs and how networks are laid out on them");
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print as JSON");
    command->footer("Examples:\n  shoal info\n  shoal info --json");
    command->callback([json] { show_info(*json); });
}

}  // namespace shoal
