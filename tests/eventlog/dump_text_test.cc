// The lines that log-dump prints for the events of a limit order, and for those of a path.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/limit_life.h"
#include "tools/log_dump/text.h"

namespace oee::test {
namespace {

// The type, and the part of the line after the status.
std::string members_of(const Record& record) {
  std::string line;
  log_dump::append_text_line(line, record, false);
  line.pop_back();  // the newline
  const std::string status(to_string(status_after(type_of(record.event))));
  const std::size_t at =
      line.find(" " + status + " ") + 1 + std::max<std::size_t>(9, status.size());
  return std::string(to_string(type_of(record.event))) + line.substr(at);
}

std::vector<std::string> members_of_lines() {
  std::vector<std::string> lines;
  for (const Record& record : limit_life()) lines.push_back(members_of(record));
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

TEST(DumpText, AQuoteAndATransactionShowTheirPath) {
  RouteSelected route = route_event(1);
  route.quotes[0].lost_because = "9 bps less";
  route.quotes.push_back(route_event(1).quotes[0]);
  route.quotes[1].path = {{"raydium-3", "USDT"}, {"raydium-5", "USDC"}};
  route.chosen = 1;
  TransactionBuilt built = built_event(order_id(1), 1);
  built.path = route.quotes[1].path;
  Record record;
  record.event = route;
  EXPECT_EQ(members_of(record),
            "RouteSelected attempt=1 lost: raydium out=224.433022 price=149.622015 fee=0.0025 "
            "impact_bps=0 why=\"9 bps less\" chosen: raydium path=raydium-3>USDT>raydium-5 "
            "out=224.433022 price=149.622015 fee=0.0025 impact_bps=0");
  record.event = built;
  EXPECT_TRUE(members_of(record).starts_with(
      "TransactionBuilt attempt=1 raydium path=raydium-3>USDT>raydium-5 in=1.5 "))
      << members_of(record);
  std::string csv, json;
  log_dump::append_csv_line(csv, record);
  EXPECT_NE(csv.find(R"(""pool"":""raydium-3"",""outputToken"":""USDT"")"), std::string::npos)
      << csv;
  log_dump::append_json_line(json, record);
  EXPECT_NE(json.find(R"("path":[{"pool":"raydium-3","outputToken":"USDT"},)"), std::string::npos)
      << json;
}

TEST(DumpText, TheEventsOfALegNameIt) {
  const auto line_of = [](Event event) {
    Record record;
    record.event = std::move(event);
    return members_of(record);
  };
  RouteSelected route = route_event(1);
  route.quotes = {route.quotes[0], route.quotes[0], route.quotes[0]};
  route.chosen = 1;
  route.legs = 2;
  const std::string chosen = line_of(route);
  EXPECT_EQ(chosen.find("chosen:"), chosen.find("chosen:", chosen.find("lost:")));
  EXPECT_NE(chosen.rfind("chosen:"), chosen.find("chosen:"));
  LegBuilt built = leg_built_event(order_id(1), 1, 1);
  built.path = {{"raydium-3", "USDC"}};
  EXPECT_TRUE(
      line_of(built).starts_with("LegBuilt attempt=1 leg=1 raydium path=raydium-3 in=0.75 "))
      << line_of(built);
  EXPECT_TRUE(line_of(LegSubmitted{1, 1, "raydium", {}})
                  .starts_with("LegSubmitted attempt=1 leg=1 raydium tx="));
  EXPECT_EQ(line_of(LegOutcomeUnknown{1, 2, "timeout"}),
            "LegOutcomeUnknown attempt=1 leg=2 seen=\"timeout\"");
  EXPECT_TRUE(line_of(leg_filled_event(1, 3))
                  .starts_with("LegFilled attempt=1 leg=3 raydium in=0.75 out=112 price="));
  EXPECT_EQ(line_of(LegEnded{1, 0, ErrorClass::slippage_exceeded, "moved"}),
            "LegEnded attempt=1 leg=0 slippage_exceeded why=\"moved\"");
  OutcomeResolved resolved;
  resolved.attempt = 1;
  resolved.leg = 2;
  resolved.by = "ops";
  EXPECT_TRUE(line_of(resolved).starts_with("OutcomeResolved attempt=1 leg=2 not settled"));
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
