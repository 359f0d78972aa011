#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "tests/support/process/servers.h"
#include "tests/tools/scripted_engine.h"
#include "tools/order_load/answer.h"
#include "tools/order_load/histogram.h"
#include "tools/order_load/options.h"
#include "tools/order_load/requests.h"
#include "tools/order_load/updates.h"

namespace oee {
namespace {

using load::Answer;
using load::AnswerState;
using load::Histogram;
using test::Script;
using test::ScriptedEngine;

struct RunReport {
  int exit_code;
  boost::json::object report;
  std::string err;
};

RunReport run_load(const std::string& url, const std::vector<std::string>& flags,
                   const std::string& connections = "4") {
  std::vector<std::string> argv = {OEE_BIN_DIR "/order-load", "--url", url, "--json",
                                   "--connections"};
  argv.push_back(connections);
  argv.insert(argv.end(), flags.begin(), flags.end());
  const test::RunResult result = test::run(argv, 30);
  RunReport run{result.exit_code, {}, result.err};
  if (!result.out.empty()) run.report = boost::json::parse(result.out).as_object();
  return run;
}

std::int64_t number(const RunReport& run, const char* name) {
  return run.report.contains(name) ? run.report.at(name).to_number<std::int64_t>() : -1;
}

TEST(OrderLoad, EveryOrderThatEndsIsCountedByItsOutcome) {
  for (const bool batch : {true, false}) {
    Script script;
    script.batch = batch;
    ScriptedEngine engine(script);
    const RunReport run = run_load(engine.url(), {"--orders", "500"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(number(run, "accepted"), 500);
    EXPECT_EQ(engine.accepted(), 500U);
    EXPECT_EQ(run.report.at("outcomes").at("confirmed").to_number<int>(), 500);
    EXPECT_EQ(run.report.at("endMs").at("count").to_number<int>(), 500);
  }
}

TEST(OrderLoad, AnOrderThatNeverEndsFailsTheRun) {
  Script script;
  script.never_end = {7};
  ScriptedEngine engine(script);
  const RunReport run = run_load(engine.url(), {"--orders", "20", "--grace", "1s"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(number(run, "open"), 1);
}

TEST(OrderLoad, AnEndThatTheStreamDoesNotReportFailsTheRun) {
  Script script;
  script.end_unsent = {3};
  ScriptedEngine engine(script);
  const RunReport run = run_load(engine.url(), {"--orders", "20", "--grace", "20s"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(number(run, "open"), 0);
  EXPECT_EQ(number(run, "endedUnseen"), 1);
}

TEST(OrderLoad, RefusedOrdersAreSentAgainAfterRetryAfter) {
  Script script;
  script.refuse_first = 10;
  ScriptedEngine engine(script);
  const RunReport run = run_load(engine.url(), {"--orders", "50"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(number(run, "accepted"), 50);
  EXPECT_EQ(number(run, "retried"), 10);
  EXPECT_EQ(run.report.at("answers").at("503").to_number<int>(), 10);
}

TEST(OrderLoad, AClientThatMisbehavesIgnoresRetryAfter) {
  Script script;
  script.refuse_first = 10;
  script.retry_after = 2;
  for (const bool at_once : {false, true}) {
    ScriptedEngine engine(script);
    const RunReport run = run_load(
        engine.url(), at_once ? std::vector<std::string>{"--orders", "50", "--retry-at-once"}
                              : std::vector<std::string>{"--orders", "50"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(number(run, "refused"), 10);
    EXPECT_EQ(number(run, "retried"), 10);
    EXPECT_EQ(run.report.at("seconds").to_number<double>() < 2, at_once);
  }
}

TEST(OrderLoad, AfterALostAnswerTheOrderIsSentAgainWithTheSameKey) {
  Script script;
  script.cut_after_accept = {4, 9};
  ScriptedEngine engine(script);
  const RunReport run = run_load(engine.url(), {"--orders", "50", "--keys"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(engine.accepted(), 50U);
  EXPECT_EQ(number(run, "accepted"), 50);
  EXPECT_EQ(number(run, "replayed"), 2);
}

TEST(OrderLoad, ALostAnswerWithoutAKeyFailsTheRun) {
  Script script;
  script.cut_after_accept = {4};
  ScriptedEngine engine(script);
  const RunReport run = run_load(engine.url(), {"--orders", "50"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(number(run, "lost"), 1);
}

TEST(OrderLoad, OneIdForTwoOrdersFailsTheRun) {
  Script script;
  script.same_id = true;
  ScriptedEngine engine(script);
  EXPECT_EQ(run_load(engine.url(), {"--orders", "3", "--grace", "1s"}).exit_code, 1);
}

TEST(OrderLoad, AnAnswerOutsideTheContractFailsTheRun) {
  Script script;
  script.status = 200;
  ScriptedEngine engine(script);
  const RunReport run = run_load(engine.url(), {"--orders", "3"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.report.at("unexpected").at("answer 200").to_number<int>(), 3);
}

TEST(OrderLoad, AStallShowsInEveryOrderThatWasDueMeanwhile) {
  Script script;
  script.stall_first = true;
  ScriptedEngine engine(script);
  // One connection at 200/s: in the first 300 ms, 60 orders wait behind the stalled one.
  const RunReport run = run_load(engine.url(), {"--rate", "200", "--duration", "500ms"}, "1");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(number(run, "accepted"), 100);
  EXPECT_GT(run.report.at("acceptMs").at("p50").to_number<double>(), 30);
  EXPECT_LT(run.report.at("answerMs").at("p50").to_number<double>(), 30);
}

TEST(OrderLoad, AnOpenPlanStartsOneOrderForEachThatEnds) {
  Script script;
  script.never_end = {0, 1, 2, 3, 4};
  ScriptedEngine engine(script);
  const RunReport run =
      run_load(engine.url(), {"--open", "5", "--duration", "500ms", "--grace", "500ms"});
  EXPECT_EQ(number(run, "accepted"), 5);
  EXPECT_EQ(number(run, "open"), 5);
}

TEST(OrderLoad, AServerThatIsNotThereIsExitSixAndABadFlagExitTwo) {
  const std::string url = "http://127.0.0.1:" + std::to_string(test::free_port());
  EXPECT_EQ(run_load(url, {"--orders", "1"}).exit_code, 6);
  EXPECT_EQ(run_load(url, {"--orders", "none"}).exit_code, 2);
  for (const char* bad : {"x", "ftp://x", "http://", "http://x:0", "https://:443"})
    EXPECT_EQ(run_load(bad, {}).exit_code, 2) << bad;
  EXPECT_EQ(run_load(url, {"--insecure"}).exit_code, 2);
  EXPECT_EQ(run_load(url, {"--ca-file", "x.pem"}).exit_code, 2);
  const std::string tls_url = "https" + url.substr(4);
  EXPECT_EQ(run_load(tls_url, {"--ca-file", "x.pem", "--insecure"}).exit_code, 2);
  const RunReport unread = run_load(tls_url, {"--ca-file", "/nonexistent.pem"});
  EXPECT_EQ(unread.exit_code, 2);
  EXPECT_NE(unread.err.find("--ca-file /nonexistent.pem: "), std::string::npos) << unread.err;
}

TEST(OrderLoadRequests, TheMixDecidesTheTypeOfEachOrder) {
  load::Options options;
  options.mix = {57, 10, 15, 10, 5, 3};
  options.limit_price = {"155.25"};
  options.trigger_price = {"140.5"};
  options.keys = true;
  load::Requests requests(options);
  std::map<std::string, int> types;
  for (std::uint64_t index = 0; index < 1'000; ++index) {
    const std::string request(requests.submit(index));
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    EXPECT_NE(request.find("Content-Length: " + std::to_string(body.size()) + "\r\n"),
              std::string::npos);
    const auto order = boost::json::parse(body).as_object();
    const std::string key(order.at("clientOrderId").as_string());
    EXPECT_TRUE(key.ends_with("-" + std::string(12 - std::to_string(index).size(), '0') +
                              std::to_string(index)))
        << key;
    const bool exact = order.contains("outputAmount");
    if (exact) EXPECT_EQ(order.at("maxInput").as_string(), "0.01");
    EXPECT_NE(order.contains("amount"), exact);
    const std::string type(order.contains("type") ? order.at("type").as_string()
                           : exact                ? "exact"
                                                  : "market");
    ++types[type];
    if (type == "twap") EXPECT_EQ(order.at("slices").as_int64(), 4);
    if (type == "limit") EXPECT_EQ(order.at("limitPrice").as_string(), "155.25");
    if (type == "stop") EXPECT_EQ(order.at("triggerPrice").as_string(), "140.5");
  }
  EXPECT_EQ(types, (std::map<std::string, int>{{"market", 570},
                                               {"exact", 30},
                                               {"limit", 100},
                                               {"stop", 150},
                                               {"sniper", 100},
                                               {"twap", 50}}));
}

TEST(OrderLoadRequests, APriceBetweenTwoBoundsIsEachOrdersOwn) {
  const char* argv[] = {"order-load", "--mix", "limit:100", "--limit-price", "199.50-210.49"};
  load::Requests requests(**load::parse_options(5, argv));
  std::set<std::string> prices;
  for (std::uint64_t index = 0; index < 1'000; ++index) {
    const std::string request(requests.submit(index));
    const auto order = boost::json::parse(request.substr(request.find("\r\n\r\n") + 4));
    prices.insert(std::string(order.at("limitPrice").as_string()));
  }
  EXPECT_GE(*prices.begin(), "199.50");
  EXPECT_LT(*prices.begin(), "199.60");
  EXPECT_LE(*prices.rbegin(), "210.49");
  EXPECT_GT(*prices.rbegin(), "210.40");
  EXPECT_GT(prices.size(), 500U) << "of the 1,100 prices between the bounds";
}

TEST(OrderLoadRequests, BoundsOfAPriceHaveAsManyDigits) {
  for (const char* price : {"99-100", "1.5-20", "1.50-1.5", "2-1", "-5", "5-", "1-2-3",
                            "1.2.3-1.2.4", "x", "", "1000000000000000000-2000000000000000000"}) {
    const char* argv[] = {"order-load", "--limit-price", price};
    EXPECT_FALSE(load::parse_options(3, argv).ok()) << price;
  }
}

TEST(OrderLoadRequests, AMixIsPercentagesOfKnownTypes) {
  const auto parsed = [](const char* mix) {
    const char* argv[] = {"order-load", "--mix", mix};
    return load::parse_options(3, argv);
  };
  for (const char* mix : {"market:90,limit:10", "limit:10,market:90"})
    EXPECT_EQ((*parsed(mix))->mix, (load::Mix{90, 10})) << mix;
  EXPECT_EQ((*parsed("limit:100"))->mix, (load::Mix{0, 100}));
  EXPECT_EQ((*parsed("market:100"))->mix, (load::Mix{100}));
  EXPECT_EQ((*parsed("market:50,stop:20,sniper:10,twap:10,exact:10"))->mix,
            (load::Mix{50, 0, 20, 10, 10, 10}));
  for (const char* mix : {"", "market", "market:", "market:90", "market:90,limit:11", "limit:-1",
                          "market:90,market:10", "oco:100", "market:50:50", "limit:101"})
    EXPECT_FALSE(parsed(mix).ok()) << mix;
}

TEST(OrderLoadAnswer, IsReadFromAnyPrefixOfItsBytes) {
  const std::string bytes =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\nRETRY-AFTER: 7\r\nConnection: "
      "close\r\n\r\nabc";
  Answer answer;
  std::size_t used = 0;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(load::parse_answer(std::string_view(bytes).substr(0, n), &answer, &used),
              AnswerState::incomplete);
  }
  ASSERT_EQ(load::parse_answer(bytes, &answer, &used), AnswerState::complete);
  EXPECT_EQ(used, bytes.size());
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after, std::chrono::seconds(7));
  EXPECT_FALSE(answer.keep_alive);
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(
      load::parse_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &answer, &used),
      AnswerState::malformed);
}

TEST(OrderLoadUpdates, NestedMembersAreNotTakenForTheUpdatesOwn) {
  std::string seen;
  const auto each = [&seen](const load::UpdateSeen& update) {
    seen += std::string(update.order_id) + "/" + std::string(update.status) + "/" +
            std::to_string(update.seq) + " ";
  };
  const auto batch =
      load::read_message(R"({"type":"updates","updates":[{"orderId":"a","status":"x","seq":1,)"
                         R"("in":{"status":"no","seq":9},"l":["s"]},)"
                         R"({"orderId":"b","status":"y","seq":2}],"orderId":"no"})",
                         each);
  EXPECT_EQ(batch.type, "updates");
  const auto one =
      load::read_message(R"({"type":"update","seq":3,"orderId":"c","status":"z"})", each);
  EXPECT_EQ(one.seq, 3U);
  EXPECT_EQ(load::read_message(R"({"type":"caughtUp","seq":4})", each).type, "caughtUp");
  EXPECT_EQ(load::read_message(R"({"type":"subscribed","after":5})", each).after, 5U);
  EXPECT_EQ(load::read_message("not json", each).type, "");
  EXPECT_EQ(seen, "a/x/1 b/y/2 c/z/3 ");
}

TEST(OrderLoadHistogram, PercentilesAreWithinOnePercentOfTheSortedValues) {
  std::mt19937_64 random(1);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() >> (1 + random() % 60));
    values.push_back(value);
    histogram.record(std::chrono::nanoseconds(value));
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.001, 1.0, 25.0, 50.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * 20'000)) - 1;
    const double exact = static_cast<double>(values[rank]);
    const double got = static_cast<double>(histogram.percentile(percent).count());
    EXPECT_GE(got, exact) << percent;
    EXPECT_LE(got, exact * 1.008 + 1) << percent;
  }
  EXPECT_EQ(histogram.max().count(), values.back());
}

}  // namespace
}  // namespace oee
