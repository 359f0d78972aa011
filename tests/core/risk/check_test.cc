#include "core/risk/check.h"

#include <gtest/gtest.h>

#include "core/risk/report.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using std::chrono::days;

const Token sol{"SOL", 9};
const Token usdc{"USDC", 6};
const WallTime noon = WallTime(days(20'000)) + std::chrono::hours(12);

OrderAccepted order_of(std::string account, Units amount_in = 1'000'000'000) {
  OrderAccepted order = test::accepted_event();
  order.account = std::move(account);
  order.amount_in = Decimal{amount_in, 9};
  return order;
}

// A log of orders, folded into a use.
struct Records {
  void accept(std::uint64_t id, const OrderAccepted& order, WallTime time = noon) {
    add(id, 1, order, time);
  }
  void end(std::uint64_t id, WallTime time = noon) { add(id, 2, OrderCancelled{}, time); }
  void add(std::uint64_t id, Version version, Event event, WallTime time) {
    Record record;
    record.seq = use.head() + 1;
    record.order_id = test::order_id(id);
    record.version = version;
    record.time = time;
    record.event = std::move(event);
    use.fold(record, &requeued);
  }
  void fill(std::uint64_t id, Version version, Units amount_in, WallTime time = noon) {
    OrderPartiallyFilled part = test::partial_fill_event(1);
    part.amount_in.units = amount_in;
    add(id, version, part, time);
  }
  void amend(std::uint64_t id, Version version, const Amendment& terms, WallTime time = noon) {
    OrderAmended event;
    event.terms = terms;
    add(id, version, event, time);
  }
  RiskUse use;
  Order requeued;
};

Amendment amount_of(Units amount_in) {
  Amendment terms;
  terms.amount_in = Decimal{amount_in, 9};
  return terms;
}

using Breach = std::optional<LimitBreach>;

TEST(RiskCheck, TheNthOpenOrderPassesAndTheNextOneIsRefused) {
  RiskLimits limits;
  limits.account.open_orders = 3;
  limits.all.open_orders = 5;
  Records log;
  for (std::uint64_t i = 0; i < 3; ++i) {
    ASSERT_EQ(evaluate(order_of("a"), limits, log.use, noon), Breach());
    log.accept(i, order_of("a"));
  }
  EXPECT_EQ(evaluate(order_of("a"), limits, log.use, noon),
            Breach({"account.open_orders", "3", "4"}));
  for (std::uint64_t i = 10; i < 12; ++i) {
    ASSERT_EQ(evaluate(order_of("b"), limits, log.use, noon), Breach());
    log.accept(i, order_of("b"));
  }
  EXPECT_EQ(evaluate(order_of("b"), limits, log.use, noon), Breach({"all.open_orders", "5", "6"}));
  log.end(1);
  EXPECT_EQ(evaluate(order_of("b"), limits, log.use, noon), Breach());
  EXPECT_EQ(evaluate(order_of("a"), limits, log.use, noon), Breach());
  limits.accounts["a"].open_orders = 2;
  EXPECT_EQ(evaluate(order_of("a"), limits, log.use, noon),
            Breach({"account.open_orders", "2", "3"}));
}

TEST(RiskCheck, AmountsAreExactToTheUnit) {
  RiskLimits limits;
  Records log;
  limits.account.largest_order = {{sol, 1'500'000'000}};
  EXPECT_EQ(evaluate(order_of("a", 1'500'000'000), limits, log.use, noon), Breach());
  EXPECT_EQ(evaluate(order_of("a", 1'500'000'001), limits, log.use, noon),
            Breach({"account.largest_order.SOL", "1.5", "1.500000001"}));

  limits = {};
  limits.account.open_notional = {{sol, 3'000'000'000}};
  log.accept(1, order_of("a", 2'000'000'000));
  EXPECT_EQ(evaluate(order_of("a", 1'000'000'000), limits, log.use, noon), Breach());
  EXPECT_EQ(evaluate(order_of("a", 1'000'000'001), limits, log.use, noon),
            Breach({"account.open_notional.SOL", "3", "3.000000001"}));
  EXPECT_EQ(evaluate(order_of("b", 3'000'000'000), limits, log.use, noon), Breach());
  log.end(1);
  EXPECT_EQ(evaluate(order_of("a", 3'000'000'000), limits, log.use, noon), Breach());

  OrderAccepted other = order_of("a", 9'000'000'000);
  other.input = usdc;
  other.amount_in.scale = 6;
  EXPECT_EQ(evaluate(other, limits, log.use, noon), Breach()) << "a token without a limit";
}

TEST(RiskCheck, TheSumsExceed64Bits) {
  constexpr Units most = ~Units{0};
  RiskLimits limits;
  limits.all.open_notional = {{sol, most}};
  Records log;
  log.accept(1, order_of("a", most));
  EXPECT_EQ(evaluate(order_of("a", most), limits, log.use, noon),
            Breach({"all.open_notional.SOL", "18446744073.709551615", "36893488147.41910323"}));
}

TEST(RiskCheck, ADayIsThatOfTheRecordsInUtc) {
  RiskLimits limits;
  limits.account.day_notional = {{sol, 3'000'000'000}};
  const WallTime midnight = WallTime(days(20'001));
  const WallTime late = midnight - Micros(1);
  Records log;
  log.accept(1, order_of("a", 2'000'000'000), noon);
  log.end(1, late);
  EXPECT_EQ(evaluate(order_of("a", 1'000'000'000), limits, log.use, late), Breach());
  EXPECT_EQ(evaluate(order_of("a", 1'000'000'001), limits, log.use, late),
            Breach({"account.day_notional.SOL", "3", "3.000000001"}))
      << "an order that ended counts for its day";
  EXPECT_EQ(evaluate(order_of("a", 3'000'000'000), limits, log.use, midnight), Breach());
  EXPECT_EQ(evaluate(order_of("a", 1'000'000'001), limits, log.use, late),
            Breach({"account.day_notional.SOL", "3", "3.000000001"}))
      << "only a record ends the day";
  log.use.advance_to(midnight);
  EXPECT_EQ(evaluate(order_of("a", 3'000'000'000), limits, log.use, midnight), Breach());
  EXPECT_EQ(log.use.accounts(), 0U) << "nothing of the account is in use";
}

TEST(RiskCheck, OpenNotionalIsTheAmountThatRemains) {
  RiskLimits limits;
  limits.account.open_notional = {{sol, 3'000'000'000}};
  limits.account.day_notional = {{sol, 4'000'000'000}};
  Records log;
  log.accept(1, order_of("a", 2'000'000'000));
  log.fill(1, 2, 500'000'000);
  EXPECT_EQ(log.use.of("a").of(sol), (TokenUse{sol, 1'500'000'000, 2'000'000'000}));
  EXPECT_EQ(log.use.all(), log.use.of("a"));
  EXPECT_EQ(evaluate(order_of("a", 1'500'000'000), limits, log.use, noon), Breach());
  EXPECT_EQ(evaluate(order_of("a", 1'500'000'001), limits, log.use, noon),
            Breach({"account.open_notional.SOL", "3", "3.000000001"}));
  log.fill(1, 3, 1'499'999'999);
  EXPECT_EQ(evaluate(order_of("a", 2'000'000'000), limits, log.use, noon), Breach());
  EXPECT_EQ(evaluate(order_of("a", 2'000'000'001), limits, log.use, noon),
            Breach({"account.day_notional.SOL", "4", "4.000000001"}))
      << "fills give nothing of the day back";
  log.end(1);
  EXPECT_EQ(log.use.all().of(sol), (TokenUse{sol, 0, 2'000'000'000}));
  EXPECT_EQ(log.use.all().open_orders, 0U);
}

TEST(RiskCheck, AnAmendmentThatRaisesTheAmountKeepsTheLimitsOfANewOrder) {
  RiskLimits limits;
  limits.account.open_notional = {{sol, 3'000'000'000}};
  Records log;
  log.accept(1, order_of("a", 2'000'000'000));
  log.accept(2, order_of("a", 500'000'000));
  log.fill(1, 2, 1'000'000'000);
  const auto refused = [&](Units amount, std::uint64_t id = 1) {
    return evaluate_amendment(test::order_id(id), amount_of(amount), limits, log.use, noon);
  };
  EXPECT_EQ(refused(3'500'000'000), Breach()) << "2.5 remain, and 0.5 of the other order";
  EXPECT_EQ(refused(3'500'000'001), Breach({"account.open_notional.SOL", "3", "3.000000001"}));
  limits = {};
  limits.all.day_notional = {{sol, 3'000'000'000}};
  EXPECT_EQ(refused(2'500'000'000), Breach());
  EXPECT_EQ(refused(2'500'000'001), Breach({"all.day_notional.SOL", "3", "3.000000001"}));
  limits = {};
  limits.account.largest_order = {{sol, 2'100'000'000}};
  EXPECT_EQ(refused(2'100'000'000), Breach());
  EXPECT_EQ(refused(2'100'000'001), Breach({"account.largest_order.SOL", "2.1", "2.100000001"}))
      << "with the part that is filled";
  EXPECT_EQ(refused(2'100'000'001, 9), Breach()) << "no open order";

  log.amend(1, 3, amount_of(2'100'000'000));
  EXPECT_EQ(log.use.of("a").of(sol), (TokenUse{sol, 1'600'000'000, 2'600'000'000}));
  log.amend(1, 4, amount_of(1'200'000'000));
  EXPECT_EQ(log.use.of("a").of(sol), (TokenUse{sol, 700'000'000, 2'600'000'000}))
      << "a lower amount gives nothing of the day back";
  log.amend(1, 5, amount_of(1'300'000'000), noon + days(1));
  EXPECT_EQ(log.use.of("a").of(sol), (TokenUse{sol, 800'000'000, 100'000'000}));
  log.end(1, noon + days(1));
  log.end(2, noon + days(1));
  EXPECT_EQ(log.use.of("a").of(sol), (TokenUse{sol, 0, 100'000'000}))
      << "a raise counts for its day, also without an order of that day";
  EXPECT_EQ(log.use.all(), log.use.of("a"));
}

TEST(RiskCheck, AnAmendedOrderKeepsTheLimitsOfOneOrderAndMayLowerSumsAboveTheirLimit) {
  RiskLimits limits;
  Records log;
  log.accept(1, order_of("a", 2'000'000'000));
  const auto refused = [&](const Amendment& terms) {
    return evaluate_amendment(test::order_id(1), terms, limits, log.use, noon);
  };
  Amendment slippage;
  slippage.slippage_bps = 301;
  limits.account.slippage_bps = 300;
  EXPECT_EQ(refused(slippage), Breach({"account.slippage_bps", "300", "301"}));
  slippage.slippage_bps = 300;
  EXPECT_EQ(refused(slippage), Breach());
  log.amend(1, 2, slippage);
  limits.account.slippage_bps = 299;
  EXPECT_EQ(refused(amount_of(1)), Breach({"account.slippage_bps", "299", "300"}))
      << "the amended order has it still";
  limits = {};
  limits.account.pairs = {AllowedPair{"USDC", "SOL"}};
  EXPECT_EQ(refused(amount_of(1)), Breach({"account.pairs", "USDC/SOL", "SOL/USDC"}));
  limits = {};
  limits.all.tokens = {Symbol("SOL")};
  EXPECT_EQ(refused(amount_of(1)), Breach({"all.tokens", "SOL", "USDC"}));
  limits = {};
  limits.account.open_orders = 0;
  limits.account.orders_per_second = 0;
  limits.account.open_notional = {{sol, 1'000'000'000}};
  limits.account.day_notional = {{sol, 1'000'000'000}};
  EXPECT_EQ(refused(amount_of(1'900'000'000)), Breach()) << "adds to none of them";
  EXPECT_EQ(refused(amount_of(2'000'000'001)),
            Breach({"account.open_notional.SOL", "1", "2.000000001"}));
}

TEST(RiskCheck, OrdersOfOneSecondAreCountedByTheRecordsTimes) {
  RiskLimits limits;
  limits.account.orders_per_second = 2;
  Records log;
  log.accept(1, order_of("a"), noon);
  log.accept(2, order_of("a"), noon + Micros(999'998));
  EXPECT_EQ(evaluate(order_of("a"), limits, log.use, noon + Micros(999'999)),
            Breach({"account.orders_per_second", "2", "3"}));
  EXPECT_EQ(evaluate(order_of("b"), limits, log.use, noon + Micros(999'999)), Breach());
  EXPECT_EQ(evaluate(order_of("a"), limits, log.use, noon + Micros(1'000'000)), Breach());
}

TEST(RiskCheck, OnlyAllowedTokensAndPairsPass) {
  RiskLimits limits;
  RiskUse use;
  OrderAccepted order = order_of("a");  // SOL for USDC
  limits.all.tokens = {Symbol("SOL"), Symbol("USDC")};
  EXPECT_EQ(evaluate(order, limits, use, noon), Breach());
  limits.all.tokens = {Symbol("SOL")};
  EXPECT_EQ(evaluate(order, limits, use, noon), Breach({"all.tokens", "SOL", "USDC"}));
  limits = {};
  limits.account.pairs = {AllowedPair{"SOL", "USDC"}};
  EXPECT_EQ(evaluate(order, limits, use, noon), Breach());
  std::swap(order.input, order.output);
  EXPECT_EQ(evaluate(order, limits, use, noon), Breach({"account.pairs", "SOL/USDC", "USDC/SOL"}));
}

TEST(RiskCheck, TheGreatestSlippageIsAllowed) {
  RiskLimits limits;
  limits.all.slippage_bps = 300;
  OrderAccepted order = order_of("a");
  order.slippage_bps = 300;
  EXPECT_EQ(evaluate(order, limits, RiskUse(), noon), Breach());
  order.slippage_bps = 301;
  EXPECT_EQ(evaluate(order, limits, RiskUse(), noon), Breach({"all.slippage_bps", "300", "301"}));
}

TEST(RiskCheck, ThePriceCollarIsExactOnBothSidesAndAtAllMagnitudes) {
  RiskLimits limits;
  limits.account.price_collar_bps = 100;
  const auto refused = [&](Decimal price, Decimal reference) {
    const auto breach =
        evaluate(order_of("a"), limits, RiskUse(), noon, PriceCheck{price, reference});
    return breach ? breach->value : std::string();
  };
  EXPECT_EQ(evaluate(order_of("a"), limits, RiskUse(), noon), Breach()) << "no reference";
  EXPECT_EQ(refused({15'150, 2}, {150, 0}), "") << "1 % above";
  EXPECT_EQ(refused({14'850, 2}, {150, 0}), "") << "1 % below";
  EXPECT_EQ(refused({15'151, 2}, {150, 0}), "101") << "rounded up";
  EXPECT_EQ(refused({14'849, 2}, {150, 0}), "101");
  EXPECT_EQ(refused({0, 0}, {150, 0}), "10000");
  EXPECT_EQ(refused({~Units{0}, 18}, {~Units{0}, 18}), "");
  EXPECT_EQ(refused({~Units{0}, 0}, {1, 18}), "1000000000000000") << "cut off";
  EXPECT_EQ(refused({~Units{0}, 0}, {~Units{0} - 1, 0}), "");
}

TEST(RiskCheck, ARequeueIsRefusedByOpenLimitsAndNotByThoseOfItsAcceptance) {
  RiskLimits limits;
  limits.account.open_orders = 1;
  limits.account.open_notional = {{sol, 1'000'000'000}};
  limits.account.day_notional = {{sol, 1'000'000'000}};
  limits.account.orders_per_second = 1;
  Records log;
  log.accept(1, order_of("a", 900'000'000));
  log.amend(1, 2, amount_of(1'500'000'000));
  log.fill(1, 3, 600'000'000);
  log.add(1, 4, OrderFailed{1, ErrorClass::invalid_order, "x", 1}, noon);
  EXPECT_EQ(log.use.all().of(sol), (TokenUse{sol, 0, 1'500'000'000}));
  log.requeued.account = "a";
  log.requeued.input = sol;
  log.requeued.output = usdc;
  log.requeued.amount_in = Decimal{1'500'000'000, 9};
  log.requeued.filled_in = 500'000'000;
  EXPECT_EQ(evaluate_requeue(log.requeued, limits, log.use, noon), Breach());
  log.requeued.filled_in = 499'999'999;
  EXPECT_EQ(evaluate_requeue(log.requeued, limits, log.use, noon),
            Breach({"account.open_notional.SOL", "1", "1.000000001"}));
  log.requeued.filled_in = 600'000'000;
  log.add(1, 5, DeadLetterRequeued{}, noon);
  EXPECT_EQ(log.use.all().open_orders, 1U);
  EXPECT_EQ(log.use.all().of(sol), (TokenUse{sol, 900'000'000, 1'500'000'000}));
  EXPECT_EQ(evaluate_requeue(log.requeued, limits, log.use, noon),
            Breach({"account.open_orders", "1", "2"}));
}

TEST(RiskUse, TheEventsOfNoOrderChangeNothing) {
  Records log;
  log.accept(1, order_of("a"));
  const LimitUse before = log.use.all();
  Record halted;
  halted.seq = 2;
  halted.order_id = engine_stream;
  halted.version = 1;
  halted.time = noon;
  halted.event = TradingHalted{};
  log.use.fold(halted);
  EXPECT_EQ(log.use.all(), before);
  EXPECT_EQ(log.use.head(), 2U);
}

TEST(RiskCheck, TheNumberOfAccountsIsBounded) {
  Records log;
  for (std::uint64_t i = 0; i < RiskUse::accounts_max; ++i)
    log.accept(i, order_of("account " + std::to_string(i)));
  EXPECT_EQ(evaluate(order_of("account 7"), RiskLimits(), log.use, noon), Breach());
  EXPECT_EQ(evaluate(order_of("one more"), RiskLimits(), log.use, noon),
            Breach({"all.accounts", "10000", "10001"}));
  log.end(7);
  EXPECT_EQ(log.use.accounts(), RiskUse::accounts_max) << "its orders of the day still count";
  EXPECT_EQ(evaluate(order_of("one more"), RiskLimits(), log.use, noon + days(1)), Breach())
      << "an account without open orders counts for its day alone";
  log.use.advance_to(noon + days(1));
  EXPECT_EQ(log.use.accounts(), RiskUse::accounts_max - 1);
  EXPECT_EQ(evaluate(order_of("one more"), RiskLimits(), log.use, noon + days(1)), Breach());
}

TEST(RiskReport, HasTheLimitsBesideTheirUse) {
  RiskLimits limits;
  limits.account.open_orders = 3;
  limits.account.tokens = {Symbol("SOL"), Symbol("USDC")};
  limits.all.day_notional = {{usdc, 5'000'000}};
  Records log;
  log.accept(1, order_of("a", 1'500'000'000));
  const auto text = [&](std::string_view account, WallTime time) {
    std::string out;
    for (const RiskRow& row : risk_rows(limits, log.use, account, time))
      out.append(row.scope)
          .append(".")
          .append(row.name)
          .append(" ")
          .append(row.token)
          .append(" ")
          .append(row.use)
          .append(" of ")
          .append(row.limit.value_or("nothing"))
          .append("\n");
    return out;
  };
  EXPECT_EQ(text("a", noon), R"(account.tokens   of SOL,USDC
account.open_orders  1 of 3
account.open_notional SOL 1.5 of nothing
account.day_notional SOL 1.5 of nothing
account.orders_per_second  1 of nothing
all.open_orders  1 of nothing
all.open_notional SOL 1.5 of nothing
all.day_notional USDC 0 of 5
all.day_notional SOL 1.5 of nothing
all.orders_per_second  1 of nothing
)");
  EXPECT_EQ(text("b", noon + days(1)), R"(account.tokens   of SOL,USDC
account.open_orders  0 of 3
account.orders_per_second  0 of nothing
all.open_orders  1 of nothing
all.open_notional SOL 1.5 of nothing
all.day_notional USDC 0 of 5
all.orders_per_second  0 of nothing
)");
}

TEST(LimitBreach, PassesThroughAnError) {
  for (const LimitBreach& breach :
       {LimitBreach{"account.open_orders", "50", "51"}, LimitBreach{"all.tokens", "", "SOL"},
        LimitBreach{"account.pairs", "SOL/USDC,USDC/SOL", "SOL/BONK"}}) {
    const Error error = to_error(breach);
    EXPECT_EQ(error.code, Errc::risk_limit);
    EXPECT_EQ(breach_of(error), Breach(breach)) << error.detail;
  }
  EXPECT_EQ(breach_of(Error{Errc::full, "a: limit 1, value 2"}), Breach());
  EXPECT_EQ(breach_of(Error{Errc::risk_limit, "another sentence"}), Breach());
}

}  // namespace
}  // namespace oee
