#include "projections/postgres/order_rows.h"

#include <unordered_map>

#include "core/base/bytes.h"
#include "core/base/sha256.h"
#include "core/order/order_json.h"
#include "projections/postgres/exact_text.h"
#include "projections/postgres/phase_names.h"

namespace oee {
namespace {

constexpr ColumnKind decimal = ColumnKind::decimal;
constexpr ColumnKind time = ColumnKind::time;

// In the order in which append_order_row() writes and order_of_row() reads.
constexpr Column orders_columns[] = {
    {"order_id"},
    {"status"},
    {"phase"},
    {"outcome_unknown"},
    {"type"},
    {"error"},
    {"error_detail"},
    {"version"},
    {"accepted_seq"},
    {"last_seq"},
    {"accepted_at", time},
    {"updated_at", time},
    {"account"},
    {"client_order_id"},
    {"input_token"},
    {"input_decimals"},
    {"output_token"},
    {"output_decimals"},
    {"amount_in", decimal},
    {"slippage_bps"},
    {"expires_at", time},
    {"min_out_floor", decimal},
    {"correlation_id"},
    {"attempt"},
    {"attempts_made"},
    {"interruptions"},
    {"first_expected_out", decimal},
    {"retry_at", time},
    {"unknown_since", time},
    {"attempt_built"},
    {"venue"},
    {"venue_order_id"},
    {"expected_out", decimal},
    {"min_out", decimal},
    {"valid_until_height"},
    {"tx_hash"},
    {"amount_out", decimal},
    {"executed_price", decimal},
    {"fee", decimal},
    {"slippage_realised_bps"},
    {"time_in_force"},
    {"limit_price", decimal},
    {"allow_partial"},
    {"filled_in", decimal},
    {"attempt_in", decimal},
    {"first_quoted_in", decimal},
    {"cancel_by"},
    {"cancel_why"},
    {"trigger_price", decimal},
    {"trigger_when"},
    {"min_liquidity", decimal},
    {"triggered_at", time},
    {"slices"},
    {"slice_interval_us"},
    {"slice_randomize"},
    {"tags"},
    {"quote_id"},
    {"exact_out", decimal},
};
constexpr Column order_events_columns[] = {
    {"seq"},
    {"order_id"},
    {"version"},
    {"type"},
    {"ts", time},
    {"correlation_id"},
    {"data", ColumnKind::jsonb},
    {"update"},
};
constexpr Column quotes_columns[] = {
    {"seq"},
    {"position"},
    {"order_id"},
    {"attempt"},
    {"ts", time},
    {"venue"},
    {"chosen"},
    {"error"},
    {"amount_out", decimal},
    {"price", decimal},
    {"fee", decimal},
    {"price_impact_bps"},
    {"height"},
    {"lost_because"},
    {"amount_in", decimal},
    {"path"},
};
constexpr Column dead_letters_columns[] = {
    {"failed_seq"},   {"order_id"},          {"attempt"},         {"error"},
    {"error_detail"}, {"attempts_made"},     {"failed_at", time}, {"state"},
    {"resolved_seq"}, {"resolved_at", time}, {"resolved_by"},     {"resolved_why"},
};
constexpr Column resolutions_columns[] = {
    {"order_id"},          {"state"},       {"resolved_seq"},
    {"resolved_at", time}, {"resolved_by"}, {"resolved_why"},
};

void append_time(RowBuffer& rows, WallTime value) {
  if (value == WallTime{}) {
    rows.null();
  } else {
    rows.time(value);
  }
}

void append_correlation(RowBuffer& rows, const CorrelationId& id) {
  if (id.is_zero()) {
    rows.null();
  } else {
    rows.ascii(to_text(id));
  }
}

void append_units(RowBuffer& rows, const std::optional<Units>& units, std::uint8_t scale) {
  if (units) {
    rows.decimal({*units, scale});
  } else {
    rows.null();
  }
}

void append_built_attempt(RowBuffer& rows, const Order& order) {
  rows.boolean(order.attempt_built);
  if (order.attempt_built) {
    rows.ascii(order.venue.view())
        .ascii(to_text(order.venue_order_id))
        .decimal(order.expected_out)
        .decimal(order.min_out)
        .number(order.valid_until_height);
  } else {
    rows.null().null().null().null().null();
  }
  if (order.tx_hash) {
    rows.ascii(to_text(*order.tx_hash));
  } else {
    rows.null();
  }
}

void append_fills(RowBuffer& rows, const Order& order) {
  if (order.filled_in > 0) {
    rows.decimal(order.amount_out).decimal(order.executed_price).decimal(order.fee);
  } else {
    rows.null().null().null();
  }
  if (order.phase == Phase::confirmed) {
    rows.number(order.slippage_realised_bps);
  } else {
    rows.null();
  }
}

// An amount that is null when it is the usual one, so that the rows of orders from before fills in
// parts need no change.
void append_unusual(RowBuffer& rows, const Order& order, Units amount, bool whole_is_usual) {
  if (amount == (whole_is_usual ? order.amount_in.units : 0)) {
    rows.null();
  } else {
    rows.decimal({amount, order.input.decimals});
  }
}

void append_optional(RowBuffer& rows, const std::optional<Decimal>& value) {
  if (value) {
    rows.decimal(*value);
  } else {
    rows.null();
  }
}

void append_terms(RowBuffer& rows, const Order& order) {
  rows.ascii_or_null(to_string(order.time_in_force));
  append_optional(rows, order.limit_price);
  rows.boolean(order.allow_partial);
  append_unusual(rows, order, order.filled_in, order.phase == Phase::confirmed);
  append_unusual(rows, order, order.attempt_in, order.attempt_built);
  append_unusual(rows, order, order.first_quoted_in, order.first_expected_out.has_value());
  if (order.cancel_requested) {
    rows.text(order.cancel_requested->by).text(order.cancel_requested->why);
  } else {
    rows.null().null();
  }
}

void append_type_terms(RowBuffer& rows, const Order& order) {
  const TypeTerms& terms = order.type_terms;
  if (terms.trigger) {
    rows.decimal(terms.trigger->price).ascii(to_string(terms.trigger->when));
  } else {
    rows.null().null();
  }
  append_optional(rows, terms.min_liquidity);
  if (order.triggered_at) {
    rows.time(*order.triggered_at);
  } else {
    rows.null();
  }
  if (terms.slices) {
    rows.number(terms.slices->count).number(terms.slices->interval.count());
    rows.number(terms.slices->randomize_percent);
  } else {
    rows.null().null().null();
  }
  if (order.tags.empty()) {
    rows.null();
  } else {
    rows.text(text_array(order.tags));
  }
  rows.text_or_null(order.quote_id);
  append_units(rows, order.exact_out, order.output.decimals);
}

// The fields state, seq, time, by and why of a requeue or discard.
void append_resolution(RowBuffer& rows, const Record& record) {
  const bool requeued = type_of(record.event) == EventType::dead_letter_requeued;
  rows.ascii(requeued ? "requeued" : "discarded").number(record.seq).time(record.time);
  const auto by_and_why = [&](const auto& event) { rows.text(event.by).text(event.why); };
  if (requeued) {
    by_and_why(std::get<DeadLetterRequeued>(record.event));
  } else {
    by_and_why(std::get<DeadLetterDiscarded>(record.event));
  }
}

void append_dead_letters(ProjectionRows& rows, const ProjectionBatch& batch) {
  std::unordered_map<OrderId, std::size_t, IdHash> open;  // index into letters
  std::vector<DeadLetterRow> letters;
  for (const Record* record : batch.records) {
    const EventType type = type_of(record->event);
    if (type == EventType::order_failed) {
      open[record->order_id] = letters.size();
      letters.push_back({record, nullptr});
    } else if (type == EventType::dead_letter_requeued ||
               type == EventType::dead_letter_discarded) {
      if (const auto found = open.find(record->order_id); found != open.end()) {
        letters[found->second].resolved = record;
        open.erase(found);
      } else {
        rows.resolutions.id(record->order_id);
        append_resolution(rows.resolutions, *record);
      }
    }
  }
  for (const DeadLetterRow& letter : letters) append_dead_letter_row(rows.dead_letters, letter);
}

}  // namespace

const TableShape orders_table{"orders", "order_id", orders_columns};
const TableShape order_events_table{"order_events", "seq", order_events_columns};
const TableShape quotes_table{"quotes", "seq, position", quotes_columns};
const TableShape dead_letters_table{"dead_letters", "failed_seq", dead_letters_columns};
const TableShape resolutions_table{"resolutions", "order_id", resolutions_columns};

std::string column_list(const TableShape& table) {
  std::string out;
  for (const Column& column : table.columns) {
    if (!out.empty()) out += ',';
    out += column.name;
  }
  return out;
}

namespace {
std::string canonical_expression(const Column& column) {
  const std::string name(column.name);
  switch (column.kind) {
    case ColumnKind::plain:
    case ColumnKind::jsonb:
      return name + "::text";
    case ColumnKind::decimal:
      return "trim_scale(" + name + ")::text";
    case ColumnKind::time:
      return "to_char(" + name + " AT TIME ZONE 'UTC','YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
  }
  return name;
}
}  // namespace

std::string canonical_select(const TableShape& table) {
  std::string out;
  for (const Column& column : table.columns) {
    if (!out.empty()) out += ',';
    out += canonical_expression(column);
  }
  return out;
}

std::int64_t row_hash(const TableShape& table, const RowBuffer& rows, std::size_t row) {
  thread_local std::string joined;
  joined.clear();
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    if (table.columns[column].kind == ColumnKind::jsonb) continue;
    const auto value = rows.field(row, column);
    joined += value ? *value : std::string_view("\x1E");
    joined += '\x1F';
  }
  const Hash256 hash = sha256({joined});
  return static_cast<std::int64_t>(load_be<std::uint64_t>(hash.data()));
}

