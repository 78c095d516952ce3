// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "stats/page_assets.hpp"
#include "stats/report_data.hpp"
#include "stats/table.hpp"

namespace shoal {
namespace {

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

/// JSON that may stand inside a script element: ASCII only, and no '<' that could end the element
/// or open a comment. Bytes that are not UTF-8 become the replacement character.
std::string embedded_json(const nlohmann::json& data) {
    std::string out;
    for (const char c : data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)) {
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

/// claims.json, whose nesting is bounded: writing JSON out again recurses.
nlohmann::json parsed_claims(const std::string& text) {
    constexpr int max_depth = 16;
    bool too_deep = false;
    auto claims = nlohmann::json::parse(
        text,
        [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
            too_deep = too_deep || depth > max_depth;
            return !too_deep;
        },
        false);
    if (too_deep || !claims.is_object() || !claims.contains("claims") ||
        !claims.contains("population")) {
        throw file_error("claims.json is damaged: run shoal reproduce again to write it anew");
    }
    return claims;
}

/// Fills every {{place}} of the page, once: what is filled in is never searched for places.
std::string fill(std::string_view page, const std::string& title, const std::string& data) {
    std::string out;
    std::size_t from = 0;
    for (std::size_t open = page.find("{{"); open != std::string_view::npos;
         open = page.find("{{", from)) {
        const std::size_t close = page.find("}}", open);
        check(close != std::string_view::npos, "every place of the page is closed");
        const std::string_view place = page.substr(open + 2, close - open - 2);
        out += page.substr(from, open - from);
        if (place == "title") {
            out += title;
        } else if (place == "style") {
            out += page::css;
        } else if (place == "chart_js") {
            out += page::chart_js;
        } else if (place == "script") {
            out += page::script;
        } else {
            check(place == "data", "the page has no other places");
            out += data;
        }
        from = close + 2;
    }
    out += page.substr(from);
    return out;
}

}  // namespace

void write_report(const std::filesystem::path& path, const std::vector<RunContent>& runs,
                  const std::vector<PopulationRow>& rows, const std::vector<SummaryRow>& summary,
                  const std::vector<std::string>& detailed, const std::string& claims) {
    nlohmann::json data = report_data(runs, rows, summary, {}, detailed);
    data["paper"] = nullptr;
    if (!claims.empty()) {
        data["paper"] = parsed_claims(claims);
        if (data["paper"]["population"] != runs.front().config.identity) {
            data["paper"] = nullptr;
            data["notes"].push_back(
                "claims.json here is of another population; its claims are left out.");
        }
    }
    const std::string title = escape_html(runs.front().config.name);
    const std::string text = fill(page::html, title, embedded_json(data));
    if (path.has_parent_path()) {
        create_folders(path.parent_path());
    }
    replace_file(path, std::string_view(text));
}

}  // namespace shoal
