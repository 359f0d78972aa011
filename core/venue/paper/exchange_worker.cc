#include "core/venue/paper/exchange_worker.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>

#include "core/runtime/thread.h"

namespace oee::paper {
namespace {

constexpr std::size_t group_max = 1'024;  // about 150 bytes a trade: well under 512 KB a batch
// Far above the number of orders that all shards execute at once: reached only when the disk stops
// answering.
constexpr std::size_t unanswered_max = 65'536;

std::uint64_t walk_seed(const ExchangeOptions& options, const LedgerState& state) {
  return options.seed != 0 ? options.seed : state.first_height;
}

// The number of pools that the venues of a registry open at first.
std::size_t first_pools(const TokenRegistry& registry) {
  const auto tokens =
      static_cast<std::size_t>(std::count_if(registry.tokens().begin(), registry.tokens().end(),
                                             [](const TokenInfo& token) { return token.pools; }));
  return registry.venues().size() * (tokens * (tokens - 1) / 2);
}

}  // namespace

std::uint64_t wall_height(WallTime wall) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, wall.time_since_epoch() / height_length));
}

// --- VenueTime -----------------------------------------------------------------------------------

VenueTime::VenueTime(const Clock& clock, std::uint64_t height_min)
    : clock_(clock),
      wall_at_open_(clock.now()),
      steady_at_open_(clock.steady_now()),
      height_at_open_(std::max(height_min, wall_height(wall_at_open_))) {}

VenueTimePoint VenueTime::now() const {
  const Micros elapsed = clock_.steady_now() - steady_at_open_;
  // The part of a height that had passed at open counts, so that heights change when the wall
  // clock's heights change.
  const Micros into_height = wall_at_open_.time_since_epoch() % height_length;
  VenueTimePoint point;
  point.height = height_at_open_ + static_cast<std::uint64_t>(std::max<std::int64_t>(
                                       0, (elapsed + into_height) / height_length));
  point.time = wall_at_open_ + elapsed;
  return point;
}

// --- VenueLink -----------------------------------------------------------------------------------

VenueLink::VenueLink(ExchangeWorker& worker, std::size_t venue, Loop& loop)
    : worker_(worker),
      venue_(venue),
      loop_(loop),
      answers_(loop, [this](std::vector<Answer> answers) { on_answers(std::move(answers)); }),
      own_inbox_(
          loop, [this](std::vector<LinkRequest> requests) { worker_.serve(std::move(requests)); }) {
}

bool VenueLink::send(VenueRequest request, VenueCall* call) {
  LinkRequest sent;
  sent.request = std::move(request);
  sent.from = this;
  sent.call = call;
  return worker_.send(std::move(sent), own_inbox_);
}

void VenueLink::on_answers(std::vector<Answer> answers) {
  for (Answer& answer : answers) {
    if (answer.call) {
      answer.call->answer.emplace(std::move(answer.report));
      if (answer.call->waiter) answer.call->waiter.resume();
    } else if (on_landed_) {
      on_landed_(answer.id, answer.report);
    }
  }
}

void VenueLink::speak() {
  post(loop_, [this] {
    if (on_speaking_) on_speaking_();
  });
}

void VenueLink::watch(std::function<void()> on_prices) {
  on_prices_ = std::move(on_prices);
  if (on_prices_) {
    post_wake();
  } else {
    woken_ = true;
  }
}

void VenueLink::post_wake() {
  post(loop_, [this] {
    if (!on_prices_) return;
    woken_.exchange(false);
    on_prices_();
  });
}

// --- ExchangeWorker ------------------------------------------------------------------------------

ExchangeWorker::ExchangeWorker(ExchangeOptions options, const TokenRegistry& registry,
                               const Clock& clock, std::unique_ptr<LedgerStore> store,
                               LedgerState state, std::function<void(const Error&)> on_fail_stop)
    : options_(std::move(options)),
      registry_(registry),
      walk_(walk_seed(options_, state), options_.drift_bps_per_s),
      time_(clock, state.height),
      on_fail_stop_(std::move(on_fail_stop)),
      silent_(std::make_unique<std::atomic<bool>[]>(venues().size())),
      store_(std::move(store)),
      state_(std::move(state)),
      pools_max_(first_pools(registry_) + opened_pools_max),
      market_(make_market()),
      reserves_(std::max(pools_max_, state_.pools.size())),
      followed_(venues().size(), 0) {
  for (std::size_t id = 0; id < state_.pools.size(); ++id) publish_pool(static_cast<PoolId>(id));
}

std::shared_ptr<const Market> ExchangeWorker::make_market() const {
  return std::make_shared<const Market>(registry_, state_, walk_);
}

std::shared_ptr<const Market> ExchangeWorker::market() const {
  const std::lock_guard turn(market_turn_);
  return market_;
}

// REQUIRES: the reserves of its pools are published.
void ExchangeWorker::publish_market(std::shared_ptr<const Market> market) {
  {
    const std::lock_guard turn(market_turn_);
    market_ = std::move(market);
  }
  market_version_.fetch_add(1, std::memory_order_release);
}

ExchangeWorker::~ExchangeWorker() {
  stop(Ending::unmarked);
}