std::string row_hash_sql(const TableShape& table) {
  std::string joined;
  for (const Column& column : table.columns) {
    if (column.kind == ColumnKind::jsonb) continue;
    if (!joined.empty()) joined += "||";
    joined += "coalesce(" + canonical_expression(column) + ",E'\\x1E')||E'\\x1F'";
  }
  return "('x'||encode(substr(sha256(convert_to(" + joined +
         ",'UTF8')),1,8),'hex'))::bit(64)::bigint";
}

void append_order_row(RowBuffer& rows, const Order& order) {
  rows.id(order.id)
      .ascii(to_string(order.status()))
      .ascii(phase_name(order.phase))
      .boolean(order.outcome_unknown)
      .ascii(to_string(order.type))
      .ascii_or_null(order.error ? to_string(*order.error) : std::string_view())
      .text(order.error_detail)
      .number(order.version)
      .number(order.accepted_seq)
      .number(order.last_seq)
      .time(order.accepted_at)
      .time(order.updated_at)
      .text(order.account)
      .text_or_null(order.client_order_id)
      .text(order.input.symbol.view())
      .number(std::uint32_t{order.input.decimals})
      .text(order.output.symbol.view())
      .number(std::uint32_t{order.output.decimals})
      .decimal(order.amount_in)
      .number(order.slippage_bps);
  append_time(rows, order.expires_at.value_or(WallTime{}));
  append_units(rows, order.min_out_floor, order.output.decimals);
  append_correlation(rows, order.correlation);
  rows.number(order.attempt).number(order.attempts_made).number(order.interruptions);
  append_units(rows, order.first_expected_out, order.output.decimals);
  append_time(rows, order.retry_at);
  append_time(rows, order.unknown_since);
  append_built_attempt(rows, order);
  append_fills(rows, order);
  append_terms(rows, order);
  append_type_terms(rows, order);
}

