// SPDX-License-Identifier: MIT
// The files of host/stats/page and Chart.js, embedded at build time.
#pragma once

#include <string_view>

namespace shoal::page {

extern const std::string_view html;      ///< page with {{name}} places
extern const std::string_view css;       ///< report.css
extern const std::string_view script;    ///< charts.js, table.js and report.js, in this order
extern const std::string_view chart_js;  ///< Chart.js, minified, with its licence banner

}  // namespace shoal::page
