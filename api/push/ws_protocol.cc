#include "api/push/ws_protocol.h"

#include <algorithm>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "core/base/json_writer.h"

namespace oee {

namespace {

namespace json = boost::json;

constexpr std::string_view channel_orders = "orders";
constexpr std::string_view update_prefix = R"({"type":"update",)";
constexpr std::size_t close_reason_bytes_max = 123;
constexpr std::size_t json_depth_max = 8;

using Parsed = std::variant<WsRequest, WsRefusal>;

WsRefusal invalid(std::string message) {
  return {ws_codes::invalid, std::move(message)};
}

// The member, or null when it is absent or JSON's null.
const json::value* member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string_view text_of(const json::value& value) {
  const json::string& text = value.get_string();
  return {text.data(), text.size()};
}

// The topic of the message, or the reason why it has none.
std::variant<WsTopic, WsRefusal> parse_topic(const json::object& object) {
  const json::value* order = member(object, "orderId");
  const json::value* channel = member(object, "channel");
  if ((order != nullptr) == (channel != nullptr))
    return invalid(R"(either "orderId" or "channel" is required)");
  if (order != nullptr) {
    if (!order->is_string()) return invalid(R"("orderId" must be a string)");
    const Result<OrderId> id = parse_order_id(text_of(*order));
    if (!id.ok()) return invalid(R"("orderId" must be a UUID)");
    return WsTopic(*id);
  }
  if (!channel->is_string() || text_of(*channel) != channel_orders)
    return invalid(R"("channel" must be "orders")");
  return WsTopic();
}

// Appends the names of a list; false: the member is not a list of names.
bool parse_names(const json::value& value, std::vector<std::string>& names) {
  if (!value.is_array() || value.get_array().empty()) return false;
  for (const json::value& name : value.get_array()) {
    if (!name.is_string()) return false;
    names.emplace_back(text_of(name));
  }
  return true;
}

std::optional<WsRefusal> parse_filter(const json::object& object, WsSubscribe& subscribe) {
  const std::pair<const char*, std::vector<std::string>*> kinds[] = {
      {"status", &subscribe.filter.status},
      {"token", &subscribe.filter.token},
      {"venue", &subscribe.filter.venue},
      {"account", &subscribe.filter.account}};
  for (const auto& [kind, names] : kinds) {
    const json::value* value = member(object, kind);
    if (value == nullptr) continue;
    if (!parse_names(*value, *names))
      return invalid('"' + std::string(kind) + R"(" must be a list of at least one name)");
    if (subscribe.topic && !subscribe.after)
      return invalid('"' + std::string(kind) + R"(" of an order needs "after")");
  }
  return std::nullopt;
}

Parsed parse_subscribe(const json::object& object) {
  auto topic = parse_topic(object);
  if (auto* refusal = std::get_if<WsRefusal>(&topic)) return std::move(*refusal);
  WsSubscribe subscribe;
  subscribe.topic = std::get<WsTopic>(topic);
  if (const json::value* after = member(object, "after")) {
    if (after->is_uint64()) {
      subscribe.after = after->get_uint64();
    } else if (after->is_int64() && after->get_int64() >= 0) {
      subscribe.after = static_cast<Seq>(after->get_int64());
    } else {
      return invalid(R"("after" must be a seq: a whole number from 0)");
    }
  }
  if (const json::value* epoch = member(object, "epoch")) {
    if (!epoch->is_string()) return invalid(R"("epoch" must be a string)");
    const Result<LogEpoch> parsed = parse_log_epoch(text_of(*epoch));
    if (!parsed.ok()) return invalid(R"("epoch" must be 16 hexadecimal digits)");
    subscribe.epoch = *parsed;
  }
  if (const json::value* batch = member(object, "batch")) {
    if (!batch->is_bool()) return invalid(R"("batch" must be true or false)");
    subscribe.batch = batch->get_bool();
    if (subscribe.batch && subscribe.topic) return invalid(R"("batch" is for the channel only)");
  }
  if (auto refusal = parse_filter(object, subscribe)) return *std::move(refusal);
  return WsRequest(subscribe);
}

Parsed parse_unsubscribe(const json::object& object) {
  auto topic = parse_topic(object);
  if (auto* refusal = std::get_if<WsRefusal>(&topic)) return std::move(*refusal);
  WsUnsubscribe unsubscribe;
  unsubscribe.topic = std::get<WsTopic>(topic);
  return WsRequest(unsubscribe);
}

void write_topic(JsonWriter& json, const WsTopic& topic) {
  if (topic) {
    json.key("orderId").text_of(*topic);
  } else {
    json.key("channel").text(channel_orders);
  }
}

void write_epoch(JsonWriter& json, const std::optional<LogEpoch>& epoch) {
  if (epoch) json.key("epoch").text_of(*epoch);
}

template <class Body>
std::string frame(std::string_view type, Body body) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("type").text(type);
    body(json);
  });
  return out;
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_offset(std::string& out, const SubscriptionOffset& offset) {
  out += R"("n":)";
  append_number(out, offset.n);
  out += R"(,"prevSeq":)";
  append_number(out, offset.prev_seq);
  out += ',';
}

}  // namespace

