#include "api/dialects/frames.h"

#include <array>

#include "api/http/json_body.h"
#include "core/base/json_writer.h"

namespace oee {
namespace {

// The members of an update's JSON (core/order/order_json.h) that frames use.
enum Member : std::size_t { dex, price, tx_hash, executed_price, error, reason, error_class };
constexpr std::array<std::string_view, 7> update_members = {
    "dex", "price", "txHash", "executedPrice", "error", "reason", "errorClass"};
constexpr std::size_t reason_bytes_max = 2'048;

bool present(FrameWhen when, OrderStatus status) {
  using enum OrderStatus;
  switch (when) {
    case FrameWhen::always:
      return true;
    case FrameWhen::not_confirmed:
      return status != confirmed;
    case FrameWhen::building:
      return status == building;
    case FrameWhen::submitted_or_confirmed:
      return status == submitted || status == confirmed;
    case FrameWhen::confirmed:
      return status == confirmed;
    case FrameWhen::ended_badly:
      return status == failed || status == cancelled || status == expired;
  }
  return false;
}

bool is_end(OrderStatus status) {
  return status == OrderStatus::confirmed || present(FrameWhen::ended_badly, status);
}

// The other engines have no resting orders: one is pending, with a message.
std::string_view status_text(OrderStatus status) {
  return to_string(status == OrderStatus::resting ? OrderStatus::pending : status);
}

// The event changes no status that the other engines know: that of a leg, or one whose consequence
// follows.
bool leads_to_another(EventType type) {
  switch (type) {
    case EventType::dead_letter_discarded:
    case EventType::cancel_requested:
    case EventType::outcome_resolved:
    case EventType::leg_built:
    case EventType::leg_filled:
    case EventType::leg_ended:
      return true;
    default:
      return false;
  }
}

std::string message_of(const Update& update, std::string_view reason) {
  const std::string why = reason.empty() ? std::string() : ": " + std::string(reason);
  if (update.type == EventType::order_partially_filled) return "A part of the order is executed";
  if (update.type == EventType::order_amended) return "The order's terms have changed";
  switch (update.status()) {
    case OrderStatus::pending:
      return why.empty() ? "Order accepted" : "Will be retried" + why;
    case OrderStatus::resting:
      return "Waiting for the order's price" + why;
    case OrderStatus::routing:
      return "Comparing the venues' prices";
    case OrderStatus::building:
      return "Building the transaction";
    case OrderStatus::submitted:
      return why.empty() ? "Transaction submitted" : "Outcome not known yet" + why;
    case OrderStatus::confirmed:
      return "Order executed";
    case OrderStatus::failed:
      return "Order failed" + why;
    case OrderStatus::cancelled:
      return "Order cancelled" + why;
    case OrderStatus::expired:
      return "Order expired" + why;
    case OrderStatus::none:
      break;
  }
  return {};
}

std::string percent(std::uint64_t bps) {
  const std::uint64_t cents = bps % 100;
  return std::to_string(bps / 100) + (cents < 10 ? ".0" : ".") + std::to_string(cents) + "%";
}

// The values of one frame.
struct FrameValues {
  const Update& update;
  const BodyMembers& members;
  std::string_view dex;
  std::string_view reason;
  Decimal amount_in;

  std::string_view text(Member member) const { return members.values[member].text; }

