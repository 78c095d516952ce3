# SPDX-License-Identifier: MIT
# Writes OUTPUT, a C++ file that holds the page's assets as string literals. A raw literal ends at its
# delimiter and a script element at its end tag, so neither may occur inside an asset.
set(text "// Made by host/stats/page/embed.cmake.\n#include \"stats/page_assets.hpp\"\n\n")
string(APPEND text "namespace shoal::page {\n\n")

function(embed name)
  set(content "")
  foreach(file IN LISTS ARGN)
    file(READ "${file}" part)
    string(APPEND content "${part}")
    if(file MATCHES "\\.js$")
      string(TOLOWER "${part}" lower)
      string(FIND "${lower}" "</script" end_tag)
      if(NOT end_tag EQUAL -1)
        message(FATAL_ERROR "${file} contains '</script' and cannot stand inside a page")
      endif()
    endif()
  endforeach()
  string(FIND "${content}" ")shoal\"" delimiter)
  if(NOT delimiter EQUAL -1)
    message(FATAL_ERROR "An asset of ${name} contains the delimiter of its literal")
  endif()
  set(text "${text}const std::string_view ${name} = R\"shoal(${content})shoal\";\n\n" PARENT_SCOPE)
endfunction()

embed(html "${PAGE}/report.html")
embed(css "${PAGE}/report.css")
embed(script "${PAGE}/charts.js" "${PAGE}/table.js" "${PAGE}/network.js" "${PAGE}/paper.js" "${PAGE}/report.js")
embed(chart_js "${CHART_JS}")

string(APPEND text "}  // namespace shoal::page\n")
file(WRITE "${OUTPUT}" "${text}")
