#include "core/venue/paper/exchange_worker.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>

#include "core/runtime/worker.h"

namespace oee {
namespace {

constexpr Micros height_length{400'000};
constexpr std::size_t group_max = 1'024;  // about 150 bytes a trade: well under 512 KB a batch
// Far above the execution concurrency of all shards: reached only when the disk stands still.
constexpr std::size_t unanswered_max = 65'536;

std::uint64_t wall_height(WallTime wall) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, wall.time_since_epoch() / height_length));
}

std::uint64_t walk_seed(const PaperOptions& options, const LedgerState& state) {
  return options.seed != 0 ? options.seed : state.first_height;
}

Result<void> check_options(const PaperOptions& options) {
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
  OEE_TRY_ASSIGN(std::vector<Deposit> missing, Market::missing_pools(registry, state));
  if (missing.empty()) return {};
  std::vector<JournalEntry> entries;
  for (Deposit& deposit : missing) {
    JournalEntry entry;
    entry.height = std::max(state.height, wall_height(clock.now()));
    entry.body = deposit;
    OEE_TRY(state.apply(entry));
    entries.push_back(std::move(entry));
  }
  return store.commit(entries, state);
}

}  // namespace

// --- VenueTime -------------------------------------------------------------------------------

VenueTime::VenueTime(const Clock& clock, std::uint64_t floor)
    : clock_(clock),
      wall_at_open_(clock.now()),
      steady_at_open_(clock.steady_now()),
      height_at_open_(std::max(floor, wall_height(wall_at_open_))) {}

VenueTimePoint VenueTime::now() const {
  const Micros elapsed = clock_.steady_now() - steady_at_open_;
  // The part of a height that had passed at open counts, so that heights begin where the wall
  // clock's do.
  const Micros into_height = wall_at_open_.time_since_epoch() % height_length;
  VenueTimePoint moment;
  moment.height = height_at_open_ + static_cast<std::uint64_t>(std::max<std::int64_t>(
                                        0, (elapsed + into_height) / height_length));
  moment.time = wall_at_open_ + elapsed;
  return moment;
}

// --- VenueLink -------------------------------------------------------------------------------

VenueLink::VenueLink(ExchangeWorker& floor, Loop& loop)
    : floor_(floor),
      answers_(loop, [this](std::vector<Answer> answers) { on_answers(std::move(answers)); }),
      own_inbox_(
          loop, [this](std::vector<LinkRequest> requests) { floor_.serve(std::move(requests)); }) {}

bool VenueLink::send(VenueRequest request, VenueCall* call) {
  LinkRequest sent;
  sent.request = std::move(request);
  sent.from = this;
  sent.call = call;
  return floor_.send(std::move(sent), own_inbox_);
}

// --- ExchangeWorker ---------------------------------------------------------------------------

ExchangeWorker::ExchangeWorker(PaperOptions options, const TokenRegistry& registry,
                               const Clock& clock, std::unique_ptr<LedgerStore> store,
                               LedgerState state, std::function<void(const Error&)> on_fail_stop)
    : options_(std::move(options)),
      venues_(registry.venues()),
      market_(registry, state, PriceWalk(walk_seed(options_, state), options_.drift_bps_per_s)),
      time_(clock, state.height),
      on_fail_stop_(std::move(on_fail_stop)),
      board_(state.pools.size()),
      store_(std::move(store)),
      state_(std::move(state)) {
  for (std::size_t id = 0; id < state_.pools.size(); ++id) {
    const PoolState& pool = state_.pools[id];
    board_.publish(static_cast<PoolId>(id), PoolReserves{pool.reserve_a, pool.reserve_b});
  }
}

ExchangeWorker::~ExchangeWorker() {
  stop(Ending::unmarked);
}

void ExchangeWorker::start_thread() {
  inbox_.emplace(loop_, [this](std::vector<LinkRequest> requests) { serve(std::move(requests)); });
  keep_running_.emplace(loop_.get_executor());
  thread_ = std::thread([this] {
    name_this_thread("venue");
    loop_.run();
  });
}

void ExchangeWorker::stop(Ending ending) {
  if (std::exchange(stopped_, true)) return;
  stopping_ = true;
  if (!thread_.joinable()) return;
  // Everything that was sent before is answered first.
  for (std::size_t left = unanswered_; left != 0; left = unanswered_) unanswered_.wait(left);
  keep_running_.reset();
  thread_.join();
  if (ending == Ending::unmarked || failed_) return;
  // Heights that were quoted since the last entry must not come again.
  JournalEntry mark;
  mark.height = now().height;
  mark.body = HeightMark{};
  if (mark.height <= state_.height || !state_.apply(mark)) return;
  const std::vector<JournalEntry> entries = {mark};
  if (auto committed = store_->commit(entries, state_); !committed) fail_stop(committed.error());
}

VenueLink& ExchangeWorker::connect(Loop& loop) {
  const std::lock_guard turn(turn_);
  return links_.emplace_back(*this, loop);
}

