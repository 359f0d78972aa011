// The fixture of the tests that kill an engine: clients that record every answer, a subscriber that
// resumes after every restart, and readers of the log and of the venue's ledger. All of them report
// to one HistoryChecker.
#pragma once

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/order/decide.h"
#include "core/venue/paper/ledger/ledger.h"
#include "eventlog/audit/log_reader.h"
#include "tests/support/clients/ws_client.h"
#include "tests/support/log/history_checker.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {

inline const std::vector<std::string> faulty_venue = {
    "--venue-delay",
    "0ms-20ms",
    "--quote-delay",
    "0ms-5ms",
    "--backoff",
    "50ms",
    "--log-level",
    "warn",
    "--venue-faults",
    "lose-request=0.05,lose-reply=0.05,duplicate=0.05,late=0.05:100ms,reject=0.05,move=5"};

// A HistoryChecker behind a lock. Any thread.
class SharedChecker {
 public:
  // Calls `action` with the checker, under the lock.
  template <class Action>
  auto use(Action action) {
    const std::lock_guard lock(mutex_);
    return action(checker_);
  }
  std::string report() {
    return use([](HistoryChecker& checker) {
      std::string text;
      for (const Violation& each : checker.violations())
        text += std::string(to_string(each.invariant)) + " seq " + std::to_string(each.seq) + ": " +
                each.what + "\n";
      return text;
    });
  }
  // The number of violations of these invariants.
  int count(std::initializer_list<Invariant> of) {
    return use([of](HistoryChecker& checker) {
      int found = 0;
      for (const Violation& each : checker.violations())
        found += std::count(of.begin(), of.end(), each.invariant) > 0 ? 1 : 0;
      return found;
    });
  }

 private:
  std::mutex mutex_;
  HistoryChecker checker_{RetryRules().attempts_max};
};

// Submits one order after another, each under its own key. It repeats a submit under the same key
// until it is answered, and every 16th time also repeats a submit that was answered long ago. One
// thread.
class Trader {
 public:
  Trader(SharedChecker& history, std::uint16_t port, std::string name)
      : history_(history), client_(port, std::chrono::seconds(10)), name_(std::move(name)) {}

  // One attempt. Returns whether it was answered.
  bool submit_next() {
    if (!submit(next_)) return false;
    ++next_;
    if (next_ % 16 == 0) submit(next_ / 2);
    return true;
  }
  int acknowledged() const { return next_; }
  // The order id in the first answer to each submit.
  const std::vector<std::string>& ids() const { return ids_; }

 private:
  bool submit(int n) {
    const std::string key = name_ + "-" + std::to_string(n);
    const std::uint64_t ticket = history_.use([&](HistoryChecker& checker) {
      return checker.sending({key, "SOL", "USDC", Decimal{15, 1}, 100});
    });
    const HttpReply reply =
        n % 2 == 0 ? client_.post("/v1/orders", order_body(key))
                   : client_.post("/v1/orders", order_body(), {{"Idempotency-Key", key}});
    if (reply.status != 202) {
      // 408: the engine was stopped, with SIGSTOP, while the request arrived.
      EXPECT_TRUE(reply.status == 0 || reply.status == 503 || reply.status == 408)
          << reply.status << " " << reply.body;
      if (reply.status >= 400 && reply.status < 500)
        history_.use([&](HistoryChecker& checker) { checker.answered_refused(ticket); });
      return false;
    }
    const auto answer = parse_json(reply.body);
    const std::string id = text_at(answer, "orderId");
    const auto seq = answer.at("seq").to_number<Seq>();
    history_.use([&](HistoryChecker& checker) {
      checker.answered_accepted(ticket, *parse_order_id(id), seq);
    });
    if (n == static_cast<int>(ids_.size())) ids_.push_back(id);
    return true;
  }

  SharedChecker& history_;
  HttpClient client_;
  std::string name_;
  int next_ = 0;
  std::vector<std::string> ids_;
};

// A trader on its own thread, until stop().
class TraderThread {
 public:
  TraderThread(SharedChecker& history, std::uint16_t port, const std::string& name)
      : trader_(history, port, name), thread_([this] { run(); }) {}
  ~TraderThread() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // After stop().
  const Trader& trader() const { return trader_; }

 private:
  void run() {
    while (!stopping_) {
      const bool answered = trader_.submit_next();
      std::this_thread::sleep_for(std::chrono::milliseconds(answered ? 1 : 3));
    }
  }
  std::atomic<bool> stopping_{false};
  Trader trader_;
  std::thread thread_;
};

// A subscriber to all orders on its own thread. It resumes after the last seq it received whenever
// its connection ends.
class WatcherThread {
 public:
  WatcherThread(SharedChecker& history, std::uint16_t port)
      : history_(history), port_(port), thread_([this] { run(); }) {}
  ~WatcherThread() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Seq last() const { return last_; }
  int subscriptions() const { return subscriptions_; }

