// SPDX-License-Identifier: MIT
// What a picture of one network's state space is drawn from: points, orbits and the ways of
// memories, in the principal components of those ways.
#pragma once

#include <concepts>
#include <type_traits>
#include <vector>

#include "records/described.hpp"

namespace shoal {

struct Portrait {
    int components = 0;
    std::vector<double> variance_explained;
    std::vector<double> centre;
    std::vector<double> axes;
    std::vector<double> times;
    std::vector<double> paths;
    std::vector<double> points;
    std::vector<int> orbit_attractors;
    int orbit_samples = 0;
    std::vector<double> orbits;
};

template <class Record, class Visit>
requires std::same_as<std::remove_const_t<Record>, Portrait>
void describe(Record& record, Visit&& visit) {
    visit("components", record.components, Meaning{"principal components kept"});
    visit("variance_explained", record.variance_explained,
          Meaning{"share of the variance of the paths' rates", {"component"}});
    visit("centre", record.centre, Meaning{"mean rates of the paths", {"unit"}});
    visit("axes", record.axes,
          Meaning{"principal axes of the paths' rates, length 1", {"component", "unit"}});
    visit("times", record.times,
          Meaning{"times of a path's samples, since the memory began", {"portrait_time"}});
    visit("paths", record.paths,
          Meaning{"components along the first paths, [path, time, component]", {"path_value"}});
    visit("points", record.points,
          Meaning{"components of the network's fixed and slow points, [point, component]",
                  {"point_value"}});
    visit("orbit_attractors", record.orbit_attractors,
          Meaning{"indices of the attractors that move, among the network's", {"orbit"}});
    visit("orbit_samples", record.orbit_samples, Meaning{"samples of an orbit"});
    visit("orbits", record.orbits,
          Meaning{"components along the orbits, [orbit, sample, component]: one period of a cycle, "
                  "two trial lengths of other motions",
                  {"orbit_value"}});
}

}  // namespace shoal