bool ExchangeWorker::send(LinkRequest request, Mailbox<LinkRequest>& own_inbox) {
  // Counted before looking at stopping_: stop() looks in the other order, so one of the two sees
  // the other.
  const bool room = unanswered_.fetch_add(1) < unanswered_max;
  if (!room || stopping_) {
    answered(1);
    return false;
  }
  (inbox_ ? *inbox_ : own_inbox).put(std::move(request));
  return true;
}

void ExchangeWorker::answered(std::size_t count) {
  if (unanswered_.fetch_sub(count) == count) unanswered_.notify_all();
}

void ExchangeWorker::serve(std::vector<LinkRequest> requests) {
  const std::lock_guard turn(turn_);
  std::vector<LinkRequest> group;
  for (std::size_t begin = 0; begin < requests.size(); begin += group_max) {
    const std::size_t end = std::min(begin + group_max, requests.size());
    group.assign(std::make_move_iterator(requests.begin() + static_cast<std::ptrdiff_t>(begin)),
                 std::make_move_iterator(requests.begin() + static_cast<std::ptrdiff_t>(end)));
    serve_group(group);
  }
}

void ExchangeWorker::serve_group(std::vector<LinkRequest>& requests) {
  std::vector<VenueRequest> asked;
  asked.reserve(requests.size());
  for (LinkRequest& request : requests) asked.push_back(std::move(request.request));
  Result<std::vector<VenueReport>> reports = settle_group(asked);
  if (!reports) fail_stop(reports.error());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Result<VenueReport> report = Error{Errc::unavailable, "the venue's ledger has failed"};
    if (reports) report = std::move((*reports)[i]);
    requests[i].from->deliver(
        VenueLink::Answer{asked[i].order.id, requests[i].call, std::move(report)});
  }
  answered(requests.size());
}

Result<std::vector<VenueReport>> ExchangeWorker::settle_group(
    const std::vector<VenueRequest>& requests) {
  if (failed_) return Error{Errc::io, "the venue's ledger has failed"};
  std::vector<VenueOrderId> ids;
  ids.reserve(requests.size());
  for (const VenueRequest& request : requests) ids.push_back(request.order.id);
  OEE_TRY_ASSIGN(const std::vector<EntryNumber> ended, store_->find(ids));
  std::vector<std::optional<JournalEntry>> known(requests.size());
  for (std::size_t i = 0; i < ended.size(); ++i) {
    if (ended[i] == 0) continue;
    OEE_TRY_ASSIGN(known[i], store_->read(ended[i]));
  }
  SettledBatch batch = settle(market_, state_, requests, known, time_.now());
  if (!batch.entries.empty()) {
    OEE_TRY(store_->commit(batch.entries, state_));
    publish(batch.entries);
  }
  return std::move(batch.reports);
}

void ExchangeWorker::publish(const std::vector<JournalEntry>& entries) {
  std::vector<bool> done(state_.pools.size(), false);
  auto show = [&](PoolId id) {
    if (done[id]) return;
    done[id] = true;
    const PoolState& pool = state_.pools[id];
    board_.publish(id, PoolReserves{pool.reserve_a, pool.reserve_b});
  };
  for (const JournalEntry& entry : entries) {
    if (const auto* settlement = std::get_if<Settlement>(&entry.body)) show(settlement->trade.pool);
    if (const auto* arbitrage = std::get_if<Arbitrage>(&entry.body)) show(arbitrage->trade.pool);
  }
}

void ExchangeWorker::fail_stop(const Error& error) {
  if (!failed_.exchange(true) && on_fail_stop_) on_fail_stop_(error);
}

// --- PaperExchange ---------------------------------------------------------------------------

Result<std::unique_ptr<PaperExchange>> PaperExchange::open(
    PaperOptions options, const TokenRegistry& registry, const Clock& clock,
    std::function<void(const Error&)> on_fail_stop) {
  OEE_TRY(check_options(options));
  const bool durable = !options.dir.empty();
  // RocksDB may report from its threads before the exchange exists, and does not after it is gone.
  auto early = std::make_shared<std::atomic<ExchangeWorker*>>(nullptr);
  std::unique_ptr<LedgerStore> store = make_memory_ledger();
  if (durable) {
    auto report = [early](const Error& error) {
      if (ExchangeWorker* floor = early->load()) floor->fail_stop(error);
    };
    OEE_TRY_ASSIGN(store, open_rocks_ledger(options.dir, report));
  }
  OEE_TRY_ASSIGN(LedgerState state, store->load());
  OEE_TRY(deposit_missing(registry, clock, *store, state));
  auto floor =
      std::make_unique<ExchangeWorker>(std::move(options), registry, clock, std::move(store),
                                       std::move(state), std::move(on_fail_stop));
  early->store(floor.get());
  if (durable) floor->start_thread();
  return std::unique_ptr<PaperExchange>(new PaperExchange(std::move(floor)));
}

PaperExchange::PaperExchange(std::unique_ptr<ExchangeWorker> floor) : floor_(std::move(floor)) {}
PaperExchange::~PaperExchange() {
  stop();
}
void PaperExchange::stop() {
  floor_->stop(ExchangeWorker::Ending::marked);
}
Result<LedgerAudit> PaperExchange::audit(const SettledTradeVisit& visit) {
  return floor_->audit(visit);
}

}  // namespace oee
