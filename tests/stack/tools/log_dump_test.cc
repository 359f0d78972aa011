// The real log-dump over logs made for it: its output and its exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/base/json_writer.h"
#include "core/order/order_json.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

using forge::ForgedLog;
using test::order_id;
using test::run;
using test::RunResult;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string id(std::uint32_t n) {
  return to_text(order_id(n));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string last_line_of(const std::string& text) {
  const auto lines = lines_of(text);
  return lines.empty() ? std::string() : lines.back();
}

class LogDump : public testing::Test {
 protected:
  // Orders 1 confirmed (seq 1-6), 2 failed (7-9), 3 cancelled (10-11), 4 open (12).
  static void add_orders(ForgedLog& log) {
    log.add_all(order_id(1), forge::confirmed_events(order_id(1), "key-1"));
    log.add_all(order_id(2), {forge::accepted(), RoutingStarted{1}, forge::order_failed(1)});
    log.add_all(order_id(3),
                {forge::accepted(), OrderCancelled{"user", "say \"no\",\n\033[31mred"}});
    log.add(order_id(4), 1, forge::accepted());
    log.mark();
  }
  void SetUp() override {
    ForgedLog log(dir_.path());
    add_orders(log);
  }
  std::string data() const { return dir_.path().string(); }
  static std::string binary() { return std::string(OEE_BIN_DIR) + "/log-dump"; }
  RunResult dump(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), binary());
    return run(arguments);
  }
  // The seqs of the events that `arguments` select, from the JSON output.
  std::vector<Seq> seqs(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {data(), "--format", "json"});
    const RunResult result = dump(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, IsEmpty());
    std::vector<Seq> found;
    for (const std::string& line : lines_of(result.out))
      found.push_back(boost::json::parse(line).at("seq").to_number<Seq>());
    return found;
  }

  test::TemporaryDirectory dir_;
};

// --- Events -------------------------------------------------------------------------------------

TEST_F(LogDump, TextHasOneLineForEachEvent) {
  const RunResult result = dump({data()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, IsEmpty());
  const auto lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 12u);
  EXPECT_THAT(lines[0], HasSubstr("2026-03-01T12:00:01.000000Z " + id(1) + " v1"));
  EXPECT_THAT(lines[0], HasSubstr("OrderAccepted"));
  EXPECT_THAT(lines[0], HasSubstr("1.5 SOL -> USDC"));
  EXPECT_THAT(lines[2], HasSubstr("chosen: raydium out=224.433022 price=149.622015"));
  EXPECT_THAT(lines[3], HasSubstr("raydium in=1.5 expected=224.433022 min=222.188692"));
  EXPECT_THAT(lines[5], HasSubstr("price=149.622014666666666 fee=0.00375 slippage_bps=-3 tx="));
  EXPECT_THAT(lines[8], HasSubstr("slippage_exceeded why=\"price moved\""));
}

TEST_F(LogDump, TextsOfUsersCannotBreakALineOrReachTheTerminal) {
  const RunResult result = dump({data(), "--order", id(3)});
  EXPECT_EQ(lines_of(result.out).size(), 2u);
  EXPECT_EQ(result.out.find('\033'), std::string::npos);
  EXPECT_THAT(result.out, HasSubstr(R"(why="say \"no\",\n\u001b[31mred")"));
}

TEST_F(LogDump, JsonIsOneObjectALine) {
  const RunResult result = dump({data(), "--format", "json", "--from", "6", "--to", "6"});
  const auto event = boost::json::parse(result.out);
  EXPECT_EQ(event.at("seq"), 6);
  EXPECT_EQ(event.at("version"), 6);
  EXPECT_EQ(event.at("type"), "OrderConfirmed");
  EXPECT_EQ(event.at("orderId").as_string(), id(1));
  EXPECT_EQ(event.at("ts"), "2026-03-01T12:00:06.000000Z");
  EXPECT_EQ(event.at("data").at("amountOut"), "224.433022");
}

// Reads RFC 4180 as far as these texts need it.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',' || c == '\n') {
      rows.back().push_back(std::exchange(field, {}));
      if (c == '\n') rows.emplace_back();
    } else {
      field += c;
    }
  }
  rows.pop_back();
  return rows;
}

TEST_F(LogDump, CsvHasAHeaderAndItsFieldsInEveryRow) {
  const auto rows = parse_csv(dump({data(), "--format", "csv"}).out);
  ASSERT_EQ(rows.size(), 13u);
  const auto at = [&](std::size_t row, const std::string& column) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), column);
    EXPECT_NE(found, rows[0].end()) << column;
    return rows[row][static_cast<std::size_t>(found - rows[0].begin())];
  };
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  EXPECT_EQ(at(6, "seq"), "6");
  EXPECT_EQ(at(6, "orderId"), id(1));
  EXPECT_EQ(at(6, "status"), "confirmed");
  EXPECT_EQ(at(6, "amountOut"), "224.433022");
  EXPECT_EQ(at(9, "error"), "slippage_exceeded");
  EXPECT_EQ(at(11, "reason"), "say \"no\",\n\033[31mred");
  EXPECT_EQ(boost::json::parse(at(11, "data")).at("by"), "user");
}

