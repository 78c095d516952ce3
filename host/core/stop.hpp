// SPDX-License-Identifier: MIT
#pragma once

namespace shoal {

/// From now on INT, TERM and USR1 only ask for a stop; a second INT ends the process at once.
void catch_stop_signals();
/// Stop after this many hours of wall time from now (--max-hours); 0: no limit.
void stop_after_hours(double hours);
/// True once a stop was asked for by a signal or the time limit has passed.
bool stop_requested();
/// What asked for it: "interrupted" or "time limit reached".
const char* stop_reason();
/// Forgets earlier requests (tests run several commands in one process).
void clear_stop_request();

}  // namespace shoal
