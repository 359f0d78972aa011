// The laws of core/seams/venue.h, for every implementation of the seam.
#include <gtest/gtest.h>

#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"
#include "tests/support/registries.h"

namespace oee {
namespace {

using test::quote_request;
using test::ref_of;
using test::sol_order;

// A venue under test and the fixture that runs it.
class Bench {
 public:
  virtual ~Bench() = default;
  virtual Venue& venue() = 0;
  virtual void step() = 0;
  // Closes the venue and opens it again; false: this venue stores nothing durably.
  virtual bool reopen() { return false; }
  virtual std::uint64_t settlements() = 0;

  template <class T>
  T run(Task<T> task) {
    Started<T> started = start(gate_, std::move(task));
    while (!started.done()) step();
    return started.await_resume();
  }

 private:
  Gate gate_;
};

class SimulatedBench final : public Bench {
 public:
  explicit SimulatedBench(paper::ExchangeOptions options,
                          const TokenRegistry& registry = TokenRegistry::defaults())
      : fixture_(std::move(options), 7, registry) {}
  Venue& venue() override { return fixture_.raydium(); }
  void step() override { check(fixture_.step(), "no event is left and the call has not ended"); }
  std::uint64_t settlements() override {
    fixture_.run_all();
    auto audit = fixture_.exchange->audit();
    check(audit.ok(), "the ledger passes its audit");
    return audit->settlements;
  }

 private:
  test::PaperFixture fixture_;
};

class DurableBench final : public Bench {
 public:
  explicit DurableBench(paper::ExchangeOptions options,
                        TokenRegistry registry = TokenRegistry::defaults())
      : options_(std::move(options)), registry_(std::move(registry)) {
    options_.dir = dir_.path() / "venue";
    fixture_.emplace(options_, 7, registry_);
  }
  Venue& venue() override { return fixture_->raydium(); }
  void step() override { fixture_->step(); }
  bool reopen() override {
    fixture_.reset();
    fixture_.emplace(options_, 7, registry_);
    return true;
  }
  std::uint64_t settlements() override {
    fixture_.reset();
    const auto audit = paper::audit_ledger(options_.dir);
    check(audit.ok(), "the ledger passes its audit");
    return audit->settlements;
  }

