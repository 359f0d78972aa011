#include "api/http/json_body.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

#include "core/base/check.h"

namespace oee {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 8;
constexpr std::size_t unknown_names_max = 8;  // reported names; more do not help the client
constexpr std::size_t name_bytes_max = 64;    // of an unknown name that is reported

// Receives Boost.JSON's parse events. Only members of the outermost object, and the last one of an
// object in it, are kept; other nested values are parsed (they must be JSON) and dropped.
class BodyReader {
 public:
  static constexpr std::size_t no_member = BodyMembers::names_max;
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  BodyMembers members;
  JsonKind outermost = JsonKind::absent;
  std::size_t current = no_member;  // the member whose value comes next

  std::span<const std::string_view> names;
  std::size_t text_bytes_max = 0;
  bool (*reports)(std::string_view name) = nullptr;

  using error_code = boost::system::error_code;
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open(JsonKind::object); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_array_begin(error_code&) { return open(JsonKind::array); }
  bool on_array_end(std::size_t, error_code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code&) {
    name_.append(part.data(), part.size());
    if (depth_ == 1) {
      choose_member();
    } else if (BodyMember* object = around()) {
      ++object->inside_count;
      object->inside_name = name_.substr(0, name_bytes_max);
    } else if (current == no_member && reports != nullptr && reports(name_)) {
      add_unknown();
    }
    name_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) { return add(part); }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    add(part);
    return end(JsonKind::text);
  }
  // Only the number's text is used, not Boost.JSON's value.
  bool on_number_part(json::string_view part, error_code&) { return add(part); }
  bool on_int64(std::int64_t, json::string_view part, error_code&) { return number(part); }
  bool on_uint64(std::uint64_t, json::string_view part, error_code&) { return number(part); }
  bool on_double(double, json::string_view part, error_code&) { return number(part); }
  bool on_bool(bool value, error_code&) {
    add(value ? "true" : "false");
    return end(JsonKind::boolean);
  }
  bool on_null(error_code&) { return end(JsonKind::null); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  BodyMember* here() {
    return depth_ == 1 && current < no_member ? &members.values[current] : nullptr;
  }
  // The object whose member comes next.
  BodyMember* around() {
    if (depth_ != 2 || current >= no_member) return nullptr;
    BodyMember& member = members.values[current];
    return member.kind == JsonKind::object ? &member : nullptr;
  }
  void set_kind(JsonKind kind) {
    if (depth_ == 0) outermost = kind;
    if (BodyMember* value = here()) value->kind = kind;
    if (BodyMember* object = around()) object->inside = kind;
  }
  static bool append(std::string& to, json::string_view part, std::size_t size_max) {
    const std::size_t room = size_max - std::min(size_max, to.size());
    to.append(part.data(), std::min(room, part.size()));
    return part.size() <= room;
  }
  void choose_member() {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != name_) continue;
      BodyMember& member = members.values[i];
      current = i;
      member.repeated = member.kind != JsonKind::absent;
      member.text.clear();
      return;
    }
    current = no_member;
    other_ = name_.substr(0, name_bytes_max);
    if (reports == nullptr || reports(name_)) {
      add_unknown();
    } else if (!members.unreported) {
      members.unreported = other_;
    }
  }
  // Once for each member of the outermost object: its own name and names in its value report it.
  void add_unknown() {
    if (members.unknown.size() < unknown_names_max &&
        (members.unknown.empty() || members.unknown.back() != other_))
      members.unknown.push_back(other_);
  }
  bool open(JsonKind kind) {
    set_kind(kind);
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }
  bool add(json::string_view part) {
    BodyMember* value = depth_ == 1 ? here() : around();
    if (value != nullptr && !append(value->text, part, text_bytes_max)) value->too_long = true;
    return true;
  }
  bool number(json::string_view part) {
    add(part);
    return end(JsonKind::number);
  }
  bool end(JsonKind kind) {
    set_kind(kind);
    return true;
  }

  std::size_t depth_ = 0;
  std::string name_;
  std::string other_;  // the member of the outermost object, when it is not one of `names`
};

}  // namespace

std::string pointer_to(std::string_view name) {  // RFC 6901
  std::string pointer = "/";
  for (char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

Problem order_problem(std::vector<ProblemItem> items) {
  Problem problem;
  problem.kind = &problems::invalid_order;
  problem.items = std::move(items);
  const ProblemItem& first = problem.items.front();
  problem.detail =
      (first.where.empty() ? "The body" : first.where.substr(1)) + " " + first.detail + ".";
  return problem;
}

std::variant<BodyMembers, Problem> read_members(std::string_view body,
                                                std::span<const std::string_view> names,
                                                std::size_t text_bytes_max,
                                                bool (*reports)(std::string_view name)) {
  check(names.size() <= BodyMembers::names_max, "read_members: too many names");
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<BodyReader> parser(options);
  parser.handler().names = names;
  parser.handler().text_bytes_max = text_bytes_max;
  parser.handler().reports = reports;
  boost::system::error_code error;
  const std::size_t used = parser.write_some(false, body.data(), body.size(), error);
  BodyReader& read = parser.handler();
  if (error == json::error::exponent_overflow && read.current < names.size()) {
    return order_problem({{pointer_to(names[read.current]), "out_of_range",
                           "has an exponent that is out of range"}});
  }
  Problem problem;
  problem.kind = &problems::invalid_json;
  if (error) {
    problem.detail =
        body.empty() ? "The body is empty." : "The body is not JSON: " + error.message() + ".";
    return problem;
  }
  if (used < body.size()) {
    problem.detail = "The body has more text after its JSON value.";
    return problem;
  }
  if (read.outermost != JsonKind::object) {
    return order_problem({{"", "wrong_type", "must be a JSON object"}});
  }
  return std::move(read.members);
}

std::optional<std::vector<std::string>> texts_inside(std::string_view body, std::string_view name) {
  json::error_code error;
  const json::value parsed = json::parse({body.data(), body.size()}, error);
  const json::value* value =
      error ? nullptr : parsed.as_object().if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::value& element : value->get_array()) {
    if (!element.is_string()) return std::nullopt;
    texts.emplace_back(element.get_string().data(), element.get_string().size());
  }
  return texts;
}

}  // namespace oee
