#include "projections/redis/push_message.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/json_writer.h"
#include "core/order/command.h"
#include "projections/redis/json_members.h"

namespace oee {

namespace {

constexpr std::string_view type_prefix = "io.oee.order.";
constexpr std::string_view type_suffix = ".v1";
constexpr std::size_t sequence_digits = 20;                        // 2^64 - 1 has twenty
constexpr Seq seq_max = std::numeric_limits<std::int64_t>::max();  // PostgreSQL's bigint
constexpr std::size_t message_bytes_max = 256 * 1024;              // an update has ~1 KB
constexpr std::string_view update_begin = R"({"type":"update",)";  // of every update's JSON

Error malformed(std::string_view member) {
  return Error{Errc::invalid, "push message: malformed or missing " + std::string(member)};
}

// The event as a span of the request's trace; spans of outside subscribers are its children. The
// flags are 00: it is not known whether the trace is sampled. https://www.w3.org/TR/trace-context/
std::string traceparent_of(const Update& update) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "00-" + to_text(update.correlation) + '-';
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[update.seq >> shift & 15];
  return text + "-00";
}

std::string sequence_text(Seq seq) {
  std::string digits = std::to_string(seq);
  return std::string(sequence_digits - digits.size(), '0') + digits;
}

// The name of a token or a venue; false when the text is too long for one.
template <class Name>
bool read_name(std::string_view text, Name* name) {
  if (text.size() > Name::size_max) return false;
  *name = Name(text);
  return true;
}

template <class N>
bool read_number(std::string_view text, N* value) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, *value);
  return !text.empty() && parsed.ec == std::errc{} && parsed.ptr == end;
}

// The text of a JSON string without escapes, as the engine writes them; false for anything else.
bool read_plain_string(std::string_view value, std::string_view* text) {
  if (value.size() < 2 || value.front() != '"') return false;
  *text = value.substr(1, value.size() - 2);
  return text->find('\\') == std::string_view::npos;
}

// `epoch` empty: the message has none.
Result<LogIdentity> parse_log(std::string_view id, std::string_view epoch) {
  OEE_TRY_ASSIGN(const std::string raw, from_hex(id));
  if (raw.size() != LogId{}.bytes.size()) return malformed("log id");
  LogIdentity log(LogId::from_bytes(raw));
  if (log.is_zero()) return malformed("log id");
  if (!epoch.empty()) {
    OEE_TRY_ASSIGN(log.epoch, parse_log_epoch(epoch));
  }
  return log;
}

std::optional<EventType> parse_push_type(std::string_view text) {
  if (!text.starts_with(type_prefix) || !text.ends_with(type_suffix)) return std::nullopt;
  if (text.size() < type_prefix.size() + type_suffix.size()) return std::nullopt;
  text.remove_prefix(type_prefix.size());
  text.remove_suffix(type_suffix.size());
  return parse_event_type(text);
}

// The members that decode_push() needs, as slices of the text.
struct Envelope {
  std::string_view specversion, id, type, subject, time, sequence, epoch, correlation, input,
      output, account, data;
};

Result<Envelope> read_envelope(std::string_view message) {
  if (message.size() > message_bytes_max) return malformed("size");
  OEE_TRY_ASSIGN(const JsonMembers members, json_members(message));
  Envelope envelope;
  const std::pair<std::string_view, std::string_view*> wanted[] = {
      {"specversion", &envelope.specversion},
      {"id", &envelope.id},
      {"type", &envelope.type},
      {"subject", &envelope.subject},
      {"time", &envelope.time},
      {"sequence", &envelope.sequence},
      {"epoch", &envelope.epoch},
      {"correlationid", &envelope.correlation},
      {"inputtoken", &envelope.input},
      {"outputtoken", &envelope.output},
      {"account", &envelope.account}};
  for (const auto& [name, value] : members) {
    if (name == "data") envelope.data = value;
    for (const auto& [wanted_name, text] : wanted)
      if (name == wanted_name && !read_plain_string(value, text)) return malformed(name);
  }
  if (envelope.specversion != "1.0") return malformed("specversion");
  return envelope;
}

