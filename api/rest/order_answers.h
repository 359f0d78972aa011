// Answers about orders that several resources share: pages of orders, and the 202 of a change.
#pragma once

#include <limits>

#include "api/http/query.h"
#include "api/http/request_headers.h"
#include "api/orders/order_service.h"
#include "api/routing/call.h"
#include "api/stream/resume.h"

namespace oee {

inline constexpr std::uint32_t orders_page_max = 500;
inline constexpr std::uint32_t orders_page = 50;
inline constexpr std::size_t cursor_bytes_max = 512;
inline constexpr Seq seq_max = std::numeric_limits<Seq>::max() - 1;

// Adds OEE-As-Of-Seq: the answer contains every record up to the seq.
void add_as_of(HttpAnswer& answer, Seq as_of);
// {"items":[...],"nextCursor"?}
HttpAnswer order_page(const Page<Order>& page);
// The error of a list whose page cursor is the only input that can be wrong.
HttpAnswer list_failed(const Error& error, const Call& call);
// 422 when `position` is beyond the log's head: no answer can be as of such a seq, so a wait for it
// would be in vain. Empty on a gateway, which does not know the head.
std::optional<HttpAnswer> position_unknown(Seq position, const OrderService& orders,
                                           const Call& call);
// The parameter `epoch`.
std::optional<LogEpoch> read_epoch(QueryReader& query);
// The account of a list: the caller's only account, else the parameter `account`; empty: all
// accounts.
std::string read_account(QueryReader& query, const Call& call);
// The same for a position of the stream or of the events, also when its epoch is another than the
// log's. A gateway waits for the head, and answers 503 when it does not learn it (stream/resume.h).
Task<std::optional<HttpAnswer>> position_unknown(ResumePosition position, OrderService& orders,
                                                 StreamHub& hub, Clock& clock, const Call& call);
// Whether there is such an order for the caller.
inline bool is_visible(const std::optional<Order>& order, const Call& call) {
  return order && call.principal->may_see(order->account);
}
// 202 with {"orderId","status","seq","cancelRequested"?}, and the order's Location and ETag.
HttpAnswer accepted(const Changed& change);

inline constexpr std::string_view change_reason = "requested over REST";

// Appends one more event to the order in the path, or gives the first answer to its Idempotency-Key
// again.
template <class Command>
Task<HttpAnswer> change_order(Call call, OrderService& orders, Entropy& entropy,
                              Task<ChangeAnswer> (OrderService::*change)(OrderId, Command,
                                                                         CorrelationId)) {
  const auto id = id_of(call);
  if (!id) co_return no_such_order(call);
  IdempotencyKey key = idempotency_key_of(call.request);
  if (key.problem) co_return answer_of(*key.problem, call.request_id);
  if (!call.principal->only_account().empty()) {
    // The account of an order never changes, so it may be read before the command is decided.
    const auto found = co_await orders.current(*id);
    if (!found.ok()) co_return failed(found.error(), true, call);
    if (!is_visible(*found, call)) co_return no_such_order(call);
  }
  Command command;
  command.idempotency_key = std::move(key.text);
  command.by = call.principal->name;
  command.why = change_reason;
  const CorrelationId correlation = correlation_of(call, entropy);
  const ChangeAnswer done = co_await (orders.*change)(*id, std::move(command), correlation);
  if (!done) co_return failed(done.error(), true, call);
  co_return accepted(*done);
}

}  // namespace oee