std::variant<WsRequest, WsRefusal> parse_ws_request(std::string_view text) {
  json::parse_options options;
  options.max_depth = json_depth_max;
  json::error_code ec;
  json::monotonic_resource memory;
  const json::value value =
      json::parse(json::string_view(text.data(), text.size()), ec, &memory, options);
  if (ec) return WsRefusal{ws_codes::bad_json, "not JSON: " + ec.message()};
  if (!value.is_object()) return WsRefusal{ws_codes::bad_json, "a JSON object is expected"};
  const json::object& object = value.get_object();
  const json::value* type = member(object, "type");
  if (type == nullptr || !type->is_string()) return invalid(R"("type" must be a string)");
  const std::string_view type_text = text_of(*type);
  if (type_text == "subscribe") return parse_subscribe(object);
  if (type_text == "unsubscribe") return parse_unsubscribe(object);
  if (type_text == "ping") return WsRequest(WsPing());
  return WsRefusal{ws_codes::unknown_type, R"("type" must be subscribe, unsubscribe or ping)"};
}

std::string subscribed_frame(const WsTopic& topic, Seq after, bool batch,
                             const std::optional<LogEpoch>& epoch) {
  return frame("subscribed", [&](JsonWriter& json) {
    write_topic(json, topic);
    json.key("after").number(after);
    if (batch) json.key("batch").boolean(true);
    write_epoch(json, epoch);
  });
}

std::string unsubscribed_frame(const WsTopic& topic) {
  return frame("unsubscribed", [&](JsonWriter& json) { write_topic(json, topic); });
}

std::string caught_up_frame(const WsTopic& topic, Seq seq, const std::optional<LogEpoch>& epoch) {
  return frame("caughtUp", [&](JsonWriter& json) {
    json.key("seq").number(seq);
    write_topic(json, topic);
    write_epoch(json, epoch);
  });
}

std::string pong_frame() {
  return R"({"type":"pong"})";
}

std::string error_frame(std::string_view code, std::string_view message) {
  return frame("error", [&](JsonWriter& json) {
    json.key("code").text(code);
    json.key("message").text(message);
  });
}

std::string position_unknown_frame(const PositionUnknown& unknown) {
  return frame("error", [&](JsonWriter& json) {
    json.key("code").text(ws_codes::position_unknown);
    json.key("message").text("the log has no such position; read again from the first event");
    json.key("headSeq").number(unknown.head);
    write_epoch(json, unknown.epoch);
  });
}

std::string state_frame(const Order& order) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("orderId").text_of(order.id);
    json.key("status").text(to_string(order.status()));
    json.key("txHash");
    order.tx_hash ? json.text_of(*order.tx_hash) : json.null();
    json.key("executedPrice");
    order.phase == Phase::confirmed ? json.decimal_number(order.executed_price) : json.null();
    json.key("dex");
    order.attempt_built ? json.text(order.venue) : json.null();
  });
  return out;
}

std::string bare_update(std::string_view update_json) {
  check(update_json.starts_with(update_prefix), "bare_update: not an update");
  std::string out = "{";
  out += update_json.substr(update_prefix.size());
  return out;
}

void append_update_at(std::string& out, std::string_view update_json,
                      const SubscriptionOffset& offset) {
  check(update_json.starts_with(update_prefix), "append_update_at: not an update");
  out += update_prefix;
  append_offset(out, offset);
  out += update_json.substr(update_prefix.size());
}

void append_updates_frame(std::string& out, const std::vector<std::string_view>& update_jsons,
                          const SubscriptionOffset& first) {
  std::size_t bytes = out.size() + updates_frame_overhead;
  for (const std::string_view update : update_jsons) bytes += update.size() + 1;
  out.reserve(bytes);
  append_updates_head(out, update_jsons.size(), first);
  for (const std::string_view update : update_jsons) {
    if (out.back() != '[') out += ',';
    out += update;
  }
  out += updates_tail;
}

void append_updates_head(std::string& out, std::size_t count, const SubscriptionOffset& first) {
  out += R"({"type":"updates",)";
  append_offset(out, first);
  out += R"("count":)";
  append_number(out, count);
  out += R"(,"updates":[)";
}

std::string close_reason(std::string_view why, Seq resume_after) {
  const std::string resume = "; resume after " + std::to_string(resume_after);
  return std::string(why.substr(0, close_reason_bytes_max - resume.size())) + resume;
}

}  // namespace oee