 private:
  test::TemporaryDirectory dir_;
  paper::ExchangeOptions options_;
  const TokenRegistry registry_;
  std::optional<test::DiskFixture> fixture_;
};

paper::ExchangeOptions slow_options(Micros venue, Micros quote) {
  paper::ExchangeOptions options;
  options.venue_delay_min = venue;
  options.venue_delay_max = 2 * venue;
  options.quote_delay_min = quote;
  options.quote_delay_max = 2 * quote;
  return options;
}

std::unique_ptr<Bench> make_bench(const std::string& name) {
  paper::ExchangeOptions instant = test::instant_options();
  if (name == "Simulated") return std::make_unique<SimulatedBench>(instant);
  if (name == "SimulatedSlow") {
    return std::make_unique<SimulatedBench>(slow_options(Micros(2'000'000), Micros(100'000)));
  }
  if (name == "SimulatedDuplicating") {
    instant.faults.duplicate = 1;
    return std::make_unique<SimulatedBench>(instant);
  }
  // The kind of the pools, of a durable bench after its prefix.
  const bool durable = name.starts_with("Durable");
  if (const auto kind = pool_kind_of(durable ? name.substr(7) : name)) {
    const TokenRegistry registry = test::registry_of(*kind);
    if (durable) return std::make_unique<DurableBench>(instant, registry);
    return std::make_unique<SimulatedBench>(instant, registry);
  }
  if (name == "Durable") return std::make_unique<DurableBench>(instant);
  check(name == "DurableSlow", "a test names an unknown bench");
  return std::make_unique<DurableBench>(slow_options(Micros(5'000), Micros(1'000)));
}

class VenueContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    bench_ = make_bench(name);
    if (name.ends_with("ticks"))
      fee_tolerance_ = 2;  // the input is rounded up, the fee is the rest
    if (name.ends_with("bins")) fee_tolerance_ = 500'000;  // a part of the fee varies
  }

  VenueReport ok(Result<VenueReport> report) {
    EXPECT_TRUE(report.ok()) << report.error().detail;
    return report.ok() ? *std::move(report) : VenueReport{};
  }
  Quote quote(const QuoteRequest& request) {
    auto quoted = bench_->run(bench_->venue().quote(request));
    EXPECT_TRUE(quoted.ok()) << quoted.error().detail;
    return quoted.ok() ? *quoted : Quote{};
  }
  VenueReport submit(const VenueOrder& order) {
    return ok(bench_->run(bench_->venue().submit(order)));
  }
  std::vector<VenueReport> find_all(const std::vector<VenueOrder>& orders) {
    std::vector<VenueOrderRef> refs;
    for (const VenueOrder& order : orders) refs.push_back(ref_of(order));
    auto reports = bench_->run(bench_->venue().find(std::move(refs)));
    EXPECT_TRUE(reports.ok()) << reports.error().detail;
    if (!reports.ok()) return std::vector<VenueReport>(orders.size());
    EXPECT_EQ(reports->size(), orders.size());
    return *std::move(reports);
  }
  VenueReport find(const VenueOrder& order) { return find_all({order}).front(); }
  VenueReport cancel(const VenueOrder& order) {
    return ok(bench_->run(bench_->venue().cancel(ref_of(order))));
  }
  // Submits and waits for the end.
  VenueReport end_of(const VenueOrder& order) {
    VenueReport report = submit(order);
    while (report.status == VenueStatus::accepted) {
      bench_->step();
      report = find(order);
    }
    return report;
  }
  // Every call returns the same end.
  void expect_always(const VenueOrder& order, const VenueReport& end) {
    VenueOrder changed = order;
    changed.amount_in *= 2;
    changed.min_out = 0;
    const VenueReport again[] = {submit(order), submit(changed), find(order), cancel(order),
                                 submit(order)};
    for (const VenueReport& report : again) {
      EXPECT_EQ(to_string(report.status), to_string(end.status));
      EXPECT_EQ(report.amount_in, end.amount_in);
      EXPECT_EQ(report.amount_out, end.amount_out);
      EXPECT_EQ(report.fee, end.fee);
      EXPECT_EQ(report.tx_hash, end.tx_hash);
      EXPECT_EQ(report.refusal, end.refusal);
      EXPECT_EQ(report.detail, end.detail);
    }
  }

  std::unique_ptr<Bench> bench_;
  double fee_tolerance_ = 0;
};

TEST_P(VenueContract, AQuoteHasNoSideEffectAndATradeWithinItSettles) {
  const auto request = quote_request("SOL", "USDC", 1'000'000'000);
  const Quote first = quote(request);
  EXPECT_GT(first.amount_out, 0u);
  EXPECT_NEAR(static_cast<double>(first.fee), 3e6, fee_tolerance_) << "raydium takes 0.30 %";
  EXPECT_GT(first.valid_for, 0u);
  for (int i = 0; i < 10; ++i) quote(request);
  VenueOrder order = sol_order(1);
  order.min_out = min_out_of(first.amount_out, 100);
  order.valid_until_height = first.height + first.valid_for;
  const VenueReport end = end_of(order);
  EXPECT_EQ(to_string(end.status), "settled") << end.detail;
  EXPECT_EQ(end.amount_in, order.amount_in);
  EXPECT_EQ(bench_->settlements(), 1u);
}

TEST_P(VenueContract, AQuoteOfAnExactOutputIsTheLeastInputThatYieldsIt) {
  QuoteRequest request = quote_request("SOL", "USDC", 0);
  request.exact_out = 150'000'000;
  const Quote exact = quote(request);
  EXPECT_GE(exact.amount_out, 150'000'000u);
  ASSERT_GT(exact.amount_in, 1u);
  // The price of the simulated venues moves in between.
  const Quote same = quote(quote_request("SOL", "USDC", exact.amount_in));
  EXPECT_GT(same.amount_out, 148'000'000u);
  EXPECT_LT(same.amount_out, 152'000'000u);
  request.exact_out = ~Units{0};
  const auto beyond = bench_->run(bench_->venue().quote(request));
  ASSERT_FALSE(beyond.ok());
  EXPECT_NE(beyond.error().code, Errc::invalid) << "the pair is known";
}

TEST_P(VenueContract, AnExactOutputTakesTheLeastInputAndReportsIt) {
  QuoteRequest request = quote_request("SOL", "USDC", 0);
  request.exact_out = 150'000'000;
  const Quote quoted = quote(request);
  VenueOrder order = sol_order(1, quoted.amount_in + quoted.amount_in / 20);
  order.min_out = request.exact_out;
  order.exact_output = true;
  const VenueReport end = end_of(order);
  ASSERT_EQ(to_string(end.status), "settled") << end.detail;
  EXPECT_GT(end.amount_in, quoted.amount_in - quoted.amount_in / 20);
  EXPECT_LT(end.amount_in, order.amount_in);
  EXPECT_GE(end.amount_out, request.exact_out);
  EXPECT_LT(end.amount_out, request.exact_out + 1'000) << "one unit of SOL less yields less";
  expect_always(order, end);
  if (bench_->reopen()) expect_always(order, end);
  EXPECT_EQ(bench_->settlements(), 1u);
}

TEST_P(VenueContract, AnExactOutputThatNeedsMoreThanTheMostIsRefused) {
  QuoteRequest request = quote_request("SOL", "USDC", 0);
  request.exact_out = 150'000'000;
  VenueOrder order = sol_order(1, quote(request).amount_in / 2);
  order.min_out = request.exact_out;
  order.exact_output = true;
  const VenueReport end = end_of(order);
  ASSERT_EQ(to_string(end.status), "rejected");
  EXPECT_EQ(end.refusal, ErrorClass::slippage_exceeded);
  EXPECT_NE(end.detail.find("would take "), std::string::npos) << end.detail;
  expect_always(order, end);
  EXPECT_EQ(bench_->settlements(), 0u);
}

TEST_P(VenueContract, AnUnknownPairIsInvalid) {
  QuoteRequest request = quote_request("SOL", "USDC", 1);
  request.output.symbol = Symbol("NOPE");
  const auto quoted = bench_->run(bench_->venue().quote(request));
  ASSERT_FALSE(quoted.ok());
  EXPECT_EQ(quoted.error().code, Errc::invalid);
  VenueOrder order = sol_order(1);
  order.output = order.input;
  const VenueReport end = end_of(order);
  EXPECT_EQ(to_string(end.status), "rejected");
  EXPECT_EQ(end.refusal, ErrorClass::invalid_order);
}

TEST_P(VenueContract, ASettledIdNeverTradesAgainAndItsAnswerNeverChanges) {
  const VenueOrder order = sol_order(1);
  const VenueReport end = end_of(order);
  ASSERT_EQ(to_string(end.status), "settled");
  EXPECT_GT(end.amount_out, 0u);
  EXPECT_FALSE(end.tx_hash.is_zero());
  expect_always(order, end);
  if (bench_->reopen()) expect_always(order, end);
  EXPECT_EQ(bench_->settlements(), 1u);
}

TEST_P(VenueContract, AcceptedNamesTheHashThatSettles) {
  const VenueOrder order = sol_order(1);
  const VenueReport first = submit(order);
  const VenueReport end = end_of(order);
  ASSERT_EQ(to_string(end.status), "settled");
  EXPECT_EQ(first.tx_hash, end.tx_hash);
}

TEST_P(VenueContract, ARefusalIsFinalEvenIfTheOrderWouldPassLater) {
  VenueOrder order = sol_order(1);
  order.min_out = quote(quote_request("SOL", "USDC", order.amount_in)).amount_out * 2;
  const VenueReport end = end_of(order);
  ASSERT_EQ(to_string(end.status), "rejected");
  EXPECT_EQ(end.refusal, ErrorClass::slippage_exceeded);
  EXPECT_NE(end.detail.find("would give "), std::string::npos) << end.detail;
  EXPECT_NE(end.detail.find(", below min out "), std::string::npos) << end.detail;
  expect_always(order, end);
  if (bench_->reopen()) expect_always(order, end);
  EXPECT_EQ(bench_->settlements(), 0u);
}

TEST_P(VenueContract, ACancelledIdStaysCancelledAndALaterSubmitIsRefused) {
  const VenueOrder order = sol_order(1);
  const VenueReport end = cancel(order);
  ASSERT_EQ(to_string(end.status), "cancelled");
  expect_always(order, end);
  if (bench_->reopen()) expect_always(order, end);
  EXPECT_EQ(bench_->settlements(), 0u);
}

TEST_P(VenueContract, CancelAfterSubmitReturnsAnEndThatNeverChanges) {
  const VenueOrder order = sol_order(1);
  submit(order);
  const VenueReport end = cancel(order);
  ASSERT_TRUE(end.status == VenueStatus::settled || end.status == VenueStatus::cancelled)
      << to_string(end.status);
  expect_always(order, end);
  EXPECT_EQ(bench_->settlements(), end.status == VenueStatus::settled ? 1u : 0u);
}

TEST_P(VenueContract, AnIdAboveItsValidityExpiresInEveryCall) {
  const std::uint64_t height = quote(quote_request("SOL", "USDC", 1'000'000)).height;
  ASSERT_GT(height, 0u);
  VenueOrder submitted = sol_order(1);
  VenueOrder found = sol_order(2);
  VenueOrder cancelled = sol_order(3);
  for (VenueOrder* order : {&submitted, &found, &cancelled}) order->valid_until_height = height - 1;
  const VenueReport first = end_of(submitted);
  const VenueReport second = find(found);
  const VenueReport third = cancel(cancelled);
  const std::pair<const VenueOrder*, const VenueReport*> all[] = {
      {&submitted, &first}, {&found, &second}, {&cancelled, &third}};
  for (const auto& [order, end] : all) {
    ASSERT_EQ(to_string(end->status), "expired");
    expect_always(*order, *end);
  }
  // It stays expired, also for a request with another validity.
  found.valid_until_height = ~std::uint64_t{0};
  EXPECT_EQ(to_string(submit(found).status), "expired");
  EXPECT_EQ(bench_->settlements(), 0u);
}

TEST_P(VenueContract, NotFoundIsNoEndAndTheIdCanStillBeSubmitted) {
  const VenueOrder order = sol_order(1);
  EXPECT_EQ(to_string(find(order).status), "not_found");
  bench_->reopen();
  EXPECT_EQ(to_string(find(order).status), "not_found");
  EXPECT_EQ(to_string(end_of(order).status), "settled");
}

TEST_P(VenueContract, TheEndOfAnAcceptedOrderIsPushedAsFindReportsIt) {
  test::PushedReports pushed;
  bench_->venue().report_to(test::into(pushed));
  const VenueOrder order = sol_order(1);
  const VenueReport first = submit(order);
  if (first.status == VenueStatus::accepted) {
    while (!pushed.contains(order.id)) bench_->step();
  }
  const VenueReport end = find(order);
  EXPECT_EQ(to_string(end.status), "settled");
  if (pushed.contains(order.id)) {
    EXPECT_EQ(to_string(pushed[order.id].status), to_string(end.status));
    EXPECT_EQ(pushed[order.id].amount_in, end.amount_in);
    EXPECT_EQ(pushed[order.id].amount_out, end.amount_out);
    EXPECT_EQ(pushed[order.id].fee, end.fee);
    EXPECT_EQ(pushed[order.id].tx_hash, end.tx_hash);
  }
  bench_->venue().report_to({});
}

TEST_P(VenueContract, FindReportsManyOrdersInTheirOrder) {
  const VenueOrder settled = sol_order(1);
  const VenueOrder cancelled = sol_order(2);
  end_of(settled);
  cancel(cancelled);
  std::vector<VenueOrder> orders = {sol_order(3), settled, cancelled};
  for (std::uint64_t i = orders.size() + 1; i <= Venue::find_max; ++i)
    orders.push_back(sol_order(i));
  const std::vector<VenueReport> reports = find_all(orders);
  ASSERT_EQ(reports.size(), Venue::find_max);
  EXPECT_EQ(to_string(reports[0].status), "not_found");
  EXPECT_EQ(to_string(reports[1].status), "settled");
  EXPECT_EQ(to_string(reports[2].status), "cancelled");
  EXPECT_EQ(to_string(reports.back().status), "not_found");
}

TEST_P(VenueContract, ATradeThatRoundsToZeroIsRefused) {
  VenueOrder order = sol_order(1, 1);
  const VenueReport end = end_of(order);
  ASSERT_EQ(to_string(end.status), "rejected");
  EXPECT_EQ(end.refusal, ErrorClass::no_liquidity);
}

TEST_P(VenueContract, HeightsNeverFall) {
  std::uint64_t height = 0;
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t next = quote(quote_request("SOL", "USDC", 1'000'000)).height;
    EXPECT_GE(next, height);
    height = next;
    end_of(sol_order(static_cast<std::uint64_t>(i) + 1));
    bench_->reopen();
  }
}

INSTANTIATE_TEST_SUITE_P(Paper, VenueContract,
                         testing::Values("Simulated", "SimulatedSlow", "SimulatedDuplicating",
                                         "Durable", "DurableSlow", "stableSwap", "bins", "ticks",
                                         "DurablestableSwap", "Durablebins", "Durableticks"),
                         [](const auto& bench) { return std::string(bench.param); });

}  // namespace
}  // namespace oee
