#include "eventlog/audit/replay.h"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/json_writer.h"
#include "core/order/fold.h"
#include "core/order/order_json.h"

namespace oee {
namespace {

constexpr std::size_t records_at_once = 4096;

// Reads the next batch on a thread of its own while the caller folds the batch before. One thread
// at a time uses the log: between next() and wait() it is the reading thread.
class ReadAhead {
 public:
  ReadAhead(LogReader& log, Seq from, Seq to) : log_(log), next_(from), to_(to) { begin(); }
  ~ReadAhead() { wait(); }
  ReadAhead(const ReadAhead&) = delete;

  // The records after those of the last call; valid until the next call. REQUIRES: there are some.
  Result<const RawRecords*> next() {
    OEE_TRY(reading_.get());
    std::swap(ready_, coming_);
    next_ += ready_.size();
    begin();
    return &ready_;
  }
  // Afterwards the caller may use the log until it calls next().
  void wait() {
    if (reading_.valid()) reading_.wait();
  }

 private:
  void begin() {
    if (next_ > to_) return;
    reading_ = std::async(std::launch::async, [this] {
      return log_.read_raw(next_, std::min<Seq>(records_at_once, to_ - next_ + 1), coming_);
    });
  }

  LogReader& log_;
  Seq next_;  // the first seq of `coming_`
  const Seq to_;
  RawRecords ready_, coming_;
  std::future<Result<void>> reading_;
};

// The part that is kept of an order that is not open.
struct Sealed {
  OrderId id;
  Hash256 state{};
  OrderStatus status{};
};

Sealed seal(const Order& order) {
  std::string text;
  text.reserve(1024);
  JsonWriter json(text);
  write_order(json, order);
  return {order.id, sha256({text}), order.status()};
}

// Writes and hashes the orders that have ended for good, a batch at a time on a thread of its own:
// this takes as long as folding them, which the caller's thread does.
class Sealing {
 public:
  Sealing() = default;
  ~Sealing() { wait(); }
  Sealing(const Sealing&) = delete;

  void add(Order order) { waiting_.push_back(std::move(order)); }
  // Waits for the batch that is being sealed, then begins with the orders added since. So at most
  // two batches are in memory.
  void begin() {
    wait();
    std::swap(waiting_, sealing_);
    waiting_.clear();
    running_ = std::async(std::launch::async, [this] {
      for (const Order& order : sealing_) sealed_.push_back(seal(order));
    });
  }
  std::vector<Sealed> finish() {
    begin();
    wait();
    return std::move(sealed_);
  }

 private:
  void wait() {
    if (running_.valid()) running_.get();
  }
  std::vector<Order> waiting_;  // used by the caller's thread
  std::vector<Order> sealing_;  // used by the other thread while it runs
  std::vector<Sealed> sealed_;
  std::future<void> running_;
};

class Replay {
 public:
  Replay(LogReader& log, ReadAhead& ahead) : log_(log), ahead_(ahead) {}

  Result<void> take(const BorrowedRecord& record) {
    if (record.order_id == engine_stream) return {};  // no order
    auto open = open_.find(record.order_id);
    if (open == open_.end()) {
      // A new order, a requeued one, or one that was accepted before the range.
      Order before;
      if (record.version > 1) {
        OEE_TRY_ASSIGN(before, load(record.order_id, record.version - 1));
        failed_.erase(record.order_id);
      }
      open = open_.emplace(record.order_id, std::move(before)).first;
    }
    Order& order = open->second;
    OEE_TRY(fold_record(order, record));
    if (order.open()) return {};
    if (is_final(order.phase)) {
      final_.add(std::move(order));
    } else {
      failed_.emplace(order.id, seal(order));
    }
    open_.erase(open);
    return {};
  }
  // Called after each batch of records.
  void seal_ended() { final_.begin(); }

  void report(ReplayReport* report) {
    for (auto& [id, order] : open_) final_.add(std::move(order));
    open_.clear();
    std::vector<Sealed> orders = final_.finish();
    for (const auto& [id, sealed] : failed_) orders.push_back(sealed);
    failed_.clear();
    std::sort(orders.begin(), orders.end(),
              [](const Sealed& a, const Sealed& b) { return a.id < b.id; });
    report->orders = orders.size();
    report->state = sha256({"oee/replay/1"});
    for (const Sealed& sealed : orders) {
      report->state = sha256({as_bytes(report->state), sealed.id.view(), as_bytes(sealed.state)});
      ++report->by_status[static_cast<std::size_t>(sealed.status)];
    }
  }

 private:
  Result<Order> load(const OrderId& id, Version version) {
    ahead_.wait();
    OEE_TRY_ASSIGN(const auto records, log_.read_order(id, version));
    OEE_TRY_ASSIGN(auto order, fold_order(records));
    return order ? *std::move(order) : Order();
  }

  LogReader& log_;
  ReadAhead& ahead_;
  boost::unordered_flat_map<OrderId, Order, IdHash> open_;
  boost::unordered_flat_map<OrderId, Sealed, IdHash>
      failed_;  // a requeue opens such an order again
  Sealing final_;
};

}  // namespace

Result<ReplayReport> replay(LogReader& log, const ReplayOptions& options) {
  ReplayReport report;
  report.from = std::max<Seq>(options.from, 1);
  report.to = options.to == 0 ? log.head() : std::min(options.to, log.head());
  if (report.to < report.from) report.to = report.from - 1;
  ReadAhead ahead(log, report.from, report.to);
  Replay fold(log, ahead);
  for (Seq next = report.from; next <= report.to;) {
    OEE_TRY_ASSIGN(const RawRecords* const records, ahead.next());
    for (std::size_t i = 0; i < records->size(); ++i, ++next) {
      OEE_TRY_ASSIGN(const BorrowedRecord record, borrow_record_at(next, (*records)[i]));
      OEE_TRY(fold.take(record));
    }
    fold.seal_ended();
    report.events += records->size();
    if (options.progress) options.progress(next - 1, report.to);
  }
  fold.report(&report);
  return report;
}

Result<Order> order_at(LogReader& log, const OrderId& id, Seq at) {
  OEE_TRY_ASSIGN(const auto records, log.read_order(id));
  if (records.empty()) return Error{Errc::not_found, "no order " + to_text(id)};
  OEE_TRY_ASSIGN(auto order, fold_order(records, at == 0 ? std::nullopt : std::optional(at)));
  if (order) return *std::move(order);
  if (id == engine_stream) return Error{Errc::not_found, "no order " + to_text(id)};
  return Error{Errc::not_found, "order " + to_text(id) + " was accepted at seq " +
                                    std::to_string(records.front().seq) + ", after seq " +
                                    std::to_string(at)};
}

}  // namespace oee