// Reads the update's JSON, which is sent to clients byte by byte: it must begin as every update
// does, be one line, and agree with the envelope. REQUIRES: *update has the envelope's members.
Result<void> read_data(const Envelope& envelope, Update* update) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (!envelope.data.starts_with(update_begin) ||
      std::any_of(envelope.data.begin(), envelope.data.end(), is_control))
    return malformed("data");
  Seq seq = 0;
  std::string_view order, status, dex;
  for (const auto& [name, value] : json_members_of_valid(envelope.data)) {
    // An escaped name is another one for readers that unescape it.
    if (name.find('\\') != std::string_view::npos) return malformed("data");
    if (name == "seq" && !read_number(value, &seq)) return malformed("data.seq");
    if (name == "version" && !read_number(value, &update->version))
      return malformed("data.version");
    if (name == "orderId" && !read_plain_string(value, &order)) return malformed("data.orderId");
    if (name == "status" && !read_plain_string(value, &status)) return malformed("data.status");
    if (name == "dex" && (!read_plain_string(value, &dex) || !read_name(dex, &update->venue)))
      return malformed("data.dex");
  }
  if (seq != update->seq || update->version == 0 || order != to_text(update->order_id) ||
      status != to_string(update->status()))
    return malformed("data");
  update->json = envelope.data;
  return {};
}

}  // namespace

void append_push(std::string& out, const LogIdentity& log, const Update& update) {
  const std::string log_text = to_text(log.id);
  const std::string seq_text = std::to_string(update.seq);
  JsonWriter json(out);
  json.object([&] {
    json.key("specversion").text("1.0");
    json.key("id").text(log_text + '/' + seq_text);
    json.key("source").text("urn:oee:log:" + log_text);
    std::string type(type_prefix);
    type += to_string(update.type);
    type += type_suffix;
    json.key("type").text(type);
    json.key("subject").text_of(update.order_id);
    json.key("time").text_of(update.time);
    json.key("datacontenttype").text("application/json");
    json.key("sequence").text(sequence_text(update.seq));
    json.key("epoch").text_of(log.epoch);
    if (!update.correlation.is_zero()) {
      json.key("traceparent").text(traceparent_of(update));
      json.key("correlationid").text_of(update.correlation);
    }
    if (!update.input.empty()) json.key("inputtoken").text(update.input);
    if (!update.output.empty()) json.key("outputtoken").text(update.output);
    if (!update.account.empty()) json.key("account").text(update.account);
    json.key("data").raw(update.json);
  });
}

Result<PushMessage> decode_push(std::string_view message) {
  OEE_TRY_ASSIGN(const Envelope envelope, read_envelope(message));
  PushMessage push;
  Update& update = push.update;

  const std::size_t slash = envelope.id.find('/');
  if (slash == std::string_view::npos) return malformed("id");
  OEE_TRY_ASSIGN(push.log_id, parse_log(envelope.id.substr(0, slash), envelope.epoch));
  if (!read_number(envelope.id.substr(slash + 1), &update.seq)) return malformed("id");

  Seq sequence = 0;
  if (envelope.sequence.size() != sequence_digits || !read_number(envelope.sequence, &sequence) ||
      sequence != update.seq || sequence == 0 || sequence > seq_max)
    return malformed("sequence");

  const std::optional<EventType> type = parse_push_type(envelope.type);
  if (!type) return malformed("type");
  update.type = *type;
  OEE_TRY_ASSIGN(update.order_id, parse_order_id(envelope.subject));
  OEE_TRY_ASSIGN(update.time, parse_rfc3339(envelope.time));
  if (!envelope.correlation.empty()) {
    OEE_TRY_ASSIGN(const std::string raw, from_hex(envelope.correlation));
    if (raw.size() != update.correlation.bytes.size()) return malformed("correlationid");
    update.correlation = CorrelationId::from_bytes(raw);
  }

  if (!read_name(envelope.input, &update.input)) return malformed("inputtoken");
  if (!read_name(envelope.output, &update.output)) return malformed("outputtoken");
  if (!envelope.account.empty() && !is_account_name(envelope.account)) return malformed("account");
  update.account = envelope.account;

  OEE_TRY(read_data(envelope, &update));
  return push;
}

std::string encode_head_message(const LogIdentity& log, Seq head) {
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("logId").text_of(log.id);
    json.key("epoch").text_of(log.epoch);
    json.key("seq").number(head);
  });
  return out;
}

Result<HeadMessage> decode_head_message(std::string_view message) {
  if (message.size() > message_bytes_max) return malformed("size");
  OEE_TRY_ASSIGN(const JsonMembers members, json_members(message));
  HeadMessage head;
  bool has_seq = false;
  std::string_view log_text, epoch;
  for (const auto& [name, value] : members) {
    if (name == "logId" && !read_plain_string(value, &log_text)) return malformed(name);
    if (name == "epoch" && !read_plain_string(value, &epoch)) return malformed(name);
    if (name == "seq" && !(has_seq = read_number(value, &head.head))) return malformed(name);
  }
  if (!has_seq || head.head > seq_max) return malformed("seq");
  OEE_TRY_ASSIGN(head.log_id, parse_log(log_text, epoch));
  return head;
}

}  // namespace oee
