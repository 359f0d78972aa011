// The WebSocket protocol's texts: what clients may say, and what they are told. Pure.
//
// A client says {"type":"subscribe","orderId":ID,"after":SEQ?},
// {"type":"subscribe","channel":"orders", "after":SEQ?,"batch":true?}, {"type":"unsubscribe",...}
// or {"type":"ping"}. A subscribe may have "status", "token" and "venue", lists of names to filter
// by; for an order only with "after". Unknown members are passed over; JSON's null is as good as
// absent.
//
// Each update frame says its place (stream/cursor.h): "n", its number in the subscription, and
// "prevSeq", the seq of the update before it, or what "subscribed" named as "after". A frame of
// several updates has the "n" and "prevSeq" of its first and their "count"; their seqs only rise.
// So nothing is missing when "n" is one more than the updates received, and "prevSeq" the last seq.
// A bare subscription (an order without "after") has neither.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/stream/cursor.h"
#include "core/order/order.h"
#include "core/order/update.h"

namespace oee {

// What a subscription is about: one order, or (empty) the channel "orders", which is all of them.
using WsTopic = std::optional<OrderId>;

struct WsSubscribe {
  WsTopic topic;
  std::optional<Seq> after;  // an order without it: its state once, then bare updates
  bool batch = false;        // the channel only
  FilterNames filter;
};
struct WsUnsubscribe {
  WsTopic topic;
};
struct WsPing {};
using WsRequest = std::variant<WsSubscribe, WsUnsubscribe, WsPing>;

// What is wrong with a message, as the error frame says it.
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
inline constexpr std::string_view not_subscribed = "not_subscribed";    // nothing to unsubscribe
inline constexpr std::string_view too_many = "too_many_subscriptions";  // on this socket
inline constexpr std::string_view rate_limited = "rate_limited";        // the message was dropped
inline constexpr std::string_view unavailable = "unavailable";  // cannot be read now; try again
}  // namespace ws_codes

std::variant<WsRequest, WsRefusal> parse_ws_request(std::string_view text);

// --- Frames --------------------------------------------------------------------------------------

// {"type":"subscribed","orderId":ID or "channel":"orders","after":SEQ,"batch":true?}
std::string subscribed_frame(const WsTopic& topic, Seq after, bool batch);
// {"type":"unsubscribed",...}
std::string unsubscribed_frame(const WsTopic& topic);
// {"type":"caughtUp","seq":SEQ,...}: everything up to seq has been sent; what follows is live.
std::string caught_up_frame(const WsTopic& topic, Seq seq);
std::string pong_frame();
std::string error_frame(std::string_view code, std::string_view message);
// {"orderId","status","txHash","executedPrice","dex"}: an order as it stands; null where there is
// nothing.
std::string state_frame(const Order& order);
// An update without its "type" member.
std::string bare_update(std::string_view update_json);
// Appends an update with its place: {"type":"update","n":N,"prevSeq":SEQ,...}.
void append_placed_update(std::string& out, std::string_view update_json,
                          const SubscriptionOffset& place);
// {"type":"updates","n":N,"prevSeq":SEQ,"count":N,"updates":[...]} of complete updates; `first` is
// the place of the first of them.
void append_updates_frame(std::string& out, const std::vector<std::string_view>& update_jsons,
                          const SubscriptionOffset& first);
// The same in pieces: what stands before the updates, "u,u,...", and what behind them.
void append_updates_head(std::string& out, std::size_t count, const SubscriptionOffset& first);
inline constexpr std::string_view updates_tail = "]}";
// Bytes that append_updates_frame() adds around its updates at most, commas aside.
inline constexpr std::size_t updates_frame_overhead = 128;

// At most 123 bytes: RFC 6455 5.5 gives a control frame 125, two of them the code.
std::string close_reason(std::string_view why, Seq resume_after);

// --- The handshake -------------------------------------------------------------------------------

// Whether a page of this origin may open a socket here. `origin` is the header's value, empty when
// there is none (not a browser): allowed. The server's own host is allowed, and what is listed
// ("https://app.example.org", compared without case).
bool origin_allowed(std::string_view origin, std::string_view host,
                    const std::vector<std::string>& allowed);

}  // namespace oee
