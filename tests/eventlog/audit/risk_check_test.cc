// The checker's rule of the risk limits: for each limit a log that breaks it, and its lawful
// neighbours.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/risk/control.h"
#include "eventlog/audit/log_checker.h"
#include "tests/support/log/raw_log.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using std::chrono::microseconds;
const WallTime noon{microseconds(1'770'000'000'000'000)};

class RiskCheck : public testing::Test {
 protected:
  void limit(const std::string& lines, WallTime time = noon) {
    add(engine_stream, RiskLimitsChanged{"oee/risk-limits/2\n" + lines, "ops", "test"}, time);
  }
  // 1.5 SOL for USDC with a slippage of 1 %, unless it is another order.
  void accept(std::uint64_t id, const std::string& account = "a", Units amount = 1'500'000'000,
              std::uint32_t slippage_bps = 100, WallTime time = noon) {
    OrderAccepted order = test::accepted_event();
    order.account = account;
    order.amount_in.units = amount;
    order.slippage_bps = slippage_bps;
    add(test::order_id(id), order, time);
  }
  void add(const OrderId& id, Event event, WallTime time = noon) {
    log_.add(id, std::move(event), [time](RecordHeader& header, Event&) { header.time = time; });
  }
  void cancel(std::uint64_t id) { add(test::order_id(id), OrderCancelled{"a", "asked"}); }
  void amend(std::uint64_t id, Units amount) {
    OrderAmended event{"a", "more", {}, {}, {}};
    event.terms.amount_in = Decimal{amount, 9};
    add(test::order_id(id), event);
  }
  std::string found() const {
    LogChecker checker(LogChecker::Options{});
    for (const std::string_view bytes : log_.views())
      if (const auto violation = checker.take(bytes))
        return std::string(to_string(violation->invariant)) + " at " +
               std::to_string(violation->seq) +
               violation->what.substr(violation->what.find(": it"));
    return "nothing";
  }

  test::RawLog log_;
};

TEST_F(RiskCheck, ALogWithoutLimitsAndOrdersBeforeThemAreNotChecked) {
  for (std::uint64_t id = 1; id <= 5; ++id) accept(id);
  EXPECT_EQ(found(), "nothing");
  limit("account open_orders 2\n");
  EXPECT_EQ(found(), "nothing");
  accept(6);
  EXPECT_EQ(found(), "risk.limits at 7: it is beyond account.open_orders: limit 2, value 6");
}

TEST_F(RiskCheck, TheLimitsOfTheLastChangeHold) {
  limit("all open_orders 1\n");
  accept(1);
  limit("all open_orders 2\n");
  accept(2, "b");
  limit("");
  accept(3);
  EXPECT_EQ(found(), "nothing");
  limit("all open_orders 3\n");
  cancel(2);
  accept(4);
  EXPECT_EQ(found(), "nothing");
  accept(5);
  EXPECT_EQ(found(), "risk.limits at 10: it is beyond all.open_orders: limit 3, value 4");
}

TEST_F(RiskCheck, LargestOrder) {
  limit("account largest_order SOL 1.500000000\n");
  accept(1);
  EXPECT_EQ(found(), "nothing");
  accept(2, "a", 1'500'000'001);
  EXPECT_EQ(found(),
            "risk.limits at 3: it is beyond account.largest_order SOL: limit 1.500000000, value "
            "1500000001");
}

TEST_F(RiskCheck, ALimitOfATokenWithOtherDecimalsIsNone) {
  limit("account largest_order SOL 1.500000\n");
  accept(1, "a", 9'000'000'000);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(RiskCheck, OpenNotionalCountsWhatRemains) {
  limit("account open_notional SOL 3.000000000\n");
  accept(1);
  accept(2);
  amend(2, 1'000'000'000);
  amend(1, 2'000'000'000);
  cancel(2);
  accept(3, "a", 1'000'000'000);
  EXPECT_EQ(found(), "nothing");
  amend(3, 1'000'000'001);
  EXPECT_EQ(found(),
            "risk.limits at 8: it is beyond account.open_notional SOL: limit 3.000000000, value "
            "3000000001");
}

TEST_F(RiskCheck, ARequeueOpensItsOrderAgain) {
  limit("account open_orders 1\n");
  const OrderId one = test::order_id(1);
  accept(1);
  add(one, RoutingStarted{1});
  add(one, OrderFailed{1, ErrorClass::invalid_order, "x", 1});
  add(one, DeadLetterRequeued{"ops", ""});
  EXPECT_EQ(found(), "nothing");
  add(one, RoutingStarted{2});
  add(one, OrderFailed{2, ErrorClass::invalid_order, "x", 1});
  accept(2);
  add(one, DeadLetterRequeued{"ops", ""});
  EXPECT_EQ(found(), "risk.limits at 9: it is beyond account.open_orders: limit 1, value 2");
}

TEST_F(RiskCheck, NotionalOfADayEndsWithTheDay) {
  limit("all day_notional SOL 3.000000000\n");
  accept(1);
  cancel(1);
  accept(2, "b");
  const WallTime next_day = std::chrono::ceil<std::chrono::days>(noon);
  accept(3, "a", 3'000'000'000, 100, next_day);
  EXPECT_EQ(found(), "nothing");
  accept(4, "a", 1, 100, next_day + std::chrono::hours(23));
  EXPECT_EQ(found(),
            "risk.limits at 6: it is beyond all.day_notional SOL: limit 3.000000000, value "
            "3000000001");
}

TEST_F(RiskCheck, OrdersPerSecondAreOfTheClocksSecond) {
  limit("account orders_per_second 1\n");
  accept(1);
  accept(2, "b");
  accept(3, "a", 1, 100, noon + microseconds(1'000'000));
  EXPECT_EQ(found(), "nothing");
  accept(4, "a", 1, 100, noon + microseconds(1'999'999));
  EXPECT_EQ(found(), "risk.limits at 5: it is beyond account.orders_per_second: limit 1, value 2");
}

TEST_F(RiskCheck, TokensPairsAndSlippage) {
  for (const auto& [lines, text] :
       {std::pair("account tokens SOL\n", "account.tokens: SOL"),
        std::pair("account tokens USDC\n", "account.tokens: USDC"),
        std::pair("account tokens \n", "account.tokens: "),
        std::pair("all pairs USDC/SOL\n", "all.pairs: USDC/SOL"),
        std::pair("all slippage_bps 99\n", "all.slippage_bps: limit 99, value 100")}) {
    log_ = test::RawLog();
    limit(lines);
    accept(1);
    EXPECT_EQ(found(), "risk.limits at 2: it is beyond " + std::string(text));
  }
  log_ = test::RawLog();
  limit("all slippage_bps 100\naccount tokens SOL,USDC\naccount pairs SOL/USDC,USDC/SOL\n");
  accept(1);
  EXPECT_EQ(found(), "nothing");
}

TEST_F(RiskCheck, AnAccountHasTheLimitsOfItsOwnBeforeThoseOfAll) {
  limit("account open_orders 1\naccount \"desk\" open_orders 2\n");
  accept(1, "desk");
  accept(2, "desk");
  accept(3, "other");
  EXPECT_EQ(found(), "nothing");
  accept(4, "other");
  EXPECT_EQ(found(), "risk.limits at 5: it is beyond account.open_orders: limit 1, value 2");
}

TEST_F(RiskCheck, AnUnknownTextOfLimitsIsDamage) {
  add(engine_stream, RiskLimitsChanged{"oee/risk-limits/9\n", "ops", "test"});
  EXPECT_EQ(found().substr(0, 15), "log.record at 1");
}

TEST_F(RiskCheck, ATextThatTheEngineDoesNotWriteIsDamage) {
  const std::string lines[] = {
      "all open_order 1\n",
      "all open_orders x\n",
      "all open_orders 01\n",
      "all open_orders 18446744073709551616\n",
      "all open_orders \n",
      "all open_orders\n",
      "all open_orders 9\nall open_orders 1\n",
      "all slippage_bps 9\nall open_orders 1\n",
      "account open_orders 9\nall open_orders 1\n",
      "account \"b\" open_orders 9\naccount \"a\" open_orders 1\n",
      "account \"a b\" open_orders 9\n",
      "account a open_orders 9\n",
      "foo bar 1\n",
      "all largest_order SOL 1.\n",
      "all largest_order SOL 00.5\n",
      "all largest_order SOL .5\n",
      "all largest_order  1.5\n",
      "all largest_order USDC 1.5\nall largest_order SOL 1.5\n",
      "all tokens USDC,SOL\n",
      "all tokens SOL,SOL\n",
      "all tokens SOL,\n",
      "all tokens SOL/USDC\n",
      "all pairs SOL\n",
      "all pairs SOL/\n",
      "all pairs SOL/USDC,BONK/SOL\n",
      "\n",
  };
  for (const std::string& text : lines) {
    log_ = test::RawLog();
    limit(text);
    EXPECT_EQ(found().substr(0, 15), "log.record at 1") << text;
  }
}

TEST_F(RiskCheck, ATextOfEachLimitIsRead) {
  const std::string text =
      "all open_orders 1000\nall orders_per_second 0\nall slippage_bps 300\n"
      "all price_collar_bps 500\nall largest_order BONK 0\nall largest_order SOL 0.500000000\n"
      "all open_notional SOL 100.500000000\nall day_notional SOL 18446744073.709551615\n"
      "all tokens BONK,SOL,USDC\nall pairs SOL/BONK,SOL/USDC\naccount tokens \n"
      "account pairs \naccount \"a\" open_orders 1\naccount \"b.c\" open_orders 2\n";
  EXPECT_TRUE(parse_canonical_limits("oee/risk-limits/2\n" + text).ok());
  limit(text);
  EXPECT_EQ(found(), "nothing");
}

// Two implementations of one rule: the log of all records that the control lets pass is sound, and
// with a record that it refuses the log is not.
TEST_F(RiskCheck, ItAgreesWithTheControlOnRandomLogs) {
  int refused = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t end) { return static_cast<std::uint32_t>(random() % end); };
    log_ = test::RawLog();
    RiskControl control;
    std::map<std::uint64_t, Version> open;
    std::uint64_t last = 0;
    WallTime time = std::chrono::ceil<std::chrono::days>(noon) - microseconds(3'000'000);
    Seq seq = 0;
    Version stream = 0;
    for (int step = 0; step < 120; ++step) {
      time += microseconds(below(100'000));
      Record record;
      record.seq = seq + 1;
      record.time = time;
      const bool accepts = open.empty() || below(2) == 0;
      std::uint64_t id = last + 1;
      if (!accepts) id = std::next(open.begin(), below(open.size()))->first;
      if (step % 30 == 0) {
        RiskLimits limits;
        for (LimitSet* set : {&limits.all, &limits.account}) {
          if (below(2) == 0) set->open_orders = 1 + below(8);
          if (below(3) == 0) set->orders_per_second = 1 + below(6);
          if (below(3) == 0) set->slippage_bps = 90 + below(20);
          const Token sol = test::accepted_event().input;
          if (below(3) == 0) set->largest_order = {{sol, 40 + below(60)}};
          if (below(3) == 0) set->open_notional = {{sol, 100 + below(300)}};
          if (below(3) == 0) set->day_notional = {{sol, 300 + below(900)}};
        }
        record.order_id = engine_stream;
        record.version = ++stream;
        record.event = RiskLimitsChanged{canonical_text(limits), "ops", "test"};
      } else if (accepts) {
        OrderAccepted order = test::accepted_event();
        order.account = std::string(1, static_cast<char>('a' + below(3)));
        order.amount_in.units = 1 + below(100);
        order.slippage_bps = 90 + below(20);
        record.order_id = test::order_id(id);
        record.version = 1;
        record.event = order;
      } else {
        record.order_id = test::order_id(id);
        record.version = open[id] + 1;
        OrderAmended event{"a", "asked", {}, {}, {}};
        event.terms.amount_in = Decimal{1 + below(100), 9};
        if (below(2) == 0) event.terms.slippage_bps = 90 + below(20);
        record.event = event;
        if (below(3) == 0) record.event = OrderCancelled{"a", "asked"};
      }
      control.begin_batch(seq, time);
      const bool breaks = control.breach(record.order_id, record.event, nullptr, {}).has_value();
      if (breaks) {
        test::RawLog broken = log_;
        broken.add(record);
        std::swap(log_, broken);
        EXPECT_EQ(found().substr(0, found().find(':')),
                  "risk.limits at " + std::to_string(record.seq))
            << "seed " << seed;
        std::swap(log_, broken);
        ++refused;
        continue;
      }
      log_.add(record);
      control.fold(record, nullptr);
      seq = record.seq;
      if (record.order_id == engine_stream) continue;
      last = std::max(last, id);
      open[id] = record.version;
      if (std::holds_alternative<OrderCancelled>(record.event)) open.erase(id);
    }
    EXPECT_EQ(found(), "nothing") << "seed " << seed;
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace oee