 private:
  void run() {
    while (!stopping_) {
      if (!watch()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  // Reads one connection to its end. false: it could not connect.
  bool watch() {
    WsClient ws(port_);
    if (!ws.open()) return false;
    HistoryChecker::Subscriber subscriber;
    subscriber.last = last_;
    const bool batch = subscriptions_ % 2 == 1;
    if (!ws.send(R"({"type":"subscribe","channel":"orders","after":)" + std::to_string(last_) +
                 (batch ? R"(,"batch":true})" : "}")))
      return true;
    ++subscriptions_;
    while (ws.open() && !stopping_) {
      const auto message = ws.read(std::chrono::milliseconds(50));
      if (message) take(subscriber, parse_json(*message));
    }
    return true;
  }
  void take(HistoryChecker::Subscriber& subscriber, const boost::json::value& message) {
    const std::string type = text_at(message, "type");
    history_.use([&](HistoryChecker& checker) {
      if (type == "update") report_update(checker, subscriber, message);
      if (type == "updates")
        for (const auto& each : message.at("updates").as_array())
          report_update(checker, subscriber, each);
      if (type == "caughtUp")
        checker.stream_complete(subscriber, message.at("seq").to_number<Seq>());
    });
    EXPECT_NE(type, "error") << boost::json::serialize(message);
    last_ = subscriber.last;
  }
  static void report_update(HistoryChecker& checker, HistoryChecker::Subscriber& subscriber,
                            const boost::json::value& update) {
    const auto type = parse_event_type(text_at(update, "event"));
    const auto id = parse_order_id(text_at(update, "orderId"));
    if (!type || !id) {
      ADD_FAILURE() << boost::json::serialize(update);
      return;
    }
    checker.streamed(subscriber, update.at("seq").to_number<Seq>(), *id,
                     update.at("version").to_number<Version>(), *type);
  }

  SharedChecker& history_;
  std::uint16_t port_;
  std::atomic<bool> stopping_{false};
  std::atomic<Seq> last_{0};
  std::atomic<int> subscriptions_{0};
  std::thread thread_;
};

// Gives the checker all durable records that are new, and the newest 500 earlier ones again.
// REQUIRES: no engine runs.
inline void check_log(SharedChecker& history, const EngineProcess& engine) {
  constexpr Seq overlap = 500;
  auto log = LogReader::open(engine.data_dir());
  ASSERT_TRUE(log.ok()) << log.error().detail;
  const Seq head = (*log)->head();
  const Seq seen = history.use([](HistoryChecker& checker) { return checker.log_head(); });
  if (head < seen) {
    const std::string what = "the log ended at seq " + std::to_string(seen) + " at the last look";
    history.use([&](HistoryChecker& c) { c.report({Invariant::log_prefix, head + 1, what}); });
  }
  RawRecords raw;
  for (Seq next = seen > overlap ? seen - overlap : 1; next <= head; next += raw.size()) {
    const auto read = (*log)->read_raw(next, 4096, raw);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    std::vector<std::string_view> records;
    for (std::size_t i = 0; i < raw.size(); ++i) records.push_back(raw[i]);
    history.use([&](HistoryChecker& checker) { checker.saw_log(next, records); });
  }
}

// Gives the checker every settlement of the ledger and returns their number. REQUIRES: no engine
// runs.
inline std::uint64_t check_ledger(SharedChecker& history, const EngineProcess& engine) {
  const auto audit = paper::audit_ledger(
      engine.data_dir() / "venue", [&history](const paper::SettledTrade& trade) {
        history.use([&](HistoryChecker& checker) {
          checker.venue_settled({trade.id, trade.venue, trade.input.symbol, trade.output.symbol,
                                 trade.amount_in, trade.amount_out, trade.fee, trade.tx_hash,
                                 trade.height});
        });
      });
  if (audit.ok()) return audit->settlements;
  // The ledger's own audit checks conservation and its other rules.
  const std::string what = audit.error().detail;
  history.use([&](HistoryChecker& checker) { checker.venue_unbalanced(what); });
  return 0;
}

// Waits until every order has ended, stops the engine, gives the log and the ledger to the checker
// and expects no violation. Returns the number of settlements.
inline std::uint64_t stop_and_check(SharedChecker& history, EngineProcess& engine) {
  EXPECT_TRUE(
      EngineProcess::eventually(180, [&] { return engine.health_number("openOrders") == 0; }))
      << engine.health_number("openOrders") << " orders are open\n"
      << engine.log_text();
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  check_log(history, engine);
  const std::uint64_t settled = check_ledger(history, engine);
  history.use([](HistoryChecker& checker) { checker.at_rest(); });
  EXPECT_EQ(history.report(), "");
  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  return settled;
}

}  // namespace oee::test
