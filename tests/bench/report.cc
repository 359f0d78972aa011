#include "tests/bench/report.h"

#include <fmt/format.h>

#include <cmath>

namespace oee::bench {

namespace {

std::string grouped(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (value < 0 ? 1 : 0);
       at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string number(double value) {
  if (std::abs(value) >= 1'000) return grouped(value);
  return std::abs(value) >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
}

std::string with_unit(double value, const std::string& unit) {
  return number(value) + (unit.starts_with('/') ? "" : " ") + unit;
}

std::string target_text(const Row& row) {
  switch (row.target.kind) {
    case Target::Kind::ratio_min:
      return fmt::format(">= {:g}", row.target.bound);
    case Target::Kind::ratio_max:
      return fmt::format("<= {:g}x", row.target.bound);
    case Target::Kind::difference_max:
      return fmt::format("<= {:g} {} more", row.target.bound, row.unit);
    case Target::Kind::value_max:
      return fmt::format("<= {:g} {}", row.target.bound, row.unit);
    case Target::Kind::reported:
      break;
  }
  return "reported";
}

std::string ratio_text(const Row& row) {
  if (row.target.kind == Target::Kind::difference_max)
    return fmt::format("{:+.2f} {}", row.value - row.ceiling.value_or(0), row.unit);
  return row.ratio() ? fmt::format("{:.2f}", *row.ratio()) : "-";
}

std::string met_text(const Row& row) {
  if (!row.met()) return "-";
  return *row.met() ? "met" : "below";
}

}  // namespace

std::string as_table(const std::vector<Row>& rows) {
  std::string text = fmt::format("{:>2}  {:<46} {:>22} {:>22} {:>9}  {:<12} {}\n", "#", "figure",
                                 "value", "ceiling", "ratio", "target", "met");
  for (const Row& row : rows)
    text += fmt::format("{:>2}  {:<46} {:>22} {:>22} {:>9}  {:<12} {}\n", row.figure, row.name,
                        with_unit(row.value, row.unit),
                        row.ceiling ? with_unit(*row.ceiling, row.unit) : "-", ratio_text(row),
                        target_text(row), met_text(row));
  text += "\n";
  for (const Row& row : rows)
    if (!row.note.empty()) text += fmt::format("{:>2}  {}: {}\n", row.figure, row.name, row.note);
  return text;
}

boost::json::object as_object(const std::vector<Row>& rows, const std::vector<Failure>& failures,
                              boost::json::object machine, bool quick) {
  boost::json::array all;
  for (const Row& row : rows) {
    boost::json::object object{{"figure", row.figure},       {"name", row.name},
                               {"unit", row.unit},           {"value", row.value},
                               {"ceiling", nullptr},         {"ratio", nullptr},
                               {"target", target_text(row)}, {"met", nullptr},
                               {"note", row.note},           {"raw", row.raw}};
    if (row.ceiling) object["ceiling"] = *row.ceiling;
    if (row.ratio()) object["ratio"] = *row.ratio();
    if (row.met()) object["met"] = *row.met();
    all.push_back(std::move(object));
  }
  boost::json::array failed;
  for (const Failure& failure : failures)
    failed.push_back(boost::json::object{{"figure", failure.figure}, {"why", failure.why}});
  return {{"machine", std::move(machine)},
          {"quick", quick},
          {"rows", std::move(all)},
          {"failed", std::move(failed)}};
}

}  // namespace oee::bench
