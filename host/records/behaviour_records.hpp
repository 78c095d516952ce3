// SPDX-License-Identifier: MIT
// What is kept of the behavioural tests of one network (host/MATHEMATICS.md, A.10). A "condition"
// is one trial type after one conclusion; "failed" means that z_o (output 0) at the end of the
// trial is more than 0.1 away from that of the same condition left alone. Numbers that were not
// measured are NaN, lists are empty, and `limits` says why.
#pragma once

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "records/described.hpp"

namespace shoal {

// What each field holds is said once, in describe().

/// The delay before the second stimulus lengthened.
struct ForgettingRecord {
    bool applicable = false;
    std::vector<double> extensions;
    std::vector<double> failed_share;
    std::vector<double> asymptotic_share;
    std::vector<double> survival;
    std::vector<int> censored;
    std::vector<int> asymptotic;
    double median_survival = std::numeric_limits<double>::quiet_NaN();
    bool median_censored = false;
    double nominal_score = std::numeric_limits<double>::quiet_NaN();
    std::string limits;
};

/// Noise on the first stimulus.
struct NoiseRecord {
    bool applicable = false;
    int runs = 0;
    std::vector<double> sigmas;
    std::vector<double> failed_uniform;
    std::vector<double> failed_gaussian;
    double uniform_all_right = std::numeric_limits<double>::quiet_NaN();
    double uniform_half_right = std::numeric_limits<double>::quiet_NaN();
    double gaussian_all_right = std::numeric_limits<double>::quiet_NaN();
    double gaussian_half_right = std::numeric_limits<double>::quiet_NaN();
    std::string limits;
};

/// Units held at r = 0 from the start of the delay to the end of the trial.
struct SilencingRecord {
    bool applicable = false;
    std::vector<double> fractions;
    std::vector<double> failed_random;
    std::vector<double> failed_most_active;
    std::vector<double> failed_least_active;
    std::vector<double> unit_change;
    std::vector<double> unit_failed;
    int units_tested = 0;
    int critical_units = 0;
    std::string limits;
};

/// Activity in the delay, and what the memory costs.
struct ActivityRecord {
    std::string epoch;
    double participation_ratio = std::numeric_limits<double>::quiet_NaN();
    double phasic_index = std::numeric_limits<double>::quiet_NaN();
    double mean_abs_rate = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> unit_phasic;
    double attractors_per_solved = std::numeric_limits<double>::quiet_NaN();
    double saturated_per_solved = std::numeric_limits<double>::quiet_NaN();
    std::string limits;
};

template <class Record, class Visit>
requires std::is_same_v<const Record, const ForgettingRecord>
void describe(Record& record, Visit&& visit) {
    visit("applicable", record.applicable,
          Meaning{"whether the task's trials show, wait and show again: only then is there a delay "
                  "to lengthen"});
    visit("extensions", record.extensions,
          Meaning{"by how much the delay before the second stimulus was lengthened, time",
                  {"extension"}});
    visit("failed_share", record.failed_share,
          Meaning{"share of conditions failed at this extension", {"extension"}});
    visit("asymptotic_share", record.asymptotic_share,
          Meaning{"share of conditions failed at this extension whose z_o, one trial length later "
                  "without input, is more than 0.3 away from the nominal one",
                  {"extension"}});
    visit(
        "survival", record.survival,
        Meaning{"first extension at which the condition fails (censored: the longest tried), time",
                {"condition"}});
    visit("censored", record.censored,
          Meaning{"1: the condition failed at no extension", {"condition"}});
    visit("asymptotic", record.asymptotic,
          Meaning{"how the first failure ends: 1 asymptotic, 0 fixed time, -1 no failure",
                  {"condition"}});
    visit("median_survival", record.median_survival,
          Meaning{"first extension by which at least half of the conditions have failed (at some "
                  "extension up to it), time"});
    visit("median_censored", record.median_censored,
          Meaning{
              "whether fewer than half ever failed: the longest extension is then a lower bound"});
    visit("nominal_score", record.nominal_score,
          Meaning{"mean score of the same trials without an extension"});
    visit("limits", record.limits, Meaning{"limits that cut work, in words"});
}

template <class Record, class Visit>
requires std::is_same_v<const Record, const NoiseRecord>
void describe(Record& record, Visit&& visit) {
    visit("applicable", record.applicable,
          Meaning{"whether the task has a first stimulus that is remembered over a delay"});
    visit("runs", record.runs, Meaning{"runs per sigma and kind of noise"});
    visit("sigmas", record.sigmas, Meaning{"size of the noise", {"sigma"}});
    visit("failed_uniform", record.failed_uniform,
          Meaning{"share of runs failed with sigma U(0, 1) + 0.5 added to the first stimulus, "
                  "afresh for every channel and step (biased)",
                  {"sigma"}});
    visit("failed_gaussian", record.failed_gaussian,
          Meaning{"the same with N(0, sigma^2 / 12) (zero mean, same standard deviation)",
                  {"sigma"}});
    visit("uniform_all_right", record.uniform_all_right,
          Meaning{"largest sigma up to which no run fails, uniform noise; 0: none"});
    visit(
        "uniform_half_right", record.uniform_half_right,
        Meaning{"largest sigma up to which at most half of the runs fail, uniform noise; 0: none"});
    visit("gaussian_all_right", record.gaussian_all_right,
          Meaning{"largest sigma up to which no run fails, Gaussian noise; 0: none"});
    visit("gaussian_half_right", record.gaussian_half_right,
          Meaning{"largest sigma up to which at most half of the runs fail, Gaussian noise; 0: "
                  "none"});
    visit("limits", record.limits, Meaning{"limits that cut work, in words"});
}

template <class Record, class Visit>
requires std::is_same_v<const Record, const SilencingRecord>
void describe(Record& record, Visit&& visit) {
    visit("applicable", record.applicable,
          Meaning{"whether the task has a delay over which something is remembered"});
    visit("fractions", record.fractions, Meaning{"share of units silenced", {"fraction"}});
    visit("failed_random", record.failed_random,
          Meaning{"share of runs failed with that share of units, drawn at random, silenced",
                  {"fraction"}});
    visit("failed_most_active", record.failed_most_active,
          Meaning{"share of conditions failed with the units of largest mean |r| in the delay "
                  "silenced",
                  {"fraction"}});
    visit("failed_least_active", record.failed_least_active,
          Meaning{"share of conditions failed with those of smallest mean |r| silenced",
                  {"fraction"}});
    visit("unit_change", record.unit_change,
          Meaning{"mean over conditions of |change of z_o at the end| with this unit alone "
                  "silenced; NaN: not tested, or a run left the range",
                  {"unit"}});
    visit("unit_failed", record.unit_failed,
          Meaning{"share of conditions failed with this unit alone silenced; NaN: not tested",
                  {"unit"}});
    visit("units_tested", record.units_tested, Meaning{"units silenced one at a time"});
    visit("critical_units", record.critical_units,
          Meaning{"tested units whose silencing alone fails at least half of the conditions"});
    visit("limits", record.limits, Meaning{"limits that cut work, in words"});
}

template <class Record, class Visit>
requires std::is_same_v<const Record, const ActivityRecord>
void describe(Record& record, Visit&& visit) {
    visit("epoch", record.epoch, Meaning{"the part of a trial that was looked at"});
    visit("participation_ratio", record.participation_ratio,
          Meaning{"(sum of eigenvalues)^2 / sum of squared eigenvalues of the covariance of r over "
                  "conditions and time"});
    visit("phasic_index", record.phasic_index,
          Meaning{"variance of r over time within conditions, as a share of it and the variance of "
                  "time means over conditions, summed over units; 1: phasic, 0: tonic"});
    visit("mean_abs_rate", record.mean_abs_rate,
          Meaning{"mean of |r| over units, conditions and time"});
    visit("unit_phasic", record.unit_phasic,
          Meaning{"phasic index of each unit; NaN: its rate does not vary", {"unit"}});
    visit("attractors_per_solved", record.attractors_per_solved,
          Meaning{"distinct attractors divided by the share of the task that is solved"});
    visit("saturated_per_solved", record.saturated_per_solved,
          Meaning{"saturated share of units in the delay divided by the share of the task that is "
                  "solved"});
    visit("limits", record.limits, Meaning{"limits that cut work, in words"});
}

}  // namespace shoal
