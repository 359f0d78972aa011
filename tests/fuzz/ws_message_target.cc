// A client's WebSocket message. An accepted message is read back equal from its canonical text. Any
// other gets a listed code and a message. The decision about the handshake's Origin is compared
// with a second implementation.
#include <algorithm>
#include <array>
#include <cctype>

#include "api/http/cors.h"
#include "api/push/ws_protocol.h"
#include "core/base/json_writer.h"
#include "tests/fuzz/fuzz.h"

namespace oee::fuzz {
namespace {

using Parsed = std::variant<WsRequest, WsRefusal>;

std::string canonical_text(const WsRequest& request) {
  std::string out;
  JsonWriter json(out);
  const auto topic = [&json](const WsTopic& about) {
    if (about) {
      json.key("orderId").text(to_text(*about));
    } else {
      json.key("channel").text("orders");
    }
  };
  const auto names = [&json](std::string_view kind, const std::vector<std::string>& all) {
    if (all.empty()) return;
    json.key(kind).array([&] {
      for (const std::string& name : all) json.text(name);
    });
  };
  json.object([&] {
    if (const auto* subscribe = std::get_if<WsSubscribe>(&request)) {
      json.key("type").text("subscribe");
      topic(subscribe->topic);
      if (subscribe->after) json.key("after").number(*subscribe->after);
      json.key("batch").boolean(subscribe->batch);
      names("status", subscribe->filter.status);
      names("token", subscribe->filter.token);
      names("venue", subscribe->filter.venue);
      names("account", subscribe->filter.account);
    } else if (const auto* unsubscribe = std::get_if<WsUnsubscribe>(&request)) {
      json.key("type").text("unsubscribe");
      topic(unsubscribe->topic);
    } else {
      json.key("type").text("ping");
    }
  });
  return out;
}

void check_refusal(const WsRefusal& refusal) {
  constexpr std::array codes = {ws_codes::bad_json, ws_codes::unknown_type, ws_codes::invalid};
  check(std::find(codes.begin(), codes.end(), refusal.code) != codes.end(), "an unlisted code");
  check(!refusal.message.empty(), "a refusal without a message");
  const auto sent = parsed_answer(error_frame(refusal.code, refusal.message));
  check(view_of(sent.at("code").as_string()) == refusal.code, "the answer has another code");
}

void check_request(const WsRequest& request) {
  const std::string canonical = canonical_text(request);
  const Parsed again = parse_ws_request(canonical);
  const auto* same = std::get_if<WsRequest>(&again);
  check(same != nullptr, "the canonical text is refused");
  check(canonical_text(*same) == canonical, "the canonical text is another request");
  if (const auto* subscribe = std::get_if<WsSubscribe>(&request)) {
    check(!subscribe->batch || !subscribe->topic, "batches of one order");
    const Seq after = subscribe->after.value_or(0);
    (void)parsed_answer(subscribed_frame(subscribe->topic, after, subscribe->batch));
    (void)parsed_answer(caught_up_frame(subscribe->topic, after));
    check(close_reason("slow reader", after).size() <= 123, "no close frame is that large");
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "origin LF host LF listed": allowed exactly when one of three conditions holds.
void check_origin(std::string_view text) {
  const std::size_t one = std::min(text.find('\n'), text.size());
  const std::string_view rest = text.substr(std::min(one + 1, text.size()));
  const std::size_t two = std::min(rest.find('\n'), rest.size());
  const std::string_view origin = text.substr(0, one);
  const std::string_view host = rest.substr(0, two);
  const std::string listed(rest.substr(std::min(two + 1, rest.size())));
  const bool own = !host.empty() && (lower(origin) == "http://" + lower(host) ||
                                     lower(origin) == "https://" + lower(host));
  const bool expected = origin.empty() || own || lower(origin) == lower(listed);
  check(origin_allowed(origin, host, {listed}) == expected, "another decision about the origin");
}

void run(std::string_view text) {
  const Parsed first = parse_ws_request(text);
  const Parsed second = parse_ws_request(std::string(text));
  check(first.index() == second.index(), "the same message is not always accepted");
  if (const auto* refusal = std::get_if<WsRefusal>(&first)) {
    check(std::get<WsRefusal>(second).message == refusal->message, "not always the same refusal");
    check_refusal(*refusal);
  } else {
    check_request(std::get<WsRequest>(first));
  }
  check_origin(text);
}

}  // namespace
}  // namespace oee::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oee::fuzz::run(oee::fuzz::text_of(data, size));
  return 0;
}
