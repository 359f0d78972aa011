// The JSON of orders, events and updates, the same in every stage: REST answers, WebSocket frames,
// Redis messages, rows of order_events and log-dump. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/json_writer.h"
#include "core/order/legs.h"
#include "core/order/order.h"

namespace oee {

// {"orderId","status","seq","version",...}. Amounts and prices are strings. `legs` adds the member
// "legs", as in the body of GET /v1/orders/{id}; null: it is absent.
void write_order(JsonWriter& json, const Order& order, const std::vector<Leg>* legs = nullptr);

// One venue's quote, as in RouteSelected's "quotes" and in GET /v1/quote.
void write_quote(JsonWriter& json, const VenueQuote& quote);
// The member "path"; none for one pool of the venue's choice.
void write_path(JsonWriter& json, const HopPath& path);

// A halt's scope: "all", or an object of one member: {"account":"desk"}.
void write_halt_scope(JsonWriter& json, HaltScope scope, std::string_view value);

// The "data" object of an event: every field of the event, in camelCase, amounts as strings.
void write_event_data(JsonWriter& json, const Event& event);

// {"seq","version","type","ts","data":{...}}, with "correlationId" and the chain "hash" when the
// record has them. `with_order_id` adds "orderId", for lists of events of many orders.
void write_event(JsonWriter& json, const Record& record, bool with_order_id);

// The WebSocket update: {"type":"update","orderId","status","seq","version","ts",...}. It always
// begins with `{"type":"update",` and has no other "type" member. It depends on the record alone.
// amount, price, executedPrice and amountOut are JSON numbers with exact digits. An OrderAccepted
// adds the order's terms, last and in this order: inputToken, outputToken, amount, orderType and,
// when the order has one, clientOrderId.
// An update of no order (is_of_engine() in lifecycle.h) has the order id of zeros and no status.
void write_update(JsonWriter& json, const Record& record);
std::string update_json(const Record& record);

}  // namespace oee
