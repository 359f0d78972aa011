// The exchange behind the paper venues: a ledger that fails, and several threads.
#include "core/venue/paper/exchange_worker.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"

namespace oee::paper {
namespace {

using test::instant_options;
using test::quote_request;
using test::sol_order;

// --- A ledger that fails -------------------------------------------------------------------------

// Works until `failing`. A failed commit may or may not be written; here it is not.
class BrittleLedger final : public LedgerStore {
 public:
  explicit BrittleLedger(const bool& failing) : failing_(failing), real_(make_memory_ledger()) {}
  Result<LedgerState> load() override { return real_->load(); }
  Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) override {
    return real_->find(ids);
  }
  Result<JournalEntry> read(EntryNumber number) override { return real_->read(number); }
  Result<void> commit(const std::vector<JournalEntry>& entries, const LedgerState& after) override {
    if (failing_) return Error{Errc::io, "no space left on device"};
    return real_->commit(entries, after);
  }
  Result<void> scan(const Visit& visit) override { return real_->scan(visit); }
  Result<std::uint64_t> count_ids() override { return real_->count_ids(); }

 private:
  const bool& failing_;
  std::unique_ptr<LedgerStore> real_;
};

// A ledger with every pool of the registry.
LedgerState deposit_all(LedgerStore& store) {
  LedgerState state;
  const auto deposits = Market::missing_pools(TokenRegistry::defaults(), state);
  std::vector<JournalEntry> entries;
  for (const EntryBody& deposit : *deposits) {
    JournalEntry entry;
    entry.body = deposit;
    check(state.apply(entry).ok(), "a fresh deposit applies");
    entries.push_back(entry);
  }
  check(store.commit(entries, state).ok(), "a fresh ledger takes deposits");
  return state;
}

TEST(ExchangeWorker, AFailedCommitIsReportedOnceAndLaterCallsReturnUnavailable) {
  bool failing = false;
  test::VirtualClock clock;
  auto store = std::make_unique<BrittleLedger>(failing);
  LedgerState state = deposit_all(*store);
  std::vector<std::string> reported;
  Loop loop{1};
  ExchangeWorker worker(instant_options(), TokenRegistry::defaults(), clock, std::move(store),
                        std::move(state),
                        [&reported](const Error& error) { reported.push_back(error.detail); });
  VenueLink& link = worker.connect(0, loop);
  auto call_venue = [&](std::uint64_t number, VenueRequest::Kind kind) {
    VenueRequest request;
    request.kind = kind;
    request.order = sol_order(number);
    VenueCall call;
    call.waiter = std::noop_coroutine();
    EXPECT_TRUE(link.send(request, &call));
    loop.restart();
    loop.poll();
    EXPECT_TRUE(call.answer.has_value());
    return *std::move(call.answer);
  };
  EXPECT_EQ(to_string(call_venue(1, VenueRequest::Kind::submit)->status), "settled");
  const auto published = [&worker] {
    Units sum = 0;
    for (PoolId pool = 0; pool < 42; ++pool) sum += worker.reserves().read(pool).reserves.a;
    return sum;
  };
  const Units before = published();
  failing = true;
  EXPECT_EQ(call_venue(2, VenueRequest::Kind::submit).error().code, Errc::unavailable);
  failing = false;  // a failed commit is not repeated
  EXPECT_EQ(call_venue(2, VenueRequest::Kind::submit).error().code, Errc::unavailable);
  EXPECT_EQ(call_venue(1, VenueRequest::Kind::find).error().code, Errc::unavailable);
  EXPECT_EQ(reported, std::vector<std::string>{"no space left on device"});
  EXPECT_EQ(published(), before) << "only durable reserves are published";
}

// --- Threads -------------------------------------------------------------------------------------

// Submits `count` orders at once and counts those that settled.
int settle_many(Exchange& exchange, std::uint64_t first, int count) {
  Loop loop{1};
  boost::asio::executor_work_guard<Loop::executor_type> keep(loop.get_executor());
  SystemClock clock(loop);
  SystemEntropy entropy(first);
  const auto venues = exchange.connect(loop, clock, entropy);
  Gate gate;
  std::vector<Started<Result<VenueReport>>> calls;
  int settled = 0;
  for (int i = 0; i < count; ++i) {
    Venue& venue = *venues[static_cast<std::size_t>(i) % 2];
    const auto quoted = start(gate, venue.quote(quote_request("SOL", "USDC", 1'000'000)));
    check(quoted.done(), "an instant quote is instant");
    calls.push_back(start(gate, venue.submit(sol_order(first + static_cast<std::uint64_t>(i)))));
    if (i % 16 == 0) loop.poll();
  }
  for (auto& call : calls) {
    while (!call.done()) loop.run_one();
    const auto report = call.await_resume();
    settled += report.ok() && report->status == VenueStatus::settled ? 1 : 0;
  }
  return settled;
}

TEST(ExchangeWorker, SeveralLoopsShareOneLedger) {
  for (const bool on_disk : {true, false}) {
    test::TemporaryDirectory dir;
    ExchangeOptions options = instant_options();
    if (on_disk) options.dir = dir.path();
    Loop clock_loop{1};
    SystemClock clock(clock_loop);
    auto exchange = Exchange::open(options, TokenRegistry::defaults(), clock, {});
    ASSERT_TRUE(exchange.ok());
    std::vector<int> settled(3);
    std::vector<std::thread> shards;
    for (std::size_t shard = 0; shard < settled.size(); ++shard) {
      shards.emplace_back([&settled, shard, &exchange] {
        settled[shard] = settle_many(**exchange, shard * 100'000, 1'000);
      });
    }
    for (std::thread& shard : shards) shard.join();
    for (const int count : settled) EXPECT_EQ(count, 1'000);
    (*exchange)->stop();
    const auto audit = (*exchange)->audit();
    ASSERT_TRUE(audit.ok()) << audit.error().detail;
    EXPECT_EQ(audit->settlements, 3'000u);
  }
}

TEST(PublishedReserves, ReadersSeeTheValuesOfOnePublication) {
  PublishedReserves reserves(1);
  reserves.publish(0, PoolReserves{0, 1'000}, 0);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (Units i = 1; i <= 200'000; ++i) reserves.publish(0, PoolReserves{i, 1'000 + i}, 2 * i);
    done = true;
  });
  Units last = 0;
  while (!done) {
    const PublishedPool seen = reserves.read(0);
    ASSERT_EQ(seen.reserves.b, seen.reserves.a + 1'000);
    ASSERT_EQ(seen.height, 2 * seen.reserves.a);
    ASSERT_GE(seen.reserves.a, last);
    last = seen.reserves.a;
  }
  writer.join();
}

}  // namespace
}  // namespace oee::paper