TEST_F(LogDump, SelectsWhatIsAskedFor) {
  EXPECT_THAT(seqs({"--from", "4", "--to", "6"}), ElementsAre(4, 5, 6));
  EXPECT_THAT(seqs({"--limit", "2"}), ElementsAre(1, 2));
  EXPECT_THAT(seqs({"--order", id(2)}), ElementsAre(7, 8, 9));
  EXPECT_THAT(seqs({"--order", id(2), "--from", "8", "--limit", "1"}), ElementsAre(8));
  EXPECT_THAT(seqs({"--type", "OrderAccepted"}), ElementsAre(1, 7, 10, 12));
  EXPECT_THAT(seqs({"--type", "OrderFailed,OrderCancelled"}), ElementsAre(9, 11));
  EXPECT_THAT(seqs({"--status", "confirmed"}), ElementsAre(6));
  EXPECT_THAT(seqs({"--status", "pending", "--limit", "2"}), ElementsAre(1, 7));
  EXPECT_THAT(seqs({"--since", "2026-03-01T12:00:11Z"}), ElementsAre(11, 12));
  EXPECT_THAT(seqs({"--until", "2026-03-01T13:00:02+01:00"}), ElementsAre(1, 2));
  EXPECT_THAT(seqs({"--since", "2026-03-01T12:00:05Z", "--until", "2026-03-01T12:00:06.5Z"}),
              ElementsAre(5, 6));
  EXPECT_THAT(seqs({"--since", "2030-01-01T00:00:00Z"}), IsEmpty());
  EXPECT_THAT(seqs({"--from", "13"}), IsEmpty());
}

TEST_F(LogDump, DirectoryMayFollowTheFlags) {
  const RunResult result = dump({"--type", "OrderFailed", "--format", "csv", data()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(lines_of(result.out).size(), 2u);
}

TEST_F(LogDump, UsageErrorsAreTwoAndNothingOnStdout) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{data(), "--no-such-flag"},
                                             {data(), "--format", "xml"},
                                             {data(), "--from", "zero"},
                                             {data(), "--from", "0"},
                                             {data(), "--from", "5", "--to", "4"},
                                             {data(), "--type", "OrderLost"},
                                             {data(), "--status", "lost"},
                                             {data(), "--order", "not-an-id"},
                                             {data(), "--since", "yesterday"},
                                             {"state", data()},
                                             {data(), "--limit", "0"}}) {
    const RunResult result = dump(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments.back();
    EXPECT_THAT(result.out, IsEmpty()) << arguments.back();
    EXPECT_FALSE(result.err.empty()) << arguments.back();
  }
  EXPECT_EQ(dump({"--help"}).exit_code, 0);
}

TEST_F(LogDump, UnknownLogOrOrderIsThree) {
  const std::string nowhere = data() + "/nowhere";
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{nowhere},
                                             {"verify", nowhere},
                                             {"replay", nowhere},
                                             {"state", nowhere, "--order", id(1)},
                                             {data(), "--order", id(9)},
                                             {"state", data(), "--order", id(9)},
                                             {"state", data(), "--order", id(4), "--at", "11"},
                                             {"state", data(), "--order", id(4), "--at", "13"}}) {
    const RunResult result = dump(arguments);
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_FALSE(result.err.empty());
  }
}

TEST_F(LogDump, TheEnvironmentSetsWhatTheCommandLineDoesNot) {
  const auto with = [](const std::string& dir, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"/usr/bin/env", "OEE_DATA_DIR=" + dir, "OEE_LIMIT=3", binary()});
    return run(arguments);
  };
  EXPECT_EQ(lines_of(with(data(), {}).out).size(), 3u);
  EXPECT_EQ(lines_of(with("/nowhere", {data(), "--limit", "2"}).out).size(), 2u);
  EXPECT_EQ(with(data(), {"verify"}).exit_code, 0);
  EXPECT_EQ(with("/nowhere", {"verify", data()}).exit_code, 0);
  EXPECT_EQ(with("/nowhere", {data(), "verify"}).exit_code, 0);
}

