// The lines that log-dump prints for the events of a limit order.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/limit_life.h"
#include "tools/log_dump/text.h"

namespace oee::test {
namespace {

// The part of each line after the status.
std::vector<std::string> members_of_lines() {
  std::vector<std::string> lines;
  for (const Record& record : limit_life()) {
    std::string line;
    log_dump::append_text_line(line, record, false);
    const std::string status(to_string(status_after(type_of(record.event))));
    const std::size_t at =
        line.find(" " + status + " ") + 1 + std::max<std::size_t>(9, status.size());
    lines.push_back(std::string(to_string(type_of(record.event))) + line.substr(at));
    lines.back().pop_back();  // the newline
  }
  return lines;
}

TEST(DumpText, EachEventOfALimitOrderHasItsTerms) {
  const std::vector<std::string> lines = members_of_lines();
  const auto line_of = [&](std::string_view type) {
    for (const std::string& line : lines)
      if (line.starts_with(type)) return line;
    return std::string();
  };
  EXPECT_EQ(line_of("OrderAccepted"),
            "OrderAccepted 1.5 SOL -> USDC limit limit=155.25 gtt partial slippage_bps=100 "
            "expires=2027-01-15T08:00:00.000000Z min_out=200 account=\"default\"");
  EXPECT_EQ(line_of("OrderRested"), "OrderRested why=\"below the limit\"");
  EXPECT_EQ(line_of("OrderAmended"),
            "OrderAmended amount=3 limit=140 slippage_bps=50 min_out=400 "
            "expires=2030-03-17T17:46:40.000000Z by=\"default\" key=\"k\"");
  EXPECT_EQ(lines[3], "OrderAmended expires=never");
  const std::string part = line_of("OrderPartiallyFilled");
  EXPECT_TRUE(
      part.starts_with("OrderPartiallyFilled attempt=1 raydium in=1 out=149.000001 "
                       "price=149.000001 fee=0.002 tx="))
      << part;
  EXPECT_EQ(line_of("CancelRequested"), "CancelRequested by=\"ops\" why=\"closing\"");
  EXPECT_TRUE(line_of("RouteSelected").find(" in=1 out=") != std::string::npos);
}

TEST(DumpText, EveryCsvLineHasTheColumnsOfTheHeader) {
  const auto commas = [](std::string_view text) {
    std::size_t count = 0;
    bool quoted = false;
    for (const char c : text) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++count;
    }
    return count;
  };
  for (const Record& record : limit_life()) {
    std::string line;
    log_dump::append_csv_line(line, record);
    EXPECT_EQ(commas(line), commas(log_dump::csv_header())) << line;
  }
}

}  // namespace
}  // namespace oee::test
