// QueryReader: the parameters of a request target, each asked for by name. What is unknown,
// repeated, badly encoded or out of range becomes one Problem that names the parameters. Pure.
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
  // `query` is what follows "?", without it. "%41" is decoded; "+" is a plus sign, so that the
  // offset of an RFC 3339 time may be written as it is.
  explicit QueryReader(std::string_view query);

  bool has(std::string_view name) { return find(name) != nullptr; }
  // Each: empty (or `otherwise`) when the parameter is absent or wrong; problem() then says so.
  std::optional<std::string> text(std::string_view name, std::size_t size_max);
  std::string required_text(std::string_view name, std::size_t size_max);
  // Decimal digits only, within [min, max].
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t min, std::uint64_t max);
  std::uint64_t number(std::string_view name, std::uint64_t min, std::uint64_t max,
                       std::uint64_t otherwise);
  std::optional<WallTime> time(std::string_view name);
  // `parse` makes an optional of the text; `expected` says what would be right.
  template <class Parse>
  auto one_of(std::string_view name, Parse parse, std::string_view expected) {
    decltype(parse(std::string_view())) value;
    if (const auto given = text(name, 64)) {
      value = parse(std::string_view(*given));
      if (!value) wrong(name, "unknown_value", "must be one of " + std::string(expected));
    }
    return value;
  }
  // Every value of the parameter, which may be repeated and hold several with commas between them:
  // "a=1,2&a=3" has three. Each 1 to `size_max` characters.
  std::vector<std::string> list(std::string_view name, std::size_t size_max);
  // A parameter whose text was taken is wrong after all.
  void wrong(std::string_view name, std::string_view code, std::string detail);

  // After everything that is known has been asked for: what is wrong. invalid_query when a
  // parameter is unknown, repeated or badly encoded; invalid_parameter when only values are wrong.
  std::optional<Problem> problem();

 private:
  struct Parameter {
    std::string name;
    std::string value;
    std::string shown;  // the name as it was written, shortened
    bool repeated = false;
    bool taken = false;
  };
  Parameter* find(std::string_view name);
  std::vector<Parameter> parameters_;
  std::vector<ProblemItem> malformed_;
  std::vector<ProblemItem> wrong_;
};

}  // namespace oee