void ExchangeWorker::start_thread() {
  inbox_.emplace(loop_, [this](std::vector<LinkRequest> requests) { serve(std::move(requests)); });
  keep_running_.emplace(loop_.get_executor());
  thread_ = std::thread([this] {
    name_this_thread("venue");
    wake_soon_on_this_thread();
    loop_.run();
  });
}

void ExchangeWorker::stop(Ending ending) {
  if (std::exchange(stopped_, true)) return;
  stopping_ = true;
  if (!thread_.joinable()) return;
  // Every request sent before is answered first.
  for (std::size_t left = unanswered_; left != 0; left = unanswered_) unanswered_.wait(left);
  keep_running_.reset();
  thread_.join();
  if (ending == Ending::unmarked || failed_) return;
  // The heights quoted since the last entry must not be quoted again after a restart.
  JournalEntry mark;
  mark.height = now().height;
  mark.body = HeightMark{};
  if (mark.height <= state_.height || !state_.apply(mark)) return;
  const std::vector<JournalEntry> entries = {mark};
  if (auto committed = store_->commit(entries, state_); !committed) fail_stop(committed.error());
}

VenueLink& ExchangeWorker::connect(std::size_t venue, Loop& loop) {
  const std::lock_guard turn(turn_);
  return links_.emplace_back(*this, venue, loop);
}

// Counts one more request, or refuses it.
bool ExchangeWorker::admit() {
  // The count is raised before stopping_ is read. stop() does it in the other order, so at least
  // one of the two sees the other.
  const bool room = unanswered_.fetch_add(1) < unanswered_max;
  if (room && !stopping_) return true;
  answered(1);
  return false;
}

bool ExchangeWorker::send(LinkRequest request, Mailbox<LinkRequest>& own_inbox) {
  if (!admit()) return false;
  (inbox_ ? *inbox_ : own_inbox).put(std::move(request));
  return true;
}

bool ExchangeWorker::perform(std::function<void()> job) {
  if (!admit()) return false;
  auto run = [this, job = std::move(job)] {
    const std::lock_guard turn(turn_);
    job();
    answered(1);
  };
  if (inbox_) {
    post(loop_, std::move(run));
  } else {
    run();
  }
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
  std::vector<VenueRequest> group;
  group.reserve(requests.size());
  for (LinkRequest& request : requests) group.push_back(std::move(request.request));
  Result<std::vector<VenueReport>> reports = settle_group(group);
  if (!reports) fail_stop(reports.error());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Result<VenueReport> report = Error{Errc::unavailable, "the venue's ledger has failed"};
    if (reports) report = std::move((*reports)[i]);
    requests[i].from->deliver(
        VenueLink::Answer{group[i].order.id, requests[i].call, std::move(report)});
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
  SettledBatch batch = settle(*market_, state_, requests, known, time_.now());
  OEE_TRY(commit(batch.entries));
  return std::move(batch.reports);
}

void ExchangeWorker::follow_reference(std::size_t venue) {
  perform([this, venue] {
    const VenueTimePoint now = time_.now();
    if (failed_ || followed_[venue] >= now.height) return;
    followed_[venue] = now.height;
    const auto done = commit(paper::follow_reference(*market_, state_, venue, now));
    if (!done) fail_stop(done.error());
  });
}

void ExchangeWorker::silence(const VenueName& venue, bool silent) {
  for (std::size_t number = 0; number < venues().size(); ++number) {
    if (venues()[number].name != venue) continue;
    silent_[number] = silent;
    if (silent) continue;
    perform([this, number] {
      for (VenueLink& link : links_)
        if (link.venue() == number) link.speak();
    });
  }
}

// `entries` are folded into state_ already.
Result<void> ExchangeWorker::commit(const std::vector<JournalEntry>& entries) {
  if (entries.empty()) return {};
  OEE_TRY(store_->commit(entries, state_));
  publish(entries);
  return {};
}

void ExchangeWorker::publish_pool(PoolId id) {
  const PoolState& pool = state_.pools[id];
  reserves_.publish(id, PoolReserves{pool.reserve_a, pool.reserve_b}, state_.height,
                    EqualWorth{pool.reference_a, pool.reference_b}, pool.shape);
}

void ExchangeWorker::publish(const std::vector<JournalEntry>& entries) {
  std::vector<bool> done(state_.pools.size(), false);
  std::vector<bool> changed(venues().size(), false);
  auto publish_once = [&](PoolId id) {
    if (done[id]) return;
    done[id] = true;
    changed[market_->venue(id)] = true;
    publish_pool(id);
  };
  for (const JournalEntry& entry : entries) {
    for (const PoolTrade& trade : trades_of(entry)) publish_once(trade.pool);
    if (const auto* reference = std::get_if<ReferenceSet>(&entry.body)) {
      publish_once(reference->pool);
    }
  }
  for (VenueLink& link : links_) {
    if (changed[link.venue()]) link.prices_changed();
  }
}

void ExchangeWorker::fail_stop(const Error& error) {
  if (!failed_.exchange(true) && on_fail_stop_) on_fail_stop_(error);
}

}  // namespace oee::paper