TEST_F(LogDump, AReaderThatEndsTheOutputEndsItQuietly) {
  {
    ForgedLog log(dir_.path() / "long");
    for (std::uint32_t n = 1; n <= 1'000; ++n)
      log.add_all(order_id(n), forge::confirmed_events(order_id(n)));
    log.mark();
  }
  const RunResult result = run(
      {"/bin/bash", "-c", "set -o pipefail; '" + binary() + "' '" + data() + "/long' | head -n 1"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(lines_of(result.out).size(), 1u);
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(LogDump, DamageIsFourAfterTheGoodEvents) {
  {
    ForgedLog log(dir_.path() / "damaged");
    add_orders(log);
    std::string bytes = log.get(layout::cf_events, layout::seq_key(5));
    bytes.back() ^= 1;
    log.put(layout::cf_events, layout::seq_key(5), bytes);
  }
  const RunResult result = dump({data() + "/damaged"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(lines_of(result.out).size(), 4u);
  EXPECT_THAT(result.err, HasSubstr("seq 5"));
}

// --- verify -------------------------------------------------------------------------------------

TEST_F(LogDump, VerifyEndsWithTheHead) {
  std::string hash;
  {
    ForgedLog log(dir_.path() / "copy");
    add_orders(log);
    hash = to_hex(as_bytes(log.chain()));
  }
  const RunResult result = dump({"verify", data()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(last_line_of(result.out), "ok events=12 orders=4 head=12 hash=" + hash);
}

TEST_F(LogDump, VerifyNamesTheFirstBadSeqAndWhatItBreaks) {
  {
    ForgedLog log(dir_.path() / "damaged");
    add_orders(log);
    log.add(order_id(4), 2, forge::order_confirmed(1));
    log.mark();
  }
  const RunResult result = dump({"verify", data() + "/damaged"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(last_line_of(result.out),
              testing::StartsWith("bad seq=13 order.transition: OrderConfirmed of order "));
}

TEST_F(LogDump, VerifyReportsRecordsBeyondTheHead) {
  ForgedLog log(dir_.path() / "killed");
  add_orders(log);
  log.add_all(order_id(5), forge::confirmed_events(order_id(5)));
  const RunResult beside = dump({"verify", data() + "/killed"});
  EXPECT_EQ(beside.exit_code, 0) << beside.err;
  EXPECT_THAT(lines_of(beside.out), ElementsAre(HasSubstr("ok events=12 orders=4 head=12 ")))
      << "a process holds the log";
  log.close();
  const RunResult after = dump({"verify", data() + "/killed"});
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_THAT(lines_of(after.out), ElementsAre("beyond the head: 6 sound records, seq 13 to 18; "
                                               "the engine's next start takes them in",
                                               HasSubstr("ok events=12 orders=4 head=12 ")));
}

TEST_F(LogDump, VerifyOfADamagedWatermarkIsBadWhenNobodyWrites) {
  ForgedLog log(dir_.path() / "damaged");
  add_orders(log);
  log.add_all(order_id(5), forge::confirmed_events(order_id(5)));
  log.mark();
  log.damage_mark(true);
  EXPECT_EQ(dump({"verify", data() + "/damaged"}).exit_code, 0) << "a process holds the log";
  log.close();
  const RunResult result = dump({"verify", data() + "/damaged"});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(last_line_of(result.out), testing::StartsWith("bad seq=13 log.watermark: "));
  EXPECT_THAT(last_line_of(result.out), HasSubstr("6 records, seq 13 to 18, lie beyond"));
}

TEST_F(LogDump, VerifyOfAnUnreadableStoreIsBad) {
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path() / "log")) {
    if (entry.path().filename().string().starts_with("MANIFEST"))
      std::filesystem::resize_file(entry.path(), entry.file_size() / 2);
  }
  const RunResult result = dump({"verify", data()});
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(last_line_of(result.out), testing::StartsWith("bad "));
}

// --- state and replay ---------------------------------------------------------------------------

TEST_F(LogDump, StateIsTheFoldUpToASeq) {
  const auto now = boost::json::parse(dump({"state", data(), "--order", id(1)}).out);
  EXPECT_EQ(now.at("status"), "confirmed");
  EXPECT_EQ(now.at("amountOut"), "224.433022");
  EXPECT_EQ(now.at("version"), 6);
  const auto then = boost::json::parse(dump({"state", data(), "--order", id(1), "--at", "4"}).out);
  EXPECT_EQ(then.at("status"), "building");
  EXPECT_TRUE(then.at("amountOut").is_null());
  EXPECT_EQ(then.at("seq"), 4);
}

std::string state_json(std::uint32_t n, const std::vector<Event>& events, Seq first) {
  Order folded;
  Version version = 0;
  for (const Event& event : events) {
    const Record record{first, order_id(n), ++version, ForgedLog::time_of(first), {}, event};
    EXPECT_TRUE(evolve(folded, record).ok());
    ++first;
  }
  std::string text;
  JsonWriter json(text);
  write_order(json, folded);
  return text;
}

TEST_F(LogDump, ReplayCountsAndHashesAsDocumented) {
  const RunResult result = dump({"replay", data()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_THAT(lines, testing::IsSupersetOf({"pending 1", "routing 0", "building 0", "submitted 0",
                                            "confirmed 1", "failed 1", "cancelled 1", "expired 0",
                                            "resting 0"}));
  const std::vector<std::string> states{
      state_json(1, forge::confirmed_events(order_id(1), "key-1"), 1),
      state_json(2, {forge::accepted(), RoutingStarted{1}, forge::order_failed(1)}, 7),
      state_json(3, {forge::accepted(), OrderCancelled{"user", ""}}, 10),
      state_json(4, {forge::accepted()}, 12)};
  Hash256 hash = sha256({"oee/replay/1"});
  for (std::uint32_t n = 1; n <= 4; ++n) {
    const Hash256 state = sha256({states[n - 1]});
    hash = sha256({as_bytes(hash), order_id(n).view(), as_bytes(state)});
  }
  EXPECT_EQ(lines.back(), "from=1 to=12 events=12 orders=4 state=" + to_hex(as_bytes(hash)));
}

TEST_F(LogDump, ReplayOfARangeReportsItsOrdersWhole) {
  const auto lines = lines_of(dump({"replay", data(), "--from", "3", "--to", "8"}).out);
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_THAT(lines.back(), testing::StartsWith("from=3 to=8 events=6 orders=2 "));
  EXPECT_THAT(lines, testing::IsSupersetOf({"confirmed 1", "routing 1"}));
}

TEST_F(LogDump, ReplayShowsAnotherStateByItsHash) {
  {
    ForgedLog log(dir_.path() / "other");
    add_orders(log);
    log.add(order_id(4), 2, RoutingStarted{1});
    log.mark();
  }
  const std::string other = data() + "/other";
  EXPECT_EQ(dump({"replay", data()}).out, dump({"replay", other, "--to", "12"}).out);
  EXPECT_NE(last_line_of(dump({"replay", data()}).out), last_line_of(dump({"replay", other}).out));
}

// --- --follow -----------------------------------------------------------------------------------

class Following : public LogDump {
 protected:
  void SetUp() override {}  // each test writes while log-dump follows

  void start(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {binary(), data(), "--follow"});
    child_ = test::ChildProcess(flags, output_);
  }
  // The output once it has `count` lines, or as it is after 10 seconds.
  std::vector<std::string> wait_for_lines(std::size_t count) {
    std::vector<std::string> lines;
    for (int i = 0; i < 1'000 && lines.size() < count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      std::ifstream in(output_);
      lines = lines_of(std::string{std::istreambuf_iterator<char>(in), {}});
    }
    return lines;
  }
  const std::filesystem::path output_ = dir_.path() / "output";
  test::ChildProcess child_;
};

TEST_F(Following, PrintsWhatBecomesDurableUntilInterrupted) {
  ForgedLog log(dir_.path());
  log.add(order_id(1), 1, forge::accepted());
  log.mark();
  start({});
  EXPECT_EQ(wait_for_lines(1).size(), 1u);
  log.add(order_id(1), 2, RoutingStarted{1});
  log.mark();
  EXPECT_EQ(wait_for_lines(2).size(), 2u);
  log.add(order_id(1), 3, forge::route_selected(1));  // written, not durable
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ(wait_for_lines(2).size(), 2u);
  log.mark();
  const auto lines = wait_for_lines(3);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[2], HasSubstr("RouteSelected"));
  child_.signal(SIGINT);
  EXPECT_EQ(child_.wait(10), 0);
}

TEST_F(Following, FiltersAndEndsOnTerm) {
  ForgedLog log(dir_.path());
  log.add(order_id(1), 1, forge::accepted());
  log.mark();
  start({"--order", id(2), "--type", "OrderAccepted,OrderConfirmed"});
  log.add_all(order_id(1), {RoutingStarted{1}, forge::order_failed(1)}, 2);
  log.add_all(order_id(2), forge::confirmed_events(order_id(2)));
  log.mark();
  const auto lines = wait_for_lines(2);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("OrderConfirmed"));
  child_.signal(SIGTERM);
  EXPECT_EQ(child_.wait(10), 0);
  EXPECT_EQ(wait_for_lines(2).size(), 2u);
}

TEST_F(Following, EndsAtItsLimit) {
  ForgedLog log(dir_.path());
  start({"--limit", "3"});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  log.add_all(order_id(1), forge::confirmed_events(order_id(1)));
  log.mark();
  EXPECT_EQ(child_.wait(10), 0);
  EXPECT_EQ(wait_for_lines(3).size(), 3u);
}

}  // namespace
}  // namespace oee
