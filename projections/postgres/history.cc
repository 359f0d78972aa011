// PostgresHistory: the OrderHistory of a gateway. Its results are equal to those of LogHistory,
// which folds the log.
#include <pqxx/transaction>

#include "core/order/fold.h"
#include "core/order/order_json.h"
#include "projections/history_limits.h"
#include "projections/postgres/adapters.h"
#include "projections/postgres/event_json.h"
#include "projections/postgres/exact_text.h"
#include "projections/postgres/order_rows.h"
#include "projections/postgres/query_session.h"

namespace oee {
namespace {

Error unreadable(const Error& why) {
  return Error{Errc::unavailable, "postgres: order_events: " + why.detail};
}

// The columns of event_select(), in order.
enum EventColumn {
  seq,
  order_id,
  version,
  type,
  ts,
  correlation_id,
  data,
  update,
  input,
  output,
  account
};

// A column of the event's order.
std::string of_order(const std::string& column) {
  return "(SELECT o." + column + " FROM oee.orders o WHERE o.order_id = order_events.order_id)";
}

// The columns of EventColumn; input, output and account are those of the event's order, or NULL.
std::string event_select(bool tokens) {
  std::string columns = canonical_select(order_events_table);
  if (!tokens) return columns += ",NULL,NULL,NULL";
  for (const char* column : {"input_token", "output_token", "account"})
    columns += "," + of_order(column);
  return columns;
}

Result<Record> record_of(const pqxx::row& row, int first, const std::optional<TokenPair>& tokens) {
  Record record;
  record.seq = row[first + seq].as<Seq>();
  OEE_TRY_ASSIGN(record.order_id, parse_order_id(view_of(row[first + order_id])));
  record.version = row[first + version].as<Version>();
  const auto event_type = parse_event_type(view_of(row[first + type]));
  if (!event_type) return Error{Errc::corrupt, "unknown event type"};
  OEE_TRY_ASSIGN(record.time, parse_rfc3339(view_of(row[first + ts])));
  if (const auto id = optional_view_of(row[first + correlation_id])) {
    OEE_TRY_ASSIGN(record.correlation, parse_hex_id<CorrelationIdTag>(*id));
  }
  OEE_TRY_ASSIGN(record.event, parse_event_data(*event_type, view_of(row[first + data]), tokens));
  return record;
}

// Empty when the order has no row, or the tokens were not read.
Result<Symbol> symbol_of(const pqxx::field& field) {
  const std::string_view text = view_of(field);
  if (text.size() > Symbol::size_max) return unreadable({Errc::corrupt, "a token's symbol"});
  return Symbol(text);
}

// `update.json` is the stored text: subscribers received the same bytes.
Result<EventView> view_of_row(const pqxx::row& row, int first) {
  auto record = record_of(row, first, std::nullopt);
  if (!record) return unreadable(record.error());
  EventView view;
  view.update.seq = record->seq;
  view.update.order_id = record->order_id;
  view.update.version = record->version;
  view.update.type = type_of(record->event);
  view.update.time = record->time;
  view.update.correlation = record->correlation;
  view.update.venue = venue_named_by(record->event);
  OEE_TRY_ASSIGN(view.update.input, symbol_of(row[first + input]));
  OEE_TRY_ASSIGN(view.update.output, symbol_of(row[first + output]));
  view.update.account = view_of(row[first + account]);
  view.update.json = view_of(row[first + update]);
  JsonWriter json(view.json);
  write_event(json, *record, true);
  return view;
}

class PostgresHistory final : public OrderHistory {
 public:
  explicit PostgresHistory(PostgresOptions options)
      : sessions_(std::move(options), "order-engine history") {}

  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override {
    return sessions_.run([&](PostgresConnection& connection) -> Result<std::optional<Order>> {
      pqxx::transaction<pqxx::repeatable_read> tx(connection);
      OEE_TRY(sessions_.check_tables(tx));
      OEE_TRY_ASSIGN(std::optional<Order> now, order_now(tx, id));
      if (!now || !at || *at >= now->last_seq) return now;
      return order_at(tx, *now, *at);
    });
  }

  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override {
    return sessions_.run([&](PostgresConnection& connection) -> Result<std::vector<Record>> {
      pqxx::transaction<pqxx::repeatable_read> tx(connection);
      OEE_TRY(sessions_.check_tables(tx));
      OEE_TRY_ASSIGN(const std::optional<Order> now, order_now(tx, id));
      if (!now) return std::vector<Record>();
      return records_of(tx, *now, at.value_or(now->last_seq));
    });
  }

