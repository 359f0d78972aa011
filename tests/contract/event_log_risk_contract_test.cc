// The contract of every EventLog with risk limits: they hold at every seq, whoever appends, across
// restarts.
#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "core/base/limit_breach.h"
#include "core/exec/open_orders.h"
#include "core/exec/risk_recovery.h"
#include "tests/contract/event_log_contract.h"

namespace oee::contract {

class RiskLimitsContract : public EventLogContract {
 protected:
  RiskControl* risk() override { return &risk_; }
  void recover_risk() override {
    Seq head = 0;
    const auto open = recover_open_orders(log(), &head);
    ASSERT_TRUE(open.ok()) << open.error().detail;
    auto use = recover_risk_use(log(), *open, head);
    ASSERT_TRUE(use.ok()) << use.error().detail;
    const auto own_stream = log().read_order(engine_stream);
    ASSERT_TRUE(own_stream.ok()) << own_stream.error().detail;
    auto limits = limits_of(*own_stream);
    ASSERT_TRUE(limits.ok()) << limits.error().detail;
    risk_.restore(*std::move(limits), *std::move(use));
    running_ = true;
  }
  void TearDown() override { subject_.reset(); }

  void limit(std::optional<std::uint64_t> account, std::optional<std::uint64_t> all) {
    RiskLimits limits;
    limits.account.open_orders = account;
    limits.all.open_orders = all;
    set_limits(limits);
  }
  // Before start() the change waits in the queue, before all new orders.
  void set_limits(const RiskLimits& limits) {
    Call& call = send(of_no_order(RiskLimitsChanged{canonical_text(limits), "ops", "test"}));
    if (!running_) return;
    settle();
    ASSERT_TRUE(call.answer->ok()) << call.answer->error().detail;
  }
  AppendRequest of_no_order(Event event) {
    AppendRequest request;
    request.order_id = engine_stream;
    request.expected_version = stream_version_++;
    request.events.push_back(std::move(event));
    return request;
  }
  static OrderAccepted order_of(std::string account, std::string key = {}) {
    OrderAccepted order = new_order(std::move(key));
    order.account = std::move(account);
    return order;
  }
  // An amendment of an order's amount.
  static OrderAmended amount_of(Units amount_in) {
    OrderAmended event{"a", "more", {}, {}, {}};
    event.terms.amount_in = Decimal{amount_in, test::sample_amount_in.scale};
    return event;
  }
  // The first attempt, which fills 0.5.
  static std::vector<Event> part_of(std::uint64_t order) {
    return {RoutingStarted{1}, test::route_event(1), test::built_event(test::order_id(order), 1),
            test::partial_fill_event(1)};
  }
  void limit_open_notional(Units units) {
    RiskLimits limits;
    limits.account.open_notional = {{test::accepted_event().input, units}};
    set_limits(limits);
  }
  static void expect_refused(const AppendAnswer& answer, const LimitBreach& breach) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, Errc::risk_limit);
    EXPECT_EQ(breach_of(answer.error()), std::optional(breach)) << answer.error().detail;
  }

  RiskControl risk_;
  Version stream_version_ = 0;
  bool running_ = false;
};

