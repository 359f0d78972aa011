#include "eventlog/replay.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/json_writer.h"
#include "core/order/order_json.h"

namespace oee {
namespace {

constexpr std::size_t records_at_once = 4096;

Result<void> apply(Order& order, const Record& record) {
  const Result<void> evolved = evolve(order, record);
  if (evolved.ok()) return {};
  return Error{Errc::corrupt, "seq " + std::to_string(record.seq) + ": " + evolved.error().detail};
}

class Replay {
 public:
  explicit Replay(LogReader& log) : log_(log) {}

  Result<void> take(const Record& record) {
    auto open = open_.find(record.order_id);
    if (open == open_.end()) {
      // New, ended before (a requeue), or accepted before the stretch.
      OEE_TRY_ASSIGN(Order before, load(record.order_id, record.version - 1));
      ended_.erase(record.order_id);
      open = open_.emplace(record.order_id, std::move(before)).first;
    }
    OEE_TRY(apply(open->second, record));
    if (open->second.open()) return {};
    ended_.emplace(record.order_id, seal(open->second));
    open_.erase(open);
    return {};
  }

  void report(ReplayReport* report) {
    for (const auto& [id, order] : open_) ended_.emplace(id, seal(order));
    open_.clear();
    std::vector<std::pair<OrderId, Sealed>> orders(ended_.begin(), ended_.end());
    ended_.clear();
    std::sort(orders.begin(), orders.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    report->orders = orders.size();
    report->state = sha256({"oee/replay/1"});
    for (const auto& [id, sealed] : orders) {
      report->state = sha256({as_bytes(report->state), id.view(), as_bytes(sealed.state)});
      ++report->by_status[static_cast<std::size_t>(sealed.status)];
    }
  }

 private:
  // What is kept of an order that nothing more happens to.
  struct Sealed {
    Hash256 state{};
    OrderStatus status{};
  };

  Sealed seal(const Order& order) {
    json_.clear();
    JsonWriter json(json_);
    write_order(json, order);
    return {sha256({json_}), order.status()};
  }

  Result<Order> load(const OrderId& id, Version version) {
    Order order;
    if (version == 0) return order;
    OEE_TRY_ASSIGN(const auto records, log_.read_order(id, version));
    for (const Record& record : records) OEE_TRY(apply(order, record));
    return order;
  }

  LogReader& log_;
  boost::unordered_flat_map<OrderId, Order, IdHash> open_;
  boost::unordered_flat_map<OrderId, Sealed, IdHash> ended_;
  std::string json_;
};

}  // namespace

Result<ReplayReport> replay(LogReader& log, const ReplayOptions& options) {
  ReplayReport report;
  report.from = std::max<Seq>(options.from, 1);
  report.to = options.to == 0 ? log.head() : std::min(options.to, log.head());
  if (report.to < report.from) report.to = report.from - 1;
  Replay fold(log);
  for (Seq next = report.from; next <= report.to;) {
    const std::size_t limit = std::min<Seq>(records_at_once, report.to - next + 1);
    OEE_TRY_ASSIGN(const auto records, log.read(next, limit));
    for (const Record& record : records) OEE_TRY(fold.take(record));
    next += records.size();
    report.events += records.size();
    if (options.progress) options.progress(next - 1, report.to);
  }
  fold.report(&report);
  return report;
}

Result<Order> order_at(LogReader& log, const OrderId& id, Seq at) {
  OEE_TRY_ASSIGN(const auto records, log.read_order(id));
  if (records.empty()) return Error{Errc::not_found, "no order " + to_text(id)};
  Order order;
  for (const Record& record : records) {
    if (at != 0 && record.seq > at) break;
    OEE_TRY(apply(order, record));
  }
  if (order.phase == Phase::none) {
    return Error{Errc::not_found, "order " + to_text(id) + " was accepted at seq " +
                                      std::to_string(records.front().seq) + ", after seq " +
                                      std::to_string(at)};
  }
  return order;
}

}  // namespace oee
