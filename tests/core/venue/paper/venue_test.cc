// Properties of the paper venues beyond the laws of their seam (tests/contract): latency, faults,
// restarts, prices, determinism.
#include "core/venue/paper/exchange.h"

#include <gtest/gtest.h>

#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"

namespace oee::paper {
namespace {

using test::DiskFixture;
using test::instant_options;
using test::PaperFixture;
using test::quote_request;
using test::ref_of;
using test::sol_order;

constexpr Micros second{1'000'000};

LedgerAudit audited(PaperFixture& fixture) {
  auto audit = fixture.exchange->audit();
  EXPECT_TRUE(audit.ok()) << audit.error().detail;
  return audit.ok() ? *std::move(audit) : LedgerAudit{};
}

// --- Latency -------------------------------------------------------------------------------------

TEST(PaperVenue, WithoutQuoteDelayAQuoteNeverSuspends) {
  PaperFixture fixture(instant_options());
  Started<Result<Quote>> quoted =
      fixture.begin(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000'000)));
  ASSERT_TRUE(quoted.done()) << "the loop has not run";
  EXPECT_TRUE(quoted.await_resume().ok());
}

TEST(PaperVenue, QuotesTakeATimeFromTheirRange) {
  ExchangeOptions options = instant_options();
  options.quote_delay_min = Micros(100'000);
  options.quote_delay_max = Micros(300'000);
  PaperFixture fixture(options);
  Micros least = second;
  Micros most{0};
  for (int i = 0; i < 200; ++i) {
    const SteadyTime begin = fixture.clock().steady_now();
    ASSERT_TRUE(fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000))).ok());
    const Micros took = fixture.clock().steady_now() - begin;
    least = std::min(least, took);
    most = std::max(most, took);
  }
  EXPECT_GE(least, Micros(100'000));
  EXPECT_LE(most, Micros(300'000));
  EXPECT_LT(least, Micros(110'000)) << "the whole range is used";
  EXPECT_GT(most, Micros(290'000));
}

ExchangeOptions delayed_options() {
  ExchangeOptions options = instant_options();
  options.venue_delay_min = 2 * second;
  options.venue_delay_max = 3 * second;
  return options;
}

TEST(PaperVenue, AnAcceptedTradeSettlesAfterTheDelayAndItsEndIsPushed) {
  PaperFixture fixture(delayed_options());
  const VenueOrder order = sol_order(1);
  const SteadyTime begin = fixture.clock().steady_now();
  const auto taken = fixture.run(fixture.raydium().submit(order));
  ASSERT_EQ(to_string(taken->status), "accepted");
  const auto early = fixture.find(fixture.raydium(), order);
  EXPECT_EQ(to_string(early->status), "accepted");
  EXPECT_EQ(fixture.clock().steady_now(), begin) << "accepting and finding take no time";
  const VenueReport end = fixture.pushed_end(fixture.raydium(), order);
  EXPECT_EQ(to_string(end.status), "settled");
  const Micros took = fixture.clock().steady_now() - begin;
  EXPECT_GE(took, 2 * second);
  EXPECT_LE(took, 3 * second);
}

TEST(PaperVenue, OneFindReportsManyOrders) {
  PaperFixture fixture(delayed_options());
  const VenueOrder ended = sol_order(1);
  const VenueOrder flying = sol_order(2);
  const VenueOrder unknown = sol_order(3);
  ASSERT_TRUE(fixture.run(fixture.raydium().submit(ended)).ok());
  fixture.pushed_end(fixture.raydium(), ended);
  ASSERT_TRUE(fixture.run(fixture.raydium().submit(flying)).ok());
  std::vector<VenueOrderRef> refs = {ref_of(unknown), ref_of(flying), ref_of(ended),
                                     ref_of(sol_order(4))};
  const auto reports = fixture.run(fixture.raydium().find(std::move(refs)));
  ASSERT_TRUE(reports.ok());
  std::string all;
  for (const VenueReport& report : *reports) all += std::string(to_string(report.status)) + " ";
  EXPECT_EQ(all, "not_found accepted settled not_found ");
}

TEST(PaperVenue, ATradeInFlightIsDroppedWithItsVenue) {
  PaperFixture fixture(delayed_options());
  ASSERT_TRUE(fixture.run(fixture.raydium().submit(sol_order(1))).ok());
  fixture.venues.clear();
  fixture.run_all();
  EXPECT_EQ(audited(fixture).settlements, 0u);
}

TEST(PaperVenue, ACancelledTradeInFlightNeverSettlesAndItsEndIsPushed) {
  PaperFixture fixture(delayed_options());
  const VenueOrder order = sol_order(1);
  ASSERT_TRUE(fixture.run(fixture.raydium().submit(order)).ok());
  test::PushedReports pushed;
  fixture.raydium().report_to(test::into(pushed));
  EXPECT_EQ(to_string(fixture.run(fixture.raydium().cancel(ref_of(order)))->status), "cancelled");
  EXPECT_EQ(to_string(pushed[order.id].status), "cancelled");
  fixture.run_all();
  EXPECT_EQ(audited(fixture).settlements, 0u);
}

TEST(PaperVenue, ATradeThatLandsAboveItsValidityExpires) {
  PaperFixture fixture(delayed_options());
  VenueOrder order = sol_order(1);
  const auto quote = fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000)));
  order.valid_until_height = quote->height + 2;  // 800 ms
  ASSERT_EQ(to_string(fixture.run(fixture.raydium().submit(order))->status), "accepted");
  const VenueReport end = fixture.pushed_end(fixture.raydium(), order);
  EXPECT_EQ(to_string(end.status), "expired") << end.detail;
  EXPECT_EQ(audited(fixture).expiries, 1u);
}

// --- Faults --------------------------------------------------------------------------------------

ExchangeOptions faulty(void (*set)(ExchangeFaults&)) {
  ExchangeOptions options = instant_options();
  set(options.faults);
  return options;
}

TEST(PaperVenue, ALostRequestTimesOutAndLeavesNoTrace) {
  PaperFixture fixture(faulty([](ExchangeFaults& faults) { faults.lose_request = 1; }));
  const SteadyTime begin = fixture.clock().steady_now();
  const auto report = fixture.run(fixture.raydium().submit(sol_order(1)));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Errc::timeout);
  EXPECT_EQ(fixture.clock().steady_now() - begin, 2 * second);
  EXPECT_EQ(to_string(fixture.find(fixture.raydium(), sol_order(1))->status), "not_found");
  EXPECT_EQ(audited(fixture).settlements, 0u);
}

TEST(PaperVenue, ALostReplyTimesOutAndTheTradeStands) {
  PaperFixture fixture(faulty([](ExchangeFaults& faults) { faults.lose_reply = 1; }));
  const auto report = fixture.run(fixture.raydium().submit(sol_order(1)));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Errc::timeout);
  EXPECT_EQ(to_string(fixture.find(fixture.raydium(), sol_order(1))->status), "settled");
  const auto cancelled = fixture.run(fixture.raydium().cancel(ref_of(sol_order(2))));
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(audited(fixture).tombstones, 1u);
}

TEST(PaperVenue, ALateRequestLandsAfterTheTimeOut) {
  PaperFixture fixture(faulty([](ExchangeFaults& faults) {
    faults.late = 1;
    faults.late_delay = 5 * second;
  }));
  const VenueOrder order = sol_order(1);
  const auto report = fixture.run(fixture.raydium().submit(order));
  ASSERT_FALSE(report.ok());
  fixture.advance(4 * second);
  EXPECT_EQ(to_string(fixture.find(fixture.raydium(), order)->status), "not_found");
  fixture.advance(2 * second);
  EXPECT_EQ(to_string(fixture.find(fixture.raydium(), order)->status), "settled");
}

TEST(PaperVenue, ALateRequestFindsTheTombstone) {
  PaperFixture fixture(faulty([](ExchangeFaults& faults) {
    faults.late = 1;
    faults.late_delay = 5 * second;
  }));
  const VenueOrder order = sol_order(1);
  ASSERT_FALSE(fixture.run(fixture.raydium().submit(order)).ok());
  EXPECT_EQ(to_string(fixture.run(fixture.raydium().cancel(ref_of(order)))->status), "cancelled");
  fixture.run_all();
  EXPECT_EQ(to_string(fixture.find(fixture.raydium(), order)->status), "cancelled");
  EXPECT_EQ(audited(fixture).settlements, 0u);
}

TEST(PaperVenue, ADuplicatedRequestTradesOnce) {
  for (const Micros delay : {Micros(0), second}) {
    ExchangeOptions options = faulty([](ExchangeFaults& faults) { faults.duplicate = 1; });
    options.venue_delay_min = options.venue_delay_max = delay;
    PaperFixture fixture(options);
    for (std::uint64_t i = 1; i <= 20; ++i) {
      ASSERT_TRUE(fixture.run(fixture.raydium().submit(sol_order(i))).ok());
    }
    fixture.run_all();
    EXPECT_EQ(audited(fixture).settlements, 20u);
  }
}

TEST(PaperVenue, ARejectionIsDurableAndItsClassIsVenueUnavailable) {
  PaperFixture fixture(faulty([](ExchangeFaults& faults) { faults.reject = 0.5; }));
  int rejected = 0;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    const auto report = fixture.run(fixture.raydium().submit(sol_order(i)));
    if (report->status != VenueStatus::rejected) continue;
    ++rejected;
    EXPECT_EQ(report->refusal, ErrorClass::venue_unavailable);
    EXPECT_EQ(to_string(fixture.run(fixture.raydium().submit(sol_order(i)))->status), "rejected");
  }
  EXPECT_GT(rejected, 60);
  EXPECT_LT(rejected, 140);
}

TEST(PaperVenue, AMovedPriceExceedsASmallerTolerance) {
  PaperFixture fixture(faulty([](ExchangeFaults& faults) { faults.move_bps = 200; }));
  const auto quote =
      fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000'000)));
  VenueOrder order = sol_order(1);
  order.min_out = min_out_of(quote->amount_out, 100);
  const auto refused = fixture.run(fixture.raydium().submit(order));
  ASSERT_EQ(to_string(refused->status), "rejected");
  EXPECT_EQ(refused->refusal, ErrorClass::slippage_exceeded);
  const Decimal min_out{order.min_out, 6};
  EXPECT_NE(refused->detail.find("below min out " + to_text(min_out)), std::string::npos)
      << refused->detail;
  order = sol_order(2);
  order.min_out = min_out_of(quote->amount_out, 300);
  EXPECT_EQ(to_string(fixture.run(fixture.raydium().submit(order))->status), "settled");
}

// --- Prices --------------------------------------------------------------------------------------

TEST(PaperVenue, EveryPairIsQuotedOnBothVenuesTwoToFivePerCentApart) {
  PaperFixture fixture(instant_options());
  int pairs = 0;
  int apart = 0;
  int first_better = 0;
  for (const TokenInfo& input : TokenRegistry::defaults().tokens()) {
    for (const TokenInfo& output : TokenRegistry::defaults().tokens()) {
      if (input.token == output.token) continue;
      QuoteRequest request;
      request.input = input.token;
      request.output = output.token;
      request.amount_in = *units_worth(1'000, input);
      const auto one = fixture.run(fixture.raydium().quote(request));
      const auto two = fixture.run(fixture.meteora().quote(request));
      ASSERT_TRUE(one.ok() && two.ok()) << input.name << " to " << output.name;
      const Units least = std::min(one->amount_out, two->amount_out);
      const Units most = std::max(one->amount_out, two->amount_out);
      const Units bps = (most - least) * 10'000 / most;
      ++pairs;
      if (bps >= 200 && bps <= 500) ++apart;
      if (one->amount_out > two->amount_out) ++first_better;
    }
  }
  EXPECT_EQ(pairs, 42);
  EXPECT_GE(apart, 36) << "all pairs except those whose venues are crossing";
  EXPECT_GE(first_better, 5);
  EXPECT_LE(first_better, 37);
}

TEST(PaperVenue, AThousandConcurrentOrdersConfirmWithinOnePerCent) {
  ExchangeOptions options;  // the defaults: quotes of 100-300 ms, settlement after 2-3 s, drift
  PaperFixture fixture(options);
  test::PushedReports ends;
  fixture.meteora().report_to(test::into(ends));
  const char* const symbols[] = {"SOL", "USDC", "USDT", "BONK", "JUP", "RAY", "ETH"};
  Units total = 0;
  Units settled = 0;
  std::uint64_t number = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<VenueOrder> orders;
    std::vector<Started<Result<Quote>>> quotes;
    for (int i = 0; i < 1'000; ++i) {
      VenueOrder order = sol_order(++number);
      order.input = test::token(symbols[fixture.entropy().next() % 7]);
      do {
        order.output = test::token(symbols[fixture.entropy().next() % 7]);
      } while (order.output == order.input);
      const auto* input = TokenRegistry::defaults().find(order.input.symbol);
      order.amount_in = *units_worth(1 + fixture.entropy().next() % 20'000, *input);
      QuoteRequest request;
      request.input = order.input;
      request.output = order.output;
      request.amount_in = order.amount_in;
      orders.push_back(order);
      quotes.push_back(fixture.begin(fixture.meteora().quote(request)));
    }
    fixture.run_all();
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const auto quote = quotes[i].await_resume();
      ASSERT_TRUE(quote.ok());
      orders[i].min_out = min_out_of(quote->amount_out, 100);
      orders[i].valid_until_height = quote->height + quote->valid_for;
      ASSERT_TRUE(fixture.run(fixture.meteora().submit(orders[i])).ok());
    }
    fixture.run_all();
    for (const VenueOrder& order : orders) {
      ++total;
      settled += ends[order.id].status == VenueStatus::settled ? 1 : 0;
    }
    fixture.advance(60 * second);
  }
  EXPECT_GE(settled * 100, total * 99) << settled << " of " << total;
  EXPECT_EQ(audited(fixture).settlements, settled);
}

TEST(PaperVenue, AfterAnIdleHourAQuoteIsStillExact) {
  PaperFixture fixture(instant_options());
  ASSERT_TRUE(fixture.run(fixture.raydium().submit(sol_order(1))).ok());
  for (std::uint64_t hour = 0; hour < 24; ++hour) {
    fixture.advance(3'600 * second);
    const auto quote =
        fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000'000)));
    VenueOrder order = sol_order(hour + 2);
    order.min_out = quote->amount_out;  // no tolerance at all
    EXPECT_EQ(to_string(fixture.run(fixture.raydium().submit(order))->status), "settled");
  }
}

// --- Heights -------------------------------------------------------------------------------------

std::uint64_t height_of(PaperFixture& fixture) {
  return fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000)))->height;
}

TEST(PaperVenue, AHeightLastsFourHundredMillisecondsAndIgnoresStepsOfTheWallClock) {
  PaperFixture fixture(instant_options());
  const std::uint64_t begin = height_of(fixture);
  EXPECT_EQ(begin, 1'780'000'000ull * 1'000 / 400);
  fixture.advance(Micros(399'999));
  EXPECT_EQ(height_of(fixture), begin);
  fixture.advance(Micros(1));
  EXPECT_EQ(height_of(fixture), begin + 1);
  fixture.clock().step_wall(-3'600 * second);
  EXPECT_EQ(height_of(fixture), begin + 1);
  fixture.clock().step_wall(365 * 24 * 3'600 * second);
  EXPECT_EQ(height_of(fixture), begin + 1);
  fixture.advance(40 * second);
  EXPECT_EQ(height_of(fixture), begin + 101);
}

// A clock whose wall time was set back by one hour.
class SetBack final : public Clock {
 public:
  explicit SetBack(Loop& loop) : real_(loop) {}
  WallTime now() const override { return real_.now() - std::chrono::hours(1); }
  SteadyTime steady_now() const override { return real_.steady_now(); }
  TimerId call_at(SteadyTime at, std::function<void()> action) override {
    return real_.call_at(at, std::move(action));
  }
  void cancel(TimerId id) override { real_.cancel(id); }

 private:
  SystemClock real_;
};

TEST(PaperVenue, AHeightDoesNotFallOverARestartWithTheWallClockSetBack) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  std::uint64_t height = 0;
  {
    DiskFixture fixture(options);
    height = fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000)))->height;
  }
  Loop loop{1};
  const SetBack clock(loop);
  SystemClock timers(loop);
  SystemEntropy entropy(1);
  auto exchange = Exchange::open(options, TokenRegistry::defaults(), clock, {});
  ASSERT_TRUE(exchange.ok());
  const auto venues = (*exchange)->connect(loop, timers, entropy);
  Gate gate;
  auto quoted = start(gate, venues[0]->quote(quote_request("SOL", "USDC", 1'000'000)));
  EXPECT_GE(quoted.await_resume()->height, height);
}

// --- Determinism and restarts --------------------------------------------------------------------

Hash256 digest_of_a_run(std::uint64_t seed) {
  ExchangeOptions options;
  options.seed = seed;
  options.faults.lose_request = 0.1;
  options.faults.lose_reply = 0.1;
  options.faults.duplicate = 0.2;
  options.faults.late = 0.1;
  options.faults.late_delay = second;
  options.faults.reject = 0.1;
  PaperFixture fixture(options, seed);
  for (std::uint64_t i = 1; i <= 200; ++i) {
    Venue& venue = *fixture.venues[i % 2];
    const auto quote = fixture.run(venue.quote(quote_request("SOL", "USDC", 1'000'000'000)));
    VenueOrder order = sol_order(i);
    order.min_out = min_out_of(quote->amount_out, 10);
    order.valid_until_height = quote->height + 8;
    (void)fixture.begin(venue.submit(order));
    if (i % 7 == 0) (void)fixture.begin(venue.cancel(ref_of(order)));
    if (i % 3 == 0) fixture.advance(second);
  }
  fixture.run_all();
  const LedgerAudit audit = audited(fixture);
  EXPECT_GT(audit.settlements, 20u);
  EXPECT_GT(audit.refusals, 5u);
  EXPECT_GT(audit.tombstones, 5u);
  return audit.digest;
}

TEST(PaperVenue, OneSeedGivesOneLedger) {
  const Hash256 first = digest_of_a_run(11);
  EXPECT_EQ(digest_of_a_run(11), first);
  EXPECT_NE(digest_of_a_run(12), first);
}

TEST(PaperVenue, PoolsContinueFromTheLedgerAfterARestart) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  options.seed = 0;
  options.drift_bps_per_s = 0;
  Units before = 0;
  {
    DiskFixture fixture(options);
    // The price stays within the fee band, so arbitrage does not change it: only the ledger has it.
    ASSERT_TRUE(fixture.run(fixture.raydium().submit(sol_order(1, 1'000'000'000'000))).ok());
    before =
        fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000)))->amount_out;
  }
  DiskFixture fixture(options);
  EXPECT_EQ(
      fixture.run(fixture.raydium().quote(quote_request("SOL", "USDC", 1'000'000)))->amount_out,
      before);
}

TEST(PaperVenue, ASecondExchangeOnTheDirectoryIsInUse) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  DiskFixture first(options);
  DiskFixture second_one(options);
  ASSERT_TRUE(second_one.error.has_value());
  EXPECT_EQ(second_one.error->code, Errc::in_use);
}

TEST(PaperVenue, AfterStopCallsAreRefusedAndNothingHangs) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  DiskFixture fixture(options);
  std::vector<Started<Result<VenueReport>>> calls;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    calls.push_back(fixture.begin(fixture.raydium().submit(sol_order(i))));
  }
  fixture.exchange->stop();
  for (auto& call : calls) EXPECT_EQ(to_string(fixture.finish(call)->status), "settled");
  const auto late = fixture.run(fixture.raydium().submit(sol_order(101)));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Errc::unavailable);
  fixture.exchange->stop();
}

TEST(PaperVenue, WrongOptionsAreRefused) {
  test::VirtualClock clock;
  ExchangeOptions options = instant_options();
  options.faults.move_bps = 9'001;
  EXPECT_EQ(Exchange::open(options, TokenRegistry::defaults(), clock, {}).error().code,
            Errc::invalid);
  options = instant_options();
  options.venue_delay_min = second;
  EXPECT_EQ(Exchange::open(options, TokenRegistry::defaults(), clock, {}).error().code,
            Errc::invalid);
}

}  // namespace
}  // namespace oee::paper
