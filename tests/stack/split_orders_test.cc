// Orders that are split over several pools, on real processes: across kills and lost answers each
// leg is filled once, and every face shows the same legs.
#include <gtest/gtest.h>

#include <pqxx/pqxx>

#include "projections/postgres/exact_text.h"
#include "tests/stack/process/kill_fixture.h"

namespace oee::test {
namespace {

using boost::json::value;

const value& legs_of(const value& order) {
  return order.at("legs");
}

// The sum of the amounts of the filled legs, in units of 10^-9.
Units filled_in(const value& order) {
  Units sum = 0;
  for (const value& leg : legs_of(order).as_array())
    if (text_at(leg, "status") == "filled")
      sum += parse_exact_decimal(text_at(leg, "amountIn"), 9)->units;
  return sum;
}

class SplitOrders : public testing::Test {
 protected:
  static constexpr int orders_total = 24;
  SplitOrders()
      : postgres_(PostgresServer::shared_database()),
        engine_(dir_.path() / "data",
                joined({"--venue-delay", "0ms-300ms", "--quote-delay", "0ms-20ms", "--backoff",
                        "50ms", "--log-level", "warn", "--venue-faults",
                        "lose-reply=0.3,lose-request=0.2,reject=0.1"},
                       store_flags(postgres_, redis_))),
        gateway_(dir_.path() / "gateway", gateway_flags(postgres_, redis_)) {}

  // Repeats the submit under its key until it is answered.
  std::string submit(int n) {
    const std::string key = "split-" + std::to_string(n);
    const Units sol = 20'000 + 5'000 * static_cast<Units>(n % 8);
    const std::string body = R"({"inputToken":"SOL","outputToken":"USDC","slippageBps":2000,)"
                             R"("allowPartial":true,"amount":)" +
                             std::to_string(sol) + R"(,"clientOrderId":")" + key + "\"}";
    for (;;) {
      const std::uint64_t ticket = history_.use([&](HistoryChecker& checker) {
        return checker.sending({key, "SOL", "USDC", Decimal{sol, 0}, 2'000});
      });
      HttpClient client(engine_.port());
      const HttpReply reply = client.post("/v1/orders", body);
      if (reply.status != 202) {
        EXPECT_TRUE(reply.status == 0 || reply.status == 503) << reply.status << reply.body;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      const value answer = parse_json(reply.body);
      const auto id = parse_order_id(text_at(answer, "orderId"));
      history_.use([&](HistoryChecker& checker) {
        checker.answered_accepted(ticket, *id, answer.at("seq").to_number<Seq>());
      });
      return to_text(*id);
    }
  }

  TemporaryDirectory dir_;
  RedisServer redis_;
  const std::string postgres_;
  EngineProcess engine_;
  EngineProcess gateway_;
  SharedChecker history_;
};

TEST_F(SplitOrders, AreFilledLegByLegAcrossKillsAndShownAlikeEverywhere) {
  engine_.start();
  gateway_.start();
  WatcherThread watcher(history_, engine_.port());
  std::vector<std::string> ids;
  for (int n = 0; n < orders_total; ++n) {
    ids.push_back(submit(n));
    if (n % 4 != 3) continue;
    // Its legs are built, and some of them are sent.
    std::this_thread::sleep_for(std::chrono::milliseconds(40 * (n / 4)));
    engine_.kill_hard();
    check_log(history_, engine_);
    ASSERT_EQ(history_.report(), "") << "after order " << n;
    ASSERT_NO_FATAL_FAILURE(engine_.start());
  }
  ASSERT_TRUE(EngineProcess::eventually(120, [&] {
    return engine_.health_number("openOrders") == 0;
  })) << engine_.log_text();
  const Seq head = engine_.health_number("headSeq");
  EXPECT_TRUE(EngineProcess::eventually(60, [&] { return watcher.last() >= head; }));
  watcher.stop();

  HttpClient at_engine(engine_.port());
  HttpClient at_gateway(gateway_.port());
  pqxx::connection postgres(postgres_);
  pqxx::work query(postgres);
  int legs_filled = 0;
  for (const std::string& id : ids) {
    const std::string target = "/v1/orders/" + id + "?at=" + std::to_string(head);
    const value order = parse_json(at_engine.get(target).body);
    EXPECT_EQ(order, parse_json(at_gateway.get(target).body));
    const std::string filled = text_at(order, "amountFilled");
    EXPECT_EQ(filled_in(order), filled.empty() ? 0 : parse_exact_decimal(filled, 9)->units)
        << order;
    pqxx::result rows = query.exec_params(
        "SELECT leg, status, amount_in FROM oee.legs WHERE order_id = $1 "
        "ORDER BY seq",
        id);
    const auto& legs = legs_of(order).as_array();
    ASSERT_EQ(static_cast<std::size_t>(rows.size()), legs.size()) << order;
    for (std::size_t i = 0; i < legs.size(); ++i) {
      const auto row = rows[static_cast<pqxx::result::size_type>(i)];
      EXPECT_EQ(row["status"].as<std::string>(), text_at(legs[i], "status")) << order;
      const bool of_split = legs[i].as_object().contains("leg");
      EXPECT_EQ(row["leg"].is_null(), !of_split) << order;
      if (of_split) {
        EXPECT_EQ(row["leg"].as<std::int64_t>(), legs[i].at("leg").as_int64());
        legs_filled += text_at(legs[i], "status") == "filled" ? 1 : 0;
      }
    }
  }
  query.commit();
  EXPECT_GE(legs_filled, orders_total) << "the orders were not split";

  const std::uint64_t settled = stop_and_check(history_, engine_);
  EXPECT_GE(settled, static_cast<std::uint64_t>(legs_filled));
  const RunResult checked = run({program("rebuild-projections"), "--check", "--data-dir",
                                 engine_.data_dir().string(), "--postgres-url", postgres_});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
}

}  // namespace
}  // namespace oee::test