INSTANTIATE_TEST_SUITE_P(, RiskLimitsContract, ::testing::Values("rocks", "memory"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(RiskLimitsContract, Of128ThreadsExactlyTheLimitsNumberGetAnOpenOrder) {
  constexpr std::size_t threads = 128;
  limit(std::nullopt, 50);
  start();
  std::vector<Call*> calls;
  for (std::size_t i = 0; i < 4 * threads; ++i) calls.push_back(&probe_.new_call());
  std::mutex turn;  // of a log that one thread uses
  std::vector<std::thread> senders;
  for (std::size_t i = 0; i < threads; ++i) {
    senders.emplace_back([&, i] {
      for (std::size_t n = 4 * i; n < 4 * (i + 1); ++n) {
        std::unique_lock lock(turn, std::defer_lock);
        if (!subject_->takes_appends_of_any_thread()) lock.lock();
        log().append(request_of(n, 0, {order_of("account " + std::to_string(i % 5))}), probe_,
                     calls[n]);
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  settle();
  std::size_t accepted = 0;
  for (const Call* call : calls) {
    if (call->answer->ok())
      ++accepted;
    else
      expect_refused(*call->answer, {"all.open_orders", "50", "51"});
  }
  EXPECT_EQ(accepted, 50U);
  EXPECT_EQ(all_records().size(), 51U) << "the limits and 50 orders";

  restart();
  expect_refused(append(1'000, 0, {order_of("a")}), {"all.open_orders", "50", "51"});
  const OrderId first = all_records()[1].order_id;
  AppendRequest cancel = request_of(0, 1, {OrderCancelled{"a", "asked"}});
  cancel.order_id = first;
  EXPECT_TRUE(append(std::move(cancel)).ok());
  EXPECT_TRUE(append(1'001, 0, {order_of("a")}).ok());
  expect_refused(append(1'002, 0, {order_of("a")}), {"all.open_orders", "50", "51"});
}

TEST_P(RiskLimitsContract, AKnownKeyIsAnsweredBeforeAnyLimitAndARefusedKeyStaysNew) {
  limit(1, std::nullopt);
  // Before start() everything queues up: one batch.
  Call& first = send(request_of(1, 0, {order_of("a", "k1")}));
  Call& again = send(request_of(2, 0, {order_of("a", "k1")}));
  Call& refused = send(request_of(3, 0, {order_of("a", "k2")}));
  Call& other = send(request_of(4, 0, {order_of("b", "k2")}));
  start();
  settle();
  expect_replay_of(*first.answer, *again.answer);
  expect_refused(*refused.answer, {"account.open_orders", "1", "2"});
  EXPECT_TRUE(other.answer->ok());
  restart();
  expect_replay_of(*first.answer, append(5, 0, {order_of("a", "k1")}));
  expect_refused(append(3, 0, {order_of("a", "k2")}), {"account.open_orders", "1", "2"});
  put(1, 1, {OrderCancelled{"a", "asked"}});
  const auto accepted = append(3, 0, {order_of("a", "k2")});
  ASSERT_TRUE(accepted.ok()) << accepted.error().detail;
  EXPECT_FALSE(accepted->replayed);
}

TEST_P(RiskLimitsContract, ADeadLetterIsRequeuedOnlyWithinTheOpenLimits) {
  limit(1, std::nullopt);
  const OrderFailed failed{1, ErrorClass::invalid_order, "x", 1};
  Call& order = send(request_of(1, 0, {order_of("a"), RoutingStarted{1}, failed}));
  start();
  settle();
  ASSERT_TRUE(order.answer->ok());
  put(2, 0, {order_of("a")});
  expect_refused(append(1, 3, {DeadLetterRequeued{"ops", "again"}}),
                 {"account.open_orders", "1", "2"});
  put(2, 1, {OrderCancelled{"a", "asked"}});
  restart();
  put(1, 3, {DeadLetterRequeued{"ops", "again"}});
  expect_refused(append(3, 0, {order_of("a")}), {"account.open_orders", "1", "2"});
  put(1, 4, {OrderCancelled{"a", "asked"}});
  put(3, 0, {order_of("a"), OrderCancelled{"a", "asked"}});
  put(4, 0, {order_of("a")});
}

TEST_P(RiskLimitsContract, ARequeueCountsForTheNewOrdersOfItsBatch) {
  limit(1, std::nullopt);
  Call& order = send(request_of(
      1, 0, {order_of("a"), RoutingStarted{1}, OrderFailed{1, ErrorClass::invalid_order, "x", 1}}));
  start();
  settle();
  subject_->reopen();
  Call& requeue = send(request_of(1, 3, {DeadLetterRequeued{"ops", "again"}}));
  Call& second = send(request_of(2, 0, {order_of("a")}));
  recover_risk();
  subject_->start({&probe_});
  settle();
  EXPECT_TRUE(order.answer->ok());
  EXPECT_TRUE(requeue.answer->ok());
  expect_refused(*second.answer, {"account.open_orders", "1", "2"});
}

TEST_P(RiskLimitsContract, AnAmendmentKeepsTheOpenNotionalAndFillsLowerIt) {
  limit_open_notional(3'000'000'000);
  start();
  put(1, 0, {order_of("a")});
  put(1, 1, {amount_of(3'000'000'000)});
  const LimitBreach breach{"account.open_notional.SOL", "3", "3.000000001"};
  expect_refused(append(1, 2, {amount_of(3'000'000'001)}), breach);
  put(1, 2, part_of(1));
  put(1, 6, {amount_of(3'500'000'000)});
  expect_refused(append(1, 7, {amount_of(3'500'000'001)}), breach);
  restart();
  expect_refused(append(1, 7, {amount_of(3'500'000'001)}), breach);
  expect_refused(append(2, 0, {order_of("a")}), {"account.open_notional.SOL", "3", "4.5"});
  put(1, 7, {amount_of(2'000'000'000)});
  put(2, 0, {order_of("a")});
  expect_refused(append(2, 1, {amount_of(1'500'000'001)}), breach);
  put(1, 8, {OrderCancelled{"a", "asked"}});
  put(2, 1, {amount_of(3'000'000'000)});
}

TEST_P(RiskLimitsContract, OfAmendmentsInOneBatchThoseWithinTheLimitAreTaken) {
  limit_open_notional(4'000'000'000);
  start();
  put(1, 0, {order_of("a")});
  put(2, 0, {order_of("a")});
  subject_->reopen();
  Call& first = send(request_of(1, 1, {amount_of(2'400'000'000)}));
  Call& second = send(request_of(2, 1, {amount_of(1'700'000'000)}));
  Call& stale = send(request_of(1, 1, {amount_of(9'000'000'000)}));
  recover_risk();
  subject_->start({&probe_});
  settle();
  EXPECT_TRUE(first.answer->ok());
  expect_refused(*second.answer, {"account.open_notional.SOL", "4", "4.1"});
  EXPECT_EQ(stale.answer->error().code, Errc::conflict);
}

TEST_P(RiskLimitsContract, ARequeueOpensWhatRemainsOfTheAmendedOrder) {
  limit_open_notional(3'000'000'000);
  start();
  put(1, 0, {order_of("a")});
  put(1, 1, part_of(1));
  put(1, 5, {amount_of(3'000'000'000)});
  put(1, 6, {RoutingStarted{2}, OrderFailed{2, ErrorClass::invalid_order, "x", 1}});
  put(2, 0, {order_of("a")});
  expect_refused(append(1, 8, {DeadLetterRequeued{"ops", "again"}}),
                 {"account.open_notional.SOL", "3", "4"});
  put(2, 1, {amount_of(500'000'000)});
  put(1, 8, {DeadLetterRequeued{"ops", "again"}});
  const LimitBreach breach{"account.open_notional.SOL", "3", "3.000000001"};
  expect_refused(append(2, 2, {amount_of(500'000'001)}), breach);
  restart();
  expect_refused(append(2, 2, {amount_of(500'000'001)}), breach);
}

TEST_P(RiskLimitsContract, AHaltIsAnsweredBeforeAnyLimit) {
  limit(std::nullopt, 0);
  start();
  const LimitBreach breach{"all.open_orders", "0", "1"};
  expect_refused(append(1, 0, {order_of("a")}), breach);
  const AppendAnswer halted =
      append(of_no_order(TradingHalted{HaltScope::all, {}, "ops", "depeg", {}, {}}));
  ASSERT_TRUE(halted.ok()) << halted.error().detail;
  EXPECT_EQ(append(1, 0, {order_of("a")}).error().code, Errc::halted);
  restart();
  ASSERT_TRUE(append(of_no_order(TradingResumed{halted->first_seq, "ops", "over", {}, {}})).ok());
  expect_refused(append(1, 0, {order_of("a")}), breach);
}

TEST_P(RiskLimitsContract, ABatchWithoutRecordsEndsNoDay) {
  RiskLimits limits;
  limits.account.day_notional = {{test::accepted_event().input, test::sample_amount_in.units}};
  limits.account.open_orders = 1;
  set_limits(limits);
  using std::chrono::days;
  clock_.set_wall(std::chrono::ceil<days>(clock_.now()) - Micros(1'000'000));
  start();
  put(1, 0, {order_of("a")});
  clock_.advance(Micros(2'000'000));
  expect_refused(append(2, 0, {order_of("a")}), {"account.open_orders", "1", "2"});
  clock_.set_wall(clock_.now() - Micros(2'000'000));
  put(1, 1, {OrderCancelled{"a", "asked"}});
  expect_refused(append(2, 0, {order_of("a")}), {"account.day_notional.SOL", "1.5", "3"});
}

TEST_P(RiskLimitsContract, TheDaysNotionalSurvivesARestartAndEndsWithTheDay) {
  RiskLimits limits;
  const Token sol = test::accepted_event().input;
  limits.account.day_notional = {{sol, 2 * test::sample_amount_in.units}};
  set_limits(limits);
  using std::chrono::days;
  clock_.set_wall(std::chrono::ceil<days>(clock_.now()) - Micros(1'000'000));
  start();
  put(1, 0, {order_of("a"), OrderCancelled{"a", "asked"}});
  restart();
  put(2, 0, {order_of("a"), OrderCancelled{"a", "asked"}});
  restart();
  const LimitBreach breach{"account.day_notional.SOL", "3", "4.5"};
  expect_refused(append(3, 0, {order_of("a")}), breach);
  put(6, 0, {order_of("b")});
  expect_refused(append(6, 1, {amount_of(3'000'000'001)}),
                 {"account.day_notional.SOL", "3", "3.000000001"});
  put(6, 1, {amount_of(3'000'000'000)});
  put(6, 2, {OrderCancelled{"b", "asked"}});
  restart();
  expect_refused(append(7, 0, {order_of("b")}), breach);
  clock_.advance(Micros(1'000'000));
  put(3, 0, {order_of("a"), OrderCancelled{"a", "asked"}});
  clock_.set_wall(clock_.now() - Micros(1'000'000));
  put(4, 0, {order_of("a")});
  expect_refused(append(5, 0, {order_of("a")}), breach);
  put(5, 0, {order_of("b")});
}

TEST_P(RiskLimitsContract, NewLimitsHoldFromTheNextOrderOn) {
  start();
  put(1, 0, {order_of("a")});
  put(2, 0, {order_of("a")});
  limit(1, std::nullopt);
  expect_refused(append(3, 0, {order_of("a")}), {"account.open_orders", "1", "3"});
  put(1, 1, {RoutingStarted{1}});
  limit(3, std::nullopt);
  put(3, 0, {order_of("a")});
  expect_refused(append(4, 0, {order_of("a")}), {"account.open_orders", "3", "4"});
}

TEST_P(RiskLimitsContract, NewLimitsHoldFromTheirSeqOnWithinABatchAndAcrossRestarts) {
  start();
  put(1, 0, {order_of("a")});
  if (std::string_view(GetParam()) == "memory") {
    // One batch: the change comes before the new orders.
    std::vector<Call*> calls = {&send(request_of(2, 0, {order_of("a")})),
                                &send(request_of(3, 0, {order_of("a")}))};
    limit(2, std::nullopt);
    EXPECT_TRUE(calls[0]->answer->ok());
    expect_refused(*calls[1]->answer, {"account.open_orders", "2", "3"});
  } else {  // its writer may take the orders before the change comes
    limit(2, std::nullopt);
    put(2, 0, {order_of("a")});
    expect_refused(append(3, 0, {order_of("a")}), {"account.open_orders", "2", "3"});
  }
  restart();
  expect_refused(append(3, 0, {order_of("a")}), {"account.open_orders", "2", "3"});
  set_limits({});
  put(3, 0, {order_of("a")});
}

TEST_P(RiskLimitsContract, AWrongTextOfLimitsIsRefused) {
  start();
  const auto refused = [&](const std::string& text) {
    AppendRequest request = of_no_order(RiskLimitsChanged{text, "ops", "test"});
    --stream_version_;
    return append(std::move(request)).error().code;
  };
  EXPECT_EQ(refused(""), Errc::invalid);
  EXPECT_EQ(refused("oee/risk-limits/3\n"), Errc::invalid);
  EXPECT_EQ(refused("oee/risk-limits/2\nall open_orders 07\n"), Errc::invalid);
}

// A limit price is compared with the reference price that comes with the append.
TEST_P(RiskLimitsContract, ALimitPriceKeepsThePriceCollar) {
  RiskLimits limits;
  limits.account.price_collar_bps = 100;
  set_limits(limits);
  start();
  OrderAccepted order = order_of("a");
  order.type = OrderType::limit;
  const auto append_at = [&](std::uint64_t id, Units price) {
    order.limit_price = Decimal{price, 2};
    AppendRequest request = request_of(id, 0, {order});
    request.reference_price = Decimal{150, 0};
    return append(std::move(request));
  };
  expect_refused(append_at(1, 15'151), {"account.price_collar_bps", "100", "101"});
  expect_refused(append_at(1, 14'849), {"account.price_collar_bps", "100", "101"});
  ASSERT_TRUE(append_at(1, 15'150).ok());
  OrderAmended amended{"a", "asked", {}, {}, {}};
  amended.terms.limit_price = Decimal{15'200, 2};
  AppendRequest request = request_of(1, 1, {amended});
  request.reference_price = Decimal{150, 0};
  expect_refused(append(std::move(request)), {"account.price_collar_bps", "100", "134"});
}

// Random orders of three accounts against a model, with restarts: the limits hold at every seq, and
// no order is refused within them.
TEST_P(RiskLimitsContract, RandomOrdersKeepTheLimitsAtEverySeq) {
  limit(3, 7);
  start();
  std::mt19937 random(4);
  const auto below = [&](std::size_t end) { return random() % end; };
  std::map<std::uint64_t, std::string> open;
  std::uint64_t last = 0;
  for (int round = 0; round < 300; ++round) {
    if (below(40) == 0) restart();
    if (!open.empty() && below(5) < 2) {
      auto order = open.begin();
      std::advance(order, below(open.size()));
      put(order->first, 1, {OrderCancelled{"a", "asked"}});
      open.erase(order);
      continue;
    }
    const std::string account(1, static_cast<char>('a' + below(3)));
    const auto of_account = std::count_if(
        open.begin(), open.end(), [&](const auto& order) { return order.second == account; });
    const auto answer = append(++last, 0, {order_of(account)});
    if (of_account == 3) {
      expect_refused(answer, {"account.open_orders", "3", "4"});
    } else if (open.size() == 7) {
      expect_refused(answer, {"all.open_orders", "7", "8"});
    } else {
      ASSERT_TRUE(answer.ok()) << answer.error().detail;
      open.emplace(last, account);
    }
    if (HasFailure()) return;
  }
}

}  // namespace oee::contract
