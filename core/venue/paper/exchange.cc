#include "core/venue/paper/exchange.h"

#include <algorithm>
#include <atomic>

#include "core/venue/paper/exchange_worker.h"
#include "core/venue/paper/published_pools.h"
#include "core/venue/paper/venue.h"

namespace oee::paper {
namespace {

Result<void> check_options(const ExchangeOptions& options) {
  const bool ranges = options.venue_delay_min <= options.venue_delay_max &&
                      options.quote_delay_min <= options.quote_delay_max &&
                      options.venue_delay_min.count() >= 0 && options.quote_delay_min.count() >= 0;
  if (!ranges) return Error{Errc::invalid, "a venue delay range is empty or negative"};
  if (options.faults.move_bps > 9'000) {
    return Error{Errc::invalid, "the venue fault move is above 9000 bps"};
  }
  if (options.drift_bps_per_s > 1'000) {
    return Error{Errc::invalid, "the venue drift is above 1000 bps a second"};
  }
  return {};
}

// Records the pools that the registry has and the ledger lacks.
Result<void> deposit_missing(const TokenRegistry& registry, const Clock& clock, LedgerStore& store,
                             LedgerState& state) {
  OEE_TRY_ASSIGN(std::vector<EntryBody> missing, Market::missing_pools(registry, state));
  if (missing.empty()) return {};
  std::vector<JournalEntry> entries;
  for (EntryBody& pool : missing) {
    JournalEntry entry;
    entry.height = std::max(state.height, wall_height(clock.now()));
    entry.body = std::move(pool);
    OEE_TRY(state.apply(entry));
    entries.push_back(std::move(entry));
  }
  return store.commit(entries, state);
}

// `Call<...> call(worker, loop, request); co_await call;`: the worker's answer to a request, as a
// job of the loop.
template <class Request, class Answer,
          void (ExchangeWorker::*ask)(const Request&, std::function<void(Result<Answer>)>)>
class Call {
 public:
  Call(ExchangeWorker& worker, Loop& loop, const Request& request)
      : worker_(worker), loop_(loop), request_(request) {}
  Call(const Call&) = delete;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    (worker_.*ask)(request_, [this, waiter](Result<Answer> answer) {
      answer_.emplace(std::move(answer));
      post(loop_, [waiter] { waiter.resume(); });
    });
  }
  Result<Answer> await_resume() { return *std::move(answer_); }

 private:
  ExchangeWorker& worker_;
  Loop& loop_;
  const Request request_;
  std::optional<Result<Answer>> answer_;
};
using CallMove = Call<MarketMove, std::vector<VenuePrice>, &ExchangeWorker::move_market>;
using CallOpen = Call<PoolOpening, OpenedPool, &ExchangeWorker::open_pool>;

class ExchangeControl final : public MarketControl {
 public:
  ExchangeControl(ExchangeWorker& worker, Loop& loop) : worker_(worker), loop_(loop) {}
  Task<Result<std::vector<VenuePrice>>> move_market(MarketMove move) override {
    CallMove call(worker_, loop_, move);
    co_return co_await call;
  }
  Task<Result<OpenedPool>> open_pool(PoolOpening opening) override {
    CallOpen call(worker_, loop_, opening);
    co_return co_await call;
  }
  void silence(VenueName venue, bool silent) override { worker_.silence(venue, silent); }

 private:
  ExchangeWorker& worker_;
  Loop& loop_;
};

}  // namespace

Result<std::unique_ptr<Exchange>> Exchange::open(ExchangeOptions options,
                                                 const TokenRegistry& registry, const Clock& clock,
                                                 std::function<void(const Error&)> on_fail_stop) {
  OEE_TRY(check_options(options));
  const bool durable = !options.dir.empty();
  // RocksDB's threads may report an error before the worker exists. After the worker is gone they
  // report nothing.
  auto early = std::make_shared<std::atomic<ExchangeWorker*>>(nullptr);
  std::unique_ptr<LedgerStore> store = make_memory_ledger();
  if (durable) {
    auto report = [early](const Error& error) {
      if (ExchangeWorker* worker = early->load()) worker->fail_stop(error);
    };
    OEE_TRY_ASSIGN(store, open_rocks_ledger(options.dir, report));
  }
  OEE_TRY_ASSIGN(LedgerState state, store->load());
  OEE_TRY(deposit_missing(registry, clock, *store, state));
  auto worker =
      std::make_unique<ExchangeWorker>(std::move(options), registry, clock, std::move(store),
                                       std::move(state), std::move(on_fail_stop));
  early->store(worker.get());
  if (durable) worker->start_thread();
  return std::unique_ptr<Exchange>(new Exchange(std::move(worker)));
}

Exchange::Exchange(std::unique_ptr<ExchangeWorker> worker) : worker_(std::move(worker)) {}
Exchange::~Exchange() {
  stop();
}
void Exchange::stop() {
  worker_->stop(ExchangeWorker::Ending::marked);
}

std::vector<std::unique_ptr<Venue>> Exchange::connect(Loop& loop, Clock& clock, Entropy& entropy) {
  std::vector<std::unique_ptr<Venue>> venues;
  for (std::size_t i = 0; i < worker_->venues().size(); ++i) {
    venues.push_back(std::make_unique<PaperVenue>(*worker_, i, loop, clock, entropy));
  }
  return venues;
}

std::unique_ptr<PoolSource> Exchange::pools() const {
  return std::make_unique<PublishedPools>(*worker_);
}

std::unique_ptr<MarketControl> Exchange::control(Loop& loop) {
  return std::make_unique<ExchangeControl>(*worker_, loop);
}

Result<LedgerAudit> Exchange::audit(const SettledTradeVisit& visit) {
  return worker_->audit(visit);
}

}  // namespace oee::paper
