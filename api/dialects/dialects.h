// Other systems' clients, unchanged: five engines of this kind (A to E), each as data: where its
// orders go in and with which members, what it answers, how it refuses, where its WebSockets open,
// what its frames hold. No logic is here beyond finding the row; orders go through the OrderService
// like every other order. Pure; any thread.
//
// Common to all: success is 200. Bodies are application/json in UTF-8 (else 415: a page of another
// site cannot post them unasked). Members that a row does not name are passed over, as those
// engines do, but an order type under any usual name must be "market". Idempotency-Key works as
// under /v1. A full engine is 503 with Retry-After. Amounts are numbers, or strings with a decimal
// number where the engine took those. Tokens are the registry's symbols.
//
// A, B, D and E share a path: a body is D's or A's (and E's) by the members that are theirs alone,
// and B's when it has none of them; A, B and E get one answer and one shape of error, the union of
// theirs.
//
// Slippage: C's is a fraction from 0 to 1 (0.01 = 1 %). D's max_slippage is a fraction too: its own
// message "Price moved 1.91% (max allowed: 1.01%)" follows 0.0101, the only reading of 1.01 % that
// lies in 0.01 < x < 0.5. Both become whole basis points, cut, never rounded up: 0.01019 is 101, so
// that an order never tolerates more than was asked. None given: 100.
//
// A's WebSocket is the plain /ws protocol (a subscription without "after"), see ws_session.h; B, C,
// D and E are told an order's whole story from its first event. An id that is none, or that no
// order has, is answered by the row's error frame and (but for D, whose socket takes further ids) a
// close with 1008; an order that cannot be read now, likewise with 1013.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oee {

// --- Submits -------------------------------------------------------------------------------------

enum class DialectSlippage : std::uint8_t {
  none,             // 100 bps
  fraction,         // 0..1, may be absent
  narrow_fraction,  // 0.01 < x < 0.5
};
enum class DialectErrors : std::uint8_t {
  error_and_message,  // {"error","message","details"?:[{"pointer","detail"}]}
  fastify,            // {"statusCode","code","error","message"}
  text,               // one sentence as text/plain
};

struct DialectSubmit {
  std::string_view path;
  // Its members. Empty: it has none; SOL is sold for USDC then.
  std::string_view input{};
  std::string_view output{};
  std::string_view amount{};
  std::string_view slippage{};
  DialectSlippage slippage_rule = DialectSlippage::none;
  // Every member is required, an order type too, each of its exact JSON type: 422 when not, while
  // what else is wrong is 400.
  bool strict = false;

  // The answer's members; empty: not there.
  std::string_view id_key{};
  std::string_view status{};
  std::string_view message{};

  DialectErrors errors = DialectErrors::error_and_message;
  std::string_view invalid_order{};  // "error" of an order that is not valid
};

// A body's order type, under whichever of these names, must be "market".
inline constexpr std::string_view dialect_type_names[] = {"order_type", "orderType", "type"};

// The rows of a path, in the order of choice: a body is of the first row that finds a member of its
// own in it, beside the amount, else of the last row. Empty: no such path.
std::span<const DialectSubmit> dialect_submits(std::string_view path);

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
  reason,  // why it failed
};
// The statuses in which a member is there.
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
  std::string_view path;  // one that names the id ends with "/"
  OrderIdFrom id_from;
  std::span<const FrameMember> frame;  // null where there is no value
  bool greets = false;                 // {"type":"connection","status":"connected",...}
  bool closes_at_end = false;          // with 1000, once the order's end is told
  // An error frame is {error_key: what is wrong}, with one fixed member before it (or none).
  std::string_view error_mark_key{};
  std::string_view error_mark{};
  std::string_view error_key{};
};

// What an upgrade at this target opens; empty: nothing of a dialect's.
struct DialectUpgrade {
  const DialectSocket* socket;
  std::string id_text;  // as given; for OrderIdFrom::message nothing
};
std::optional<DialectUpgrade> dialect_upgrade(std::string_view target);

}  // namespace oee