void append_event_row(RowBuffer& rows, const Record& record) {
  rows.number(record.seq)
      .id(record.order_id)
      .number(record.version)
      .ascii(to_string(type_of(record.event)))
      .time(record.time);
  append_correlation(rows, record.correlation);
  thread_local std::string text;
  text.clear();
  JsonWriter data(text);
  write_event_data(data, record.event);
  rows.json(text);
  text.clear();
  JsonWriter update(text);
  write_update(update, record);
  rows.ascii(text);  // the column's type json keeps every escape unchanged
}

void append_quote_rows(RowBuffer& rows, const Record& record) {
  const auto* route = std::get_if<RouteSelected>(&record.event);
  if (route == nullptr) return;
  for (std::size_t i = 0; i < route->quotes.size(); ++i) {
    const VenueQuote& quote = route->quotes[i];
    rows.number(record.seq)
        .number(static_cast<std::uint64_t>(i))
        .id(record.order_id)
        .number(route->attempt)
        .time(record.time)
        .text(quote.venue.view())
        .boolean(i >= route->chosen && i < route->chosen + route->legs)
        .text_or_null(quote.error);
    if (quote.error.empty()) {
      rows.decimal(quote.amount_out)
          .decimal(quote.price)
          .decimal(quote.fee)
          .number(quote.price_impact_bps)
          .number(quote.height);
    } else {
      rows.null().null().null().null().null();
    }
    rows.text_or_null(quote.lost_because);
    if (quote.amount_in && quote.error.empty()) {
      rows.decimal(*quote.amount_in);
    } else {
      rows.null();
    }
    rows.text_or_null(to_text(quote.path));
  }
}

void append_dead_letter_row(RowBuffer& rows, const DeadLetterRow& letter) {
  const auto& failed = std::get<OrderFailed>(letter.failed->event);
  rows.number(letter.failed->seq)
      .id(letter.failed->order_id)
      .number(failed.attempt)
      .ascii(to_string(failed.error))
      .text(failed.detail)
      .number(failed.attempts_made)
      .time(letter.failed->time);
  if (letter.resolved != nullptr) {
    append_resolution(rows, *letter.resolved);
  } else {
    rows.ascii("dead").null().null().null().null();
  }
}

ProjectionRows rows_for(const ProjectionBatch& batch) {
  ProjectionRows rows;
  for (const Record* record : batch.records) {
    append_event_row(rows.order_events, *record);
    append_quote_rows(rows.quotes, *record);
  }
  for (const Order& order : batch.orders) {
    const bool is_new = order.accepted_seq >= batch.from;
    append_order_row(is_new ? rows.new_orders : rows.changed_orders, order);
    if (is_new && order.phase == Phase::confirmed) ++rows.new_confirmed;
    if (is_new && order.phase == Phase::discarded) ++rows.new_discarded;
  }
  append_dead_letters(rows, batch);
  return rows;
}

}  // namespace oee
