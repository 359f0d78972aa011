// QueryReader: the parameters of a request target, read by name. Parameters that are unknown,
// repeated, badly encoded or out of range become one Problem that names them. Pure; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/problem.h"
#include "core/base/time.h"

namespace oee {

class QueryReader {
 public:
  // `query`: the text after the "?". "%41" is decoded. "+" is a plus sign, so that the offset of an
  // RFC 3339 time needs no encoding.
  explicit QueryReader(std::string_view query);

  bool has(std::string_view name) { return find(name) != nullptr; }
  // Each returns empty (or `otherwise`) when the parameter is absent or wrong; problem() reports a
  // wrong one. Texts are UTF-8 without NUL.
  std::optional<std::string> text(std::string_view name, std::size_t size_max);
  std::string required_text(std::string_view name, std::size_t size_max);
  // Decimal digits only, within [min, max].
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t min, std::uint64_t max);
  std::uint64_t number(std::string_view name, std::uint64_t min, std::uint64_t max,
                       std::uint64_t otherwise);
  std::optional<WallTime> time(std::string_view name);
  // `parse` returns an optional for the text. `expected`: the allowed values, for the problem.
  template <class Parse>
  auto one_of(std::string_view name, Parse parse, std::string_view expected) {
    decltype(parse(std::string_view())) value;
    if (const auto given = text(name, 64)) {
      value = parse(std::string_view(*given));
      if (!value) wrong(name, "unknown_value", "must be one of " + std::string(expected));
    }
    return value;
  }
  // All values of a parameter that may be repeated and may contain several values with commas:
  // "a=1,2&a=3" has three. Each has 1 to `size_max` characters.
  std::vector<std::string> list(std::string_view name, std::size_t size_max);
  // Reports that a parameter's value is wrong, after its text was read.
  void wrong(std::string_view name, std::string_view code, std::string detail);

  // The errors of the query; empty: none. REQUIRES: every known parameter was read before.
  // invalid_query: a parameter is unknown, repeated or badly encoded. invalid_parameter: only
  // values are wrong.
  std::optional<Problem> problem();

 private:
  struct Parameter {
    std::string name;
    std::string value;
    std::string shown;  // the name as the client wrote it, shortened
    bool repeated = false;
    bool taken = false;
  };
  Parameter* find(std::string_view name);
  // Reports a value that is no text.
  bool is_text(const Parameter& parameter);
  std::vector<Parameter> parameters_;
  std::vector<ProblemItem> malformed_;
  std::vector<ProblemItem> wrong_;
};

}  // namespace oee
