// SPDX-License-Identifier: MIT
#include "config/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "core/text.hpp"

namespace shoal {
namespace {

/// A configuration needs four levels; the parser recurses, so depth is bounded while it runs.
constexpr std::size_t max_depth = 16;

/// Ends the parse; the problem has been told.
struct Stop {};

Place place_at(std::string_view text, std::size_t offset, int override_index) {
    const std::string_view before = text.substr(0, offset);
    const auto line = std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    return {override_index, static_cast<int>(line) + 1, static_cast<int>(offset - start) + 1};
}

/// Offset of a tab among the white space that begins a line, if any.
std::optional<std::size_t> indenting_tab(std::string_view text) {
    bool at_start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n' || c == '\r') {
            at_start = true;
        } else if (at_start && c == '\t') {
            return i;
        } else if (c != ' ') {
            at_start = false;
        }
    }
    return std::nullopt;
}

/// Builds the tree from the parser's events.
class Builder : public YAML::EventHandler {
  public:
    /// `end`: place just behind the text; marks behind it are moved to it.
    Builder(int override_index, const Place& end, Problems& problems)
        : override_index_(override_index), end_(end), problems_(problems) {}

    /// The document; a null node if there was none.
    YamlNode root() {
        YamlNode none;
        none.place.override_index = override_index_;
        return root_ ? std::move(*root_) : none;
    }
    Place place(const YAML::Mark& mark) const {
        if (mark.is_null()) {
            return {override_index_, 1, 1};
        }
        return std::min(Place{override_index_, mark.line + 1, mark.column + 1}, end_);
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (root_) {
            problems_.add(place(mark), "a second YAML document begins here",
                          "a configuration is one document: remove the '---'");
            throw Stop{};
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        leaf(mark, YamlNode::Kind::null);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        problems_.add(place(mark), "an alias ('*name') is not used in configurations",
                      "write the value out");
        leaf(mark, YamlNode::Kind::broken);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        refuse_tag(mark, tag);
        YamlNode node;
        node.kind = YamlNode::Kind::scalar;
        node.quoted = tag != "?";
        node.place = place(mark);
        node.scalar = value;
        finish(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open(mark, YamlNode::Kind::sequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open(mark, YamlNode::Kind::mapping);
    }
    void OnMapEnd() override { close(); }
    void OnAnchor(const YAML::Mark& mark, const std::string&) override {
        problems_.add(place(mark), "an anchor ('&name') is not used in configurations",
                      "write the value out where it is needed");
    }

  private:
    /// A sequence or mapping that is being read.
    struct Frame {
        YamlNode node;
        std::optional<YamlNode> key;  ///< mapping: key whose value comes next
        std::set<std::string> keys;
    };

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            problems_.add(place(mark),
                          fmt::format("a tag ('{}') is not used in configurations", shown(tag)),
                          "remove it");
        }
    }
    void leaf(const YAML::Mark& mark, YamlNode::Kind kind) {
        YamlNode node;
        node.kind = kind;
        node.place = place(mark);
        finish(std::move(node));
    }
    void open(const YAML::Mark& mark, YamlNode::Kind kind) {
        if (frames_.size() == max_depth) {
            problems_.add(place(mark), fmt::format("more than {} levels of nesting", max_depth),
                          "a configuration needs at most four");
            throw Stop{};
        }
        Frame& frame = frames_.emplace_back();
        frame.node.kind = kind;
        frame.node.place = place(mark);
    }
    void close() {
        YamlNode node = std::move(frames_.back().node);
        frames_.pop_back();
        finish(std::move(node));
    }
    void finish(YamlNode node) {
        if (frames_.empty()) {
            root_ = std::move(node);
            return;
        }
        Frame& frame = frames_.back();
        if (frame.node.kind == YamlNode::Kind::sequence) {
            frame.node.items.push_back(std::move(node));
        } else if (!frame.key) {
            frame.key = std::move(node);
        } else {
            add_entry(frame, std::move(*frame.key), std::move(node));
            frame.key.reset();
        }
    }
    void add_entry(Frame& frame, YamlNode key, YamlNode value) {
        if (key.kind == YamlNode::Kind::broken) {
            return;
        }
        if (key.kind != YamlNode::Kind::scalar) {
            problems_.add(key.place, "this key is not a name", "write 'key: value'");
            return;
        }
        if (!frame.keys.insert(key.scalar).second) {
            problems_.add(key.place, fmt::format("key '{}' is given twice", shown(key.scalar)),
                          "keep one of them");
            return;
        }
        if (value.kind == YamlNode::Kind::null) {
            value.place = key.place;  // the parser marks what comes next
        }
        frame.node.entries.push_back({std::move(key.scalar), key.place, std::move(value)});
    }

    int override_index_;
    Place end_;
    Problems& problems_;
    std::vector<Frame> frames_;
    std::optional<YamlNode> root_;
};

}  // namespace

YamlNode read_yaml(std::string_view text, int override_index, Problems& problems) {
    YamlNode broken;
    broken.kind = YamlNode::Kind::broken;
    broken.place.override_index = override_index;
    if (text.size() > max_config_bytes) {
        problems.add(broken.place, fmt::format("the configuration has {} bytes", text.size()),
                     fmt::format("at most {} are read", max_config_bytes));
        return broken;
    }
    if (const std::size_t bad = first_bad_byte(text); bad < text.size()) {
        problems.add(
            place_at(text, bad, override_index),
            fmt::format("byte 0x{:02x} is not UTF-8 text", static_cast<unsigned char>(text[bad])),
            "a configuration is a YAML text file in UTF-8");
        return broken;
    }
    if (const auto tab = indenting_tab(text)) {
        problems.add(place_at(text, *tab, override_index), "a tab is used for indentation",
                     "YAML wants spaces");
        return broken;
    }
    Builder builder(override_index, place_at(text, text.size(), override_index), problems);
    try {
        // The end-of-document mark makes the scanner notice a quote that is never closed.
        std::istringstream stream{std::string(text) + "\n...\n"};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Stop&) {
        return broken;
    } catch (const YAML::Exception& error) {
        const bool open_quote = error.msg == YAML::ErrorMsg::DOC_IN_SCALAR ||
                                error.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
        problems.add(
            builder.place(error.mark),
            fmt::format("not valid YAML: {}",
                        open_quote ? "a quote before here is not closed" : shown(error.msg)),
            "check indentation, brackets and quotes here and just before");
        return broken;
    }
    return builder.root();
}

}  // namespace shoal
