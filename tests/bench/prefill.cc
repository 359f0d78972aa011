#include "tests/bench/prefill.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <random>
#include <stdexcept>

#include "core/base/bytes.h"
#include "core/order/decide.h"
#include "core/venue/router.h"
#include "eventlog/rocks/log.h"
#include "tests/bench/engine.h"
#include "tests/bench/machine.h"
#include "tests/bench/plain_rocks.h"
#include "tests/support/wall_clock.h"

namespace oee::bench {

namespace {

// With fewer, the writer waits for the feed. More only cost memory.
constexpr std::size_t window_requests = 4'096;

template <class T>
T taken(Result<T> result, const char* what) {
  if (!result.ok()) throw std::runtime_error(std::string(what) + ": " + result.error().detail);
  return *std::move(result);
}

Record record_of(const Order& order, Event event) {
  Record record;
  record.seq = order.last_seq + 1;
  record.order_id = order.id;
  record.version = order.version + 1;
  record.event = std::move(event);
  return record;
}

// The events of one order as core/order decides them. The members that differ are filled in per
// order.
struct Template {
  OrderAccepted accepted;
  RouteSelected route;
  TransactionBuilt built;
  TransactionSubmitted submitted;
  OrderConfirmed confirmed;
};

VenueQuote quote(VenueName venue, Units out, Units fee) {
  VenueQuote quote;
  quote.venue = venue;
  quote.amount_out = {out, 6};
  quote.price = {out * 100, 6};
  quote.fee = {fee, 9};
  quote.height = 4'488'209'509;
  return quote;
}

Template make_template() {
  Template made;
  PlaceOrder command;
  command.input = {"SOL", 9};
  command.output = {"USDC", 6};
  command.amount_in = {10'000'000, 9};
  made.accepted = std::get<OrderAccepted>(decide(std::move(command)));
  Order order;
  order.id = OrderIdSource().next(1'770'000'000'000'000, 1);
  const auto take = [&order](Event event) {
    check(evolve(order, record_of(order, std::move(event))).ok(), "an illegal sequence of events");
  };
  take(made.accepted);
  take(RoutingStarted{1});
  made.route.attempt = 1;
  made.route.quotes = {quote("raydium", 1'514'718, 30'000), quote("meteora", 1'479'739, 20'000)};
  made.route.chosen = *choose_route(made.route.quotes);
  take(made.route);
  made.built = build_transaction(order, 1, made.route.quotes[made.route.chosen], 4'488'209'659);
  take(made.built);
  made.submitted = {1, made.built.venue, TxHash{}};
  take(made.submitted);
  made.confirmed = std::get<OrderConfirmed>(settle(order, {{}, 0, 1'514'718, 30'000}));
  return made;
}

TxHash random_hash(std::mt19937_64& random) {
  TxHash hash;
  for (std::size_t i = 0; i < hash.bytes.size(); i += 8) {
    store_le<std::uint64_t>(&hash.bytes[i], random());
  }
  return hash;
}

}  // namespace

const Clock& wall_clock() {
  static const test::WallClock clock;
  return clock;
}

// --- The feed -----------------------------------------------------------------------------------

struct OrderFeed::State {
  Template sample = make_template();
  std::mt19937_64 random{std::random_device{}()};
  OrderIdSource ids;
  // The log keeps keys for ever: another feed into the same log must not reuse them.
  std::string key_prefix = "load-" + std::to_string(random() % 1'000'000'000) + "-";
  std::uint64_t ended = 0, open = 0, at_once = 0;
  std::uint64_t accepted = 0;
  unsigned turn = 0;
  std::deque<OrderId> to_route, to_end;
  std::vector<OrderId> held;
};

OrderFeed::OrderFeed(std::uint64_t ended, std::uint64_t open, std::uint64_t at_once)
    : state_(std::make_unique<State>()) {
  state_->ended = ended;
  state_->open = open;
  state_->at_once = at_once;
}
OrderFeed::~OrderFeed() = default;

bool OrderFeed::accepting() const {
  return state_->accepted < state_->ended + state_->open;
}

const std::vector<OrderId>& OrderFeed::open() const {
  return state_->held;
}

namespace {

CorrelationId random_correlation(std::mt19937_64& random) {
  CorrelationId id;
  store_le<std::uint64_t>(&id.bytes[0], random());
  store_le<std::uint64_t>(&id.bytes[8], random());
  return id;
}

void add_route(const Template& sample, AppendRequest* request) {
  request->expected_version = 1;
  TransactionBuilt built = sample.built;
  built.venue_order_id = venue_order_id_of(request->order_id, 1);
  request->events = {RoutingStarted{1}, sample.route, built};
}

void add_end(const Template& sample, std::mt19937_64& random, AppendRequest* request) {
  request->expected_version = 4;
  TransactionSubmitted submitted = sample.submitted;
  OrderConfirmed confirmed = sample.confirmed;
  submitted.tx_hash = confirmed.tx_hash = random_hash(random);
  request->events = {submitted, confirmed};
}

}  // namespace

bool OrderFeed::next(AppendRequest* request) {
  State& s = *state_;
  *request = AppendRequest();
  request->correlation = random_correlation(s.random);
  const bool more = accepting();
  // In turn while there are all three kinds: an acceptance, the routing of the order `at_once`
  // orders before, and the end of the order before that. The rest comes last.
  for (unsigned tries = 0; tries < 3; ++tries) {
    const unsigned kind = s.turn++ % 3;
    if (kind == 0 && more) {
      const auto now = static_cast<std::uint64_t>(wall_clock().now().time_since_epoch().count());
      request->order_id = s.ids.next(now, s.random());
      OrderAccepted accepted = s.sample.accepted;
      std::string digits = std::to_string(s.accepted);
      accepted.client_order_id = s.key_prefix + std::string(12 - digits.size(), '0') + digits;
      request->events.push_back(std::move(accepted));
      (s.accepted < s.ended ? static_cast<void>(s.to_route.push_back(request->order_id))
                            : s.held.push_back(request->order_id));
      ++s.accepted;
      return true;
    }
    const std::uint64_t wait = more ? s.at_once : 0;
    if (kind == 1 && s.to_route.size() > wait) {
      request->order_id = s.to_route.front();
      s.to_route.pop_front();
      s.to_end.push_back(request->order_id);
      add_route(s.sample, request);
      return true;
    }
    if (kind == 2 && s.to_end.size() > (s.to_route.empty() ? 0 : wait)) {
      request->order_id = s.to_end.front();
      s.to_end.pop_front();
      add_end(s.sample, s.random, request);
      return true;
    }
  }
  return false;
}

// --- The filler ---------------------------------------------------------------------------------

class LogFiller::Sink final : public BlockSink {
 public:
  void deliver(BlockPtr, std::vector<Answer> answers) override {
    for (const Answer& answer : answers) {
      if (answer.result.ok() && !answer.result->replayed) continue;
      const std::lock_guard lock(mutex_);
      if (refusal_.empty())
        refusal_ = answer.result.ok() ? "a replay" : answer.result.error().detail;
    }
    answered_.fetch_add(answers.size(), std::memory_order_release);
    answered_.notify_one();
  }
  // Waits until at least `count` answers have arrived.
  void wait(std::uint64_t count) {
    for (;;) {
      const std::uint64_t seen = answered_.load(std::memory_order_acquire);
      if (seen >= count) break;
      answered_.wait(seen, std::memory_order_acquire);
    }
    const std::lock_guard lock(mutex_);
    if (!refusal_.empty()) throw std::runtime_error("the log refused an append: " + refusal_);
  }
  std::uint64_t sent = 0;

 private:
  std::atomic<std::uint64_t> answered_{0};
  std::mutex mutex_;
  std::string refusal_;
};

LogFiller::LogFiller() : sink_(std::make_unique<Sink>()) {}
LogFiller::~LogFiller() = default;
BlockSink& LogFiller::sink() {
  return *sink_;
}

void LogFiller::send(RocksLog& log, AppendRequest request, std::size_t window) {
  if (sink_->sent >= window) sink_->wait(sink_->sent + 1 - window);
  log.append(std::move(request), *sink_, nullptr);
  ++sink_->sent;
}

void LogFiller::wait_for_all() {
  sink_->wait(sink_->sent);
}

void LogFiller::fill(RocksLog& log, OrderFeed& feed, std::size_t window) {
  AppendRequest request;
  for (bool accepting = true; feed.next(&request);) {
    send(log, std::move(request), window);
    // From now on an order's next append comes sooner than `at_once` orders after its acceptance.
    if (accepting && !feed.accepting()) wait_for_all();
    accepting = feed.accepting();
  }
  wait_for_all();
}

void LogFiller::append_all(RocksLog& log, std::vector<AppendRequest> requests, std::size_t window) {
  std::size_t last_acceptance = 0;
  for (std::size_t i = 0; i < requests.size(); ++i)
    if (requests[i].expected_version == 0) last_acceptance = i;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    send(log, std::move(requests[i]), window);
    if (i == last_acceptance) wait_for_all();
  }
  wait_for_all();
}

// --- A log --------------------------------------------------------------------------------------

Prefilled prefill(const PrefillPlan& plan) {
  Prefilled made;
  made.data_dir = plan.data_dir;
  made.ended = plan.ended;
  made.open = plan.open;
  std::filesystem::create_directories(plan.data_dir);
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t written_before = bytes_written_by_this_process();
  {
    LogFiller filler;
    RocksLogOptions options;
    options.dir = plan.data_dir / "log";
    options.file_system = unsynced_files();
    // Nothing reads meanwhile, and 200,000 records here would be half of malloc's time.
    options.tail_records_max = window_requests;
    const auto log = taken(RocksLog::open(options, wall_clock()), "the log to prefill");
    BlockSink* sinks[] = {&filler.sink()};
    log->start(sinks);
    OrderFeed feed(plan.ended, plan.open, window_requests);
    filler.fill(*log, feed, window_requests);
    made.events = log->metrics().durable_head.load();
    log->store_hint({made.events, feed.open()});
    log->stop();
  }
  sync_everything(plan.data_dir);
  made.written_bytes = bytes_written_by_this_process() - written_before;
  made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  made.record_bytes = iterate_events(plan.data_dir / "log", made.events, [](auto) {}).bytes;
  verify_log(plan.data_dir);
  return made;
}

}  // namespace oee::bench
