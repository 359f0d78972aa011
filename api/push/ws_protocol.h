// The texts of the WebSocket protocol: the requests of clients and the frames of the server. Pure;
// any thread.
//
// Requests of a client:
//   {"type":"subscribe","orderId":ID,"after":SEQ?,"epoch":EPOCH?}
//   {"type":"subscribe","channel":"orders","after":SEQ?,"epoch":EPOCH?,"batch":true?}
//   {"type":"unsubscribe",...}
//   {"type":"ping"}
// A subscribe may have "status", "token", "venue" and "account", lists of names to filter by; for
// an order only with "after". Unknown members are ignored. A member that is null counts as absent.
//
// Each update frame contains its offset (stream/cursor.h): "n", its number in the subscription, and
// "prevSeq", the seq of the update before it; for the first update, the "after" of "subscribed". A
// frame of several updates has the "n" and "prevSeq" of the first and the "count"; the seqs in it
// only rise. So nothing is missing when "n" is one more than the number of updates received, and
// "prevSeq" is the last seq received. The updates of a bare subscription (an order without "after")
// have no offset.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/stream/cursor.h"
#include "api/stream/resume.h"
#include "core/order/order.h"
#include "core/order/update.h"

namespace oee {

// The topic of a subscription: one order, or (empty) the channel "orders" with all orders.
using WsTopic = std::optional<OrderId>;

struct WsSubscribe {
  WsTopic topic;
  std::optional<Seq> after;       // none, for an order: its state once, then bare updates
  std::optional<LogEpoch> epoch;  // of the log that `after` is of; none: not checked
  bool batch = false;             // the channel only
  FilterNames filter;
};
struct WsUnsubscribe {
  WsTopic topic;
};
struct WsPing {};
using WsRequest = std::variant<WsSubscribe, WsUnsubscribe, WsPing>;

// The error of a request, as the error frame reports it.
struct WsRefusal {
  std::string_view code;  // a literal, below
  std::string message;
};
namespace ws_codes {
inline constexpr std::string_view bad_json = "bad_json";          // not one JSON object
inline constexpr std::string_view unknown_type = "unknown_type";  // no such "type"
inline constexpr std::string_view invalid = "invalid";            // a member is wrong or missing
inline constexpr std::string_view unsupported = "unsupported";    // a binary message
inline constexpr std::string_view not_found = "not_found";        // no such order
inline constexpr std::string_view not_subscribed = "not_subscribed";      // nothing to unsubscribe
inline constexpr std::string_view too_many = "too_many_subscriptions";    // on this socket
inline constexpr std::string_view rate_limited = "rate_limited";          // the message was dropped
inline constexpr std::string_view position_unknown = "position_unknown";  // of another log
inline constexpr std::string_view unavailable = "unavailable";  // cannot be read now; try again
}  // namespace ws_codes

std::variant<WsRequest, WsRefusal> parse_ws_request(std::string_view text);

// --- Frames --------------------------------------------------------------------------------------

// {"type":"subscribed","orderId":ID or "channel":"orders","after":SEQ,"batch":true?,"epoch":EPOCH?}
// `epoch`: of the stream's log, see StreamHub::epoch().
std::string subscribed_frame(const WsTopic& topic, Seq after, bool batch,
                             const std::optional<LogEpoch>& epoch = {});
// {"type":"unsubscribed",...}
std::string unsubscribed_frame(const WsTopic& topic);
// {"type":"caughtUp","seq":SEQ,...,"epoch":EPOCH?}: everything up to seq has been sent; later
// updates are live.
std::string caught_up_frame(const WsTopic& topic, Seq seq,
                            const std::optional<LogEpoch>& epoch = {});
std::string pong_frame();
std::string error_frame(std::string_view code, std::string_view message);
// The error position_unknown, with "headSeq" and "epoch".
std::string position_unknown_frame(const PositionUnknown& unknown);
// {"orderId","status","txHash","executedPrice","dex"}: the order's present state; null: no value.
std::string state_frame(const Order& order);
// An update without its "type" member.
std::string bare_update(std::string_view update_json);
// Appends an update with its offset: {"type":"update","n":N,"prevSeq":SEQ,...}.
void append_update_at(std::string& out, std::string_view update_json,
                      const SubscriptionOffset& offset);
// {"type":"updates","n":N,"prevSeq":SEQ,"count":N,"updates":[...]} of complete updates; `first`:
// the offset of the first of them.
void append_updates_frame(std::string& out, const std::vector<std::string_view>& update_jsons,
                          const SubscriptionOffset& first);
// The same in pieces: the text before the updates "u,u,...", and the text after them.
void append_updates_head(std::string& out, std::size_t count, const SubscriptionOffset& first);
inline constexpr std::string_view updates_tail = "]}";
// The most bytes that append_updates_frame() adds around its updates, without the commas.
inline constexpr std::size_t updates_frame_overhead = 128;

// `why` and the seq to resume after, in at most 123 bytes: a control frame has 125 (RFC 6455 5.5),
// and the code takes two of them.
std::string close_reason(std::string_view why, Seq resume_after);

}  // namespace oee