  void write(JsonWriter& json, FrameSource source) const {
    switch (source) {
      case FrameSource::update_type:
        json.text("status");
        return;
      case FrameSource::order_id:
        json.text_of(update.order_id);
        return;
      case FrameSource::status:
        json.text(status_text(update.status()));
        return;
      case FrameSource::time:
        json.text_of(update.time);
        return;
      case FrameSource::message:
        json.text(message_of(update, reason));
        return;
      case FrameSource::dex:
        return text_or_null(json, dex);
      case FrameSource::price:
        return number_or_null(json, members.values[Member::price]);
      case FrameSource::tx_hash:
        return text_or_null(json, text(tx_hash));
      case FrameSource::executed_price:
        return number_or_null(json, members.values[Member::executed_price]);
      case FrameSource::amount:
        json.decimal_number(amount_in);
        return;
      case FrameSource::reason:
        return text_or_null(json, reason);
    }
  }
  static void text_or_null(JsonWriter& json, std::string_view value) {
    value.empty() ? json.null() : json.text(value);
  }
  static void number_or_null(JsonWriter& json, const BodyMember& member) {
    json.raw(member.kind == JsonKind::number && !member.too_long ? std::string_view(member.text)
                                                                 : "null");
  }
};

}  // namespace

DialectFrames::DialectFrames(const DialectSocket& socket, const Order& order)
    : socket_(socket),
      amount_in_(order.amount_in),
      slippage_bps_(order.slippage_bps),
      has_min_out_(order.min_out_floor.has_value()),
      known_seq_(order.last_seq) {}

std::string DialectFrames::frame_of(const Update& update) {
  at_end_ = is_end(update.status()) && update.seq >= known_seq_;
  const bool still_routing = update.status() == OrderStatus::routing && routing_;
  routing_ = update.status() == OrderStatus::routing;
  if (still_routing || leads_to_another(update.type)) return {};
  const auto read = read_members(update.json, update_members, reason_bytes_max);
  const auto* members = std::get_if<BodyMembers>(&read);
  if (members == nullptr) return {};  // a gateway's updates come from Redis, open to others
  std::string why = members->values[error].text;
  if (why.empty()) why = members->values[reason].text;
  if (!has_min_out_ &&
      members->values[error_class].text == to_string(ErrorClass::slippage_exceeded)) {
    std::string moved = price_moved_text(why, slippage_bps_);
    if (!moved.empty()) why = std::move(moved);
  }
  // An outcome that is not known is of the transaction before, and names no venue.
  if (const std::string& named = members->values[dex].text; !named.empty()) dex_ = named;
  const FrameValues values{update, *members, dex_, why, amount_in_};
  std::string frame;
  JsonWriter json(frame);
  json.object([&] {
    for (const FrameMember& member : socket_.frame) {
      if (!present(member.when, update.status())) continue;
      json.key(member.key);
      values.write(json, member.source);
    }
  });
  return frame;
}

std::string dialect_greeting(std::string_view order_id, std::string_view connection_id,
                             WallTime now) {
  std::string frame;
  JsonWriter json(frame);
  json.object([&] {
    json.key("type").text("connection");
    json.key("status").text("connected");
    json.key("orderId").text(order_id);
    json.key("connectionId").text(connection_id);
    json.key("message").text("Connected; the order's updates follow");
    json.key("timestamp").text_of(now);
  });
  return frame;
}

std::string dialect_error_frame(const DialectSocket& socket, std::string_view order_id,
                                std::string_view text, WallTime now) {
  std::string frame;
  JsonWriter json(frame);
  json.object([&] {
    if (!socket.error_mark_key.empty()) json.key(socket.error_mark_key).text(socket.error_mark);
    if (socket.greets) json.key("orderId").text(order_id);
    json.key(socket.error_key).text(text);
    if (socket.greets) json.key("timestamp").text_of(now);
  });
  return frame;
}

// min_out = ceil(first * (10,000 - slippage) / 10,000). So the price moved, in basis points of the
// first quote, by 10,000 - would_give * (10,000 - slippage) / min_out.
std::string price_moved_text(std::string_view detail, std::uint32_t slippage_bps) {
  constexpr std::string_view begin = "would give ";
  constexpr std::string_view middle = ", below min out ";
  const std::size_t at = detail.find(middle);
  if (!detail.starts_with(begin) || at == detail.npos || slippage_bps >= 10'000) return {};
  const std::string_view given_text = detail.substr(begin.size(), at - begin.size());
  const std::string_view min_text = detail.substr(at + middle.size());
  // At the largest scale that fits both amounts; the scale of their token is not known here.
  for (int scale = decimal_scale_max; scale >= 0; --scale) {
    const Result<Units> given = parse_units(given_text, static_cast<std::uint8_t>(scale));
    const Result<Units> min_out = parse_units(min_text, static_cast<std::uint8_t>(scale));
    if (!given || !min_out) continue;
    if (*given >= *min_out) return {};
    const U128 left = U128{*given} * (10'000 - slippage_bps) / *min_out;
    return "Price moved " + percent(10'000 - static_cast<std::uint64_t>(left)) +
           " (max allowed: " + percent(slippage_bps) + ")";
  }
  return {};
}

}  // namespace oee
