#include "projections/redis/json_members.h"

#include <boost/json/basic_parser_impl.hpp>

namespace oee {

namespace {

namespace json = boost::json;

// As deep as the readers of clients' messages allow; an update is four levels deep.
constexpr std::size_t depth_max = 8;

// Accepts every event of the parser and stores nothing: the parser checks that the text is well
// formed.
struct Validator {
  static constexpr std::size_t max_object_size = 10'000;
  static constexpr std::size_t max_array_size = 10'000;
  static constexpr std::size_t max_key_size = 1'000;
  static constexpr std::size_t max_string_size = 1 << 20;

  using Ec = json::error_code;
  bool on_document_begin(Ec&) { return true; }
  bool on_document_end(Ec&) { return true; }
  bool on_object_begin(Ec&) { return true; }
  bool on_object_end(std::size_t, Ec&) { return true; }
  bool on_array_begin(Ec&) { return true; }
  bool on_array_end(std::size_t, Ec&) { return true; }
  bool on_key_part(json::string_view, std::size_t, Ec&) { return true; }
  bool on_key(json::string_view, std::size_t, Ec&) { return true; }
  bool on_string_part(json::string_view, std::size_t, Ec&) { return true; }
  bool on_string(json::string_view, std::size_t, Ec&) { return true; }
  bool on_number_part(json::string_view, Ec&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Ec&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Ec&) { return true; }
  bool on_double(double, json::string_view, Ec&) { return true; }
  bool on_bool(bool, Ec&) { return true; }
  bool on_null(Ec&) { return true; }
  bool on_comment_part(json::string_view, Ec&) { return true; }
  bool on_comment(json::string_view, Ec&) { return true; }
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Finds the members of a text that is known to be well formed.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  JsonMembers members() {
    JsonMembers found;
    skip_space();
    ++at_;  // {
    for (skip_space(); text_[at_] != '}'; skip_space()) {
      if (text_[at_] == ',') {
        ++at_;
        skip_space();
      }
      const std::string_view name = value();
      skip_space();
      ++at_;  // :
      skip_space();
      found.emplace_back(name.substr(1, name.size() - 2), value());
    }
    return found;
  }

 private:
  void skip_space() {
    while (is_space(text_[at_])) ++at_;
  }
  void skip_string() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }
  std::string_view value() {
    const std::size_t begin = at_;
    const char first = text_[at_];
    if (first == '"') {
      skip_string();
    } else if (first == '{' || first == '[') {
      std::size_t depth = 0;
      do {
        const char c = text_[at_];
        if (c == '"') {
          skip_string();
          continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at_;
      } while (depth > 0);
    } else {
      while (text_[at_] != ',' && text_[at_] != '}' && !is_space(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

JsonMembers json_members_of_valid(std::string_view text) {
  return Scanner(text).members();
}

Result<JsonMembers> json_members(std::string_view text) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<Validator> parser(options);
  json::error_code ec;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), ec);
  if (ec) return Error{Errc::invalid, "not JSON: " + ec.message()};
  std::size_t first = 0;
  while (first < taken && is_space(text[first])) ++first;
  if (first == taken || text[first] != '{') return Error{Errc::invalid, "not a JSON object"};
  for (const char c : text.substr(taken))
    if (!is_space(c)) return Error{Errc::invalid, "not JSON: text after the object"};
  return json_members_of_valid(text);
}

}  // namespace oee