  Result<Events> events(const EventFilter& filter) override {
    return sessions_.run([&](PostgresConnection& connection) -> Result<Events> {
      pqxx::transaction<pqxx::repeatable_read> tx(connection);
      OEE_TRY(sessions_.check_tables(tx));
      return filter.order_id ? events_of_order(tx, filter) : events_of_all(tx, filter);
    });
  }

 private:
  static Result<std::optional<Order>> order_now(pqxx::transaction_base& tx, const OrderId& id) {
    const pqxx::result rows = tx.exec_params(
        "SELECT " + canonical_select(orders_table) + " FROM oee.orders WHERE order_id = $1",
        to_text(id));
    if (rows.empty()) return std::optional<Order>();
    OEE_TRY_ASSIGN(Order now, order_of(rows[0], 0));
    return std::optional<Order>(std::move(now));
  }

  static Result<std::optional<Order>> order_at(pqxx::transaction_base& tx, const Order& now,
                                               Seq at) {
    OEE_TRY_ASSIGN(const std::vector<Record> records, records_of(tx, now, at));
    auto order = fold_order(records, at);
    if (!order) return unreadable(order.error());
    return order;
  }

  static Result<std::vector<Record>> records_of(pqxx::transaction_base& tx, const Order& now,
                                                Seq at) {
    const pqxx::result rows = tx.exec_params("SELECT " + canonical_select(order_events_table) +
                                                 " FROM oee.order_events WHERE order_id = $1"
                                                 " AND seq <= $2 ORDER BY order_events.version",
                                             to_text(now.id), bounded(at));
    const std::optional<TokenPair> tokens = TokenPair{now.input, now.output};
    std::vector<Record> records;
    for (const auto& row : rows) {
      auto record = record_of(row, 0, tokens);
      if (!record) return unreadable(record.error());
      records.push_back(*std::move(record));
    }
    return records;
  }

  static Result<Events> events_of_order(pqxx::transaction_base& tx, const EventFilter& filter) {
    const bool terms = filter.tokens || !filter.account.empty();
    const bool filtered = filter.type || !filter.account.empty();
    const std::string limit = filtered ? "" : " LIMIT " + std::to_string(filter.limit);
    const pqxx::result rows = tx.exec_params("SELECT " + event_select(terms) +
                                                 " FROM oee.order_events WHERE order_id = $1 AND "
                                                 "seq > $2 ORDER BY order_events.version" +
                                                 limit,
                                             to_text(*filter.order_id), bounded(filter.after));
    Events events;
    events.scanned = filter.after;
    for (const auto& row : rows) {
      if (events.items.size() >= filter.limit) break;
      OEE_TRY_ASSIGN(EventView view, view_of_row(row, 0));
      events.scanned = view.update.seq;
      const bool wanted = (!filter.type || view.update.type == *filter.type) &&
                          (filter.account.empty() || view.update.account == filter.account);
      if (wanted) events.items.push_back(std::move(view));
    }
    return events;
  }

  // One statement reads the cursor and the events, so that both are of one snapshot.
  static Result<Events> events_of_all(pqxx::transaction_base& tx, const EventFilter& filter) {
    const Seq end = events_scan_end(filter.after);
    const std::string type_filter =
        filter.type ? " AND type = '" + std::string(to_string(*filter.type)) + "'" : "";
    const pqxx::result rows = tx.exec_params(
        "SELECT s.last_seq, e.* FROM oee.projection_state s LEFT JOIN LATERAL (SELECT " +
            event_select(filter.tokens) +
            " FROM oee.order_events WHERE seq > $1 AND seq < $2 AND seq <= s.last_seq" +
            type_filter + " AND ($4 = '' OR " + of_order("account") + " = $4)" +
            " ORDER BY order_events.seq LIMIT $3) e ON true",
        bounded(filter.after), bounded(end), static_cast<std::int64_t>(filter.limit),
        filter.account);
    Events events;
    for (const auto& row : rows) {
      if (row[1].is_null()) break;
      OEE_TRY_ASSIGN(EventView view, view_of_row(row, 1));
      events.items.push_back(std::move(view));
    }
    if (!events.items.empty() && events.items.size() >= filter.limit) {
      events.scanned = events.items.back().update.seq;
    } else {
      const Seq last = rows.empty() ? 0 : rows[0][0].as<Seq>();
      events.scanned = std::max(filter.after, std::min(last, end - 1));
    }
    return events;
  }

  static std::int64_t bounded(Seq value) {
    constexpr Seq most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(value, most));
  }

  QuerySessions sessions_;
};

}  // namespace

std::unique_ptr<OrderHistory> make_postgres_history(PostgresOptions options) {
  return std::make_unique<PostgresHistory>(std::move(options));
}

}  // namespace oee
