// The protocols of other order engines (A to E) as data, so that their clients work without
// changes. A row states its dialects, the path and the members of a submit, the answer, the format
// of errors, the path of the WebSocket and the members of its frames. The only logic here is the
// search for the row. Orders go through the OrderService like every other order. Pure; any thread.
//
// Common to all: success is 200. Bodies are application/json in UTF-8; else 415, which also stops
// web pages of other sites, because browsers send that type only after a preflight. An order type
// under any usual name must be "market". A member that a row does not name is refused when its name
// or a name inside its value stands for a term of the order (names_a_term); other members are
// ignored, as in those engines. A row's member that is given twice is refused. Idempotency-Key
// works as under /v1; only the clearing of dead letters refuses it, because a repetition would
// discard what failed since. A full engine answers 503 with Retry-After. Amounts are numbers, or
// strings with a decimal number where the original engine accepts them. They are binary floating
// point: digits past the token's decimals are cut off, toward zero. Tokens are the registry's
// symbols.
//
// A, B, D and E share a path. A body belongs to D or to A (and E) by the members that only they
// have. It belongs to B only when it has an amount and no other member than, at most, an order
// type. A, B and E share one answer and one error format, the union of theirs. Rows of dialects
// that are not served do not exist: a body that needs one is refused like any other unknown body.
//
// Slippage: C's value is a fraction up to 0.1 (0.01 = 1 %) and a percentage above it: C's own page
// sends 1.0 for 1 %. At most 100. D's max_slippage is a fraction: D's own message "Price moved
// 1.91% (max allowed: 1.01%)" follows 0.0101, the only reading of 1.01 % that is in 0.01 < x < 0.5.
// Both become whole basis points, rounded down: 0.01019 is 101, so that the limit is never looser
// than the client's. Default: 100.
//
// A's WebSocket uses the /ws protocol (a subscription without "after"), see ws_session.h. B, C, D
// and E receive all updates of an order from its first event. A malformed or unknown id is answered
// with the row's error frame and a close with 1008; an order that cannot be read now, with the
// error frame and 1013. D's socket accepts further ids and stays open.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/dialects/dialect_set.h"

namespace oee {

// --- Submits -------------------------------------------------------------------------------------

enum class DialectSlippage : std::uint8_t {
  none,                 // 100 bps
  fraction_or_percent,  // 0..0.1 a fraction, above 0.1 up to 100 a percentage; optional
  narrow_fraction,      // 0.01 < x < 0.5
};
enum class DialectErrors : std::uint8_t {
  error_and_message,  // {"error","message","details"?:[{"pointer","detail"}]}
  fastify,            // {"statusCode","code","error","message"}
  text,               // one sentence as text/plain
};

struct DialectSubmit {
  DialectSet of;  // served with any of them
  std::string_view path;
  // The members of the body. Empty: not in this dialect; the tokens are then SOL for USDC.
  std::string_view input{};
  std::string_view output{};
  std::string_view amount{};
  std::string_view slippage{};
  DialectSlippage slippage_rule = DialectSlippage::none;
  // The body has no other members than the row's and an order type.
  bool exact = false;
  // Every member is required, also the order type, each with its exact JSON type; else 422. Other
  // errors are 400.
  bool strict = false;

  // The members of the answer; empty: absent.
  std::string_view id_key{};
  std::string_view status{};
  std::string_view message{};

  DialectErrors errors = DialectErrors::error_and_message;
  std::string_view invalid_order{};  // the "error" member for an invalid order
};

// A body's order type must be "market" under each of these names.
inline constexpr std::string_view dialect_type_names[] = {"order_type", "orderType", "type"};

// Whether a member of this name would change the terms of an order: its tokens, amount, price,
// slippage, side, type, venue or time, or whether it trades at all, as the dialects, /v1 and other
// engines spell them, usual misspellings included.
bool names_a_term(std::string_view name);

// --- WebSockets ----------------------------------------------------------------------------------

enum class FrameSource : std::uint8_t {
  update_type,  // the literal "status"
  order_id,
  status,
  time,     // of the event, RFC 3339
  message,  // a sentence for people
  dex,
  price,  // quoted
  tx_hash,
  executed_price,
  amount,  // of the order, in the token that is sold
  reason,  // of the failure
};
// The statuses in which a member is present.
enum class FrameWhen : std::uint8_t {
  always,
  not_confirmed,
  building,
  submitted_or_confirmed,
  confirmed,
  ended_badly,  // failed, cancelled, expired
};
struct FrameMember {
  std::string_view key;
  FrameSource source;
  FrameWhen when = FrameWhen::always;
};

enum class OrderIdFrom : std::uint8_t { path, query, message };

struct DialectSocket {
  DialectSet of;
  std::string_view path;  // ends with "/" when the id follows it
  OrderIdFrom id_from;
  std::span<const FrameMember> frame;  // a member without a value is null
  bool greets = false;                 // first {"type":"connection","status":"connected",...}
  bool closes_at_end = false;          // with 1000, after the frame of the order's end
  // An error frame is {error_key: text}. A fixed member may stand before it.
  std::string_view error_mark_key{};
  std::string_view error_mark{};
  std::string_view error_key{};
};

// The dialect's socket at a target.
struct DialectUpgrade {
  const DialectSocket* socket;
  std::string id_text;  // as the client wrote it; empty for OrderIdFrom::message
};

// The rows of the dialects that are served. Views of rows are valid as long as it.
class Dialects {
 public:
  explicit Dialects(DialectSet served);

  // The rows of a path, in the order of choice: a body belongs to the first row that has one of its
  // own members, besides the amount, in the body; else to the last row. Empty: no such path.
  std::span<const DialectSubmit> submits(std::string_view path) const;
  // Empty: the target is not a dialect's.
  std::optional<DialectUpgrade> upgrade(std::string_view target) const;

 private:
  std::vector<DialectSubmit> submits_;
  std::vector<DialectSocket> sockets_;
};

}  // namespace oee
