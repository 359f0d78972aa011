#include "eventlog/audit/payload_view.h"

#include <bit>
#include <string>

namespace oee {
namespace {

constexpr std::size_t name_bytes_max = 15;
constexpr std::size_t pool_bytes_max = 44;

// FlatBuffers are little-endian and not aligned here. Not core/base/bytes.h, which the writer uses:
// a mistake there must not be repeated here.
template <class T>
T little_endian(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

// --- The schema ----------------------------------------------------------------------------------

enum class PayloadView::Kind : std::uint8_t {
  u8,
  u32,
  u64,
  error_class,    // u8
  order_type,     // u8
  time_in_force,  // u8
  trigger_when,   // u8
  halt_scope,     // u8
  bytes16,
  bytes32,
  bytes64,
  decimal,  // struct: units u64, scale u8
  text,
  name,    // a text of at most 15 bytes
  token,   // table
  pool,    // a text of at most 44 bytes
  quotes,  // vector of tables
  hops,    // vector of tables
  texts,   // vector of texts
};

struct PayloadView::Member {
  Kind kind;
  bool required = false;
};

// The members of every table, in the order of the schema.
struct PayloadView::Schema {
  static constexpr Member number{Kind::u32};
  static constexpr Member wide{Kind::u64};
  static constexpr Member text{Kind::text};
  static constexpr Member name{Kind::name, true};
  static constexpr Member decimal{Kind::decimal, true};
  static constexpr Member optional_decimal{Kind::decimal};

  static constexpr Member token[] = {name, {Kind::u8}};
  static constexpr Member hop[] = {{Kind::pool, true}, name};
  static constexpr Member quote[] = {name,   text, decimal, decimal,          decimal,
                                     number, wide, text,    optional_decimal, {Kind::hops}};

  static constexpr Member order_accepted[] = {{Kind::text, true},
                                              text,
                                              text,
                                              {Kind::bytes32, true},
                                              {Kind::token, true},
                                              {Kind::token, true},
                                              decimal,
                                              number,
                                              {Kind::order_type},
                                              wide,
                                              wide,
                                              {Kind::u8},
                                              {Kind::time_in_force},
                                              optional_decimal,
                                              {Kind::u8},
                                              optional_decimal,
                                              {Kind::trigger_when},
                                              optional_decimal,
                                              number,
                                              wide,
                                              {Kind::u8},
                                              {Kind::texts},
                                              text,
                                              wide};
  static constexpr Member routing_started[] = {number};
  static constexpr Member route_selected[] = {number, {Kind::quotes, true}, number, number};
  static constexpr Member transaction_built[] = {
      number, name, {Kind::bytes16, true}, decimal, decimal, decimal, decimal, wide, {Kind::hops}};
  static constexpr Member transaction_submitted[] = {number, name, {Kind::bytes64, true}};
  static constexpr Member outcome_unknown[] = {number, text, {Kind::u8}};
  static constexpr Member order_confirmed[] = {
      number, name, {Kind::bytes64, true}, decimal, decimal, decimal, decimal, number};
  static constexpr Member attempt_failed[] = {number, {Kind::error_class}, text, wide};
  static constexpr Member order_failed[] = {number, {Kind::error_class}, text, number};
  static constexpr Member order_expired[] = {text, text};
  static constexpr Member change[] = {text, text, text, {Kind::bytes32}};
  static constexpr Member outcome_resolved[] = {number,
                                                text,
                                                text,
                                                text,
                                                {Kind::bytes32},
                                                {Kind::u8},
                                                {Kind::bytes64},
                                                {Kind::decimal},
                                                {Kind::decimal},
                                                {Kind::decimal},
                                                {Kind::u8}};
  static constexpr Member order_rested[] = {text};
  static constexpr Member order_partially_filled[] = {
      number, name, {Kind::bytes64, true}, decimal, decimal, decimal, decimal};
  static constexpr Member order_amended[] = {text,
                                             text,
                                             text,
                                             {Kind::bytes32},
                                             optional_decimal,
                                             optional_decimal,
                                             number,
                                             optional_decimal,
                                             wide,
                                             {Kind::u8},
                                             optional_decimal};
  static constexpr Member trading_halted[] = {{Kind::halt_scope}, text, text, text, text,
                                              {Kind::bytes32}};
  static constexpr Member trading_resumed[] = {wide, text, text, text, {Kind::bytes32}};
  static constexpr Member order_triggered[] = {name, decimal, wide, optional_decimal};
  static constexpr Member risk_limits_changed[] = {{Kind::text, true}, text, text};
  static constexpr Member leg{Kind::u8};
  static constexpr Member leg_built[] = {number,  leg,         name,    {Kind::bytes16, true},
                                         decimal, decimal,     decimal, decimal,
                                         wide,    {Kind::hops}};
  static constexpr Member leg_submitted[] = {number, leg, name, {Kind::bytes64, true}};
  static constexpr Member leg_outcome_unknown[] = {number, leg, text};
  static constexpr Member leg_filled[] = {number,  leg,     name,    {Kind::bytes64, true},
                                          decimal, decimal, decimal, decimal};
  static constexpr Member leg_ended[] = {number, leg, {Kind::error_class}, text};

  // In the order of EventType.
  static constexpr std::array<Members, event_type_count> bodies = {order_accepted,
                                                                   routing_started,
                                                                   route_selected,
                                                                   transaction_built,
                                                                   transaction_submitted,
                                                                   outcome_unknown,
                                                                   order_confirmed,
                                                                   attempt_failed,
                                                                   order_failed,
                                                                   change,
                                                                   order_expired,
                                                                   change,
                                                                   change,
                                                                   outcome_resolved,
                                                                   order_rested,
                                                                   order_partially_filled,
                                                                   change,
                                                                   order_amended,
                                                                   trading_halted,
                                                                   trading_resumed,
                                                                   order_triggered,
                                                                   risk_limits_changed,
                                                                   leg_built,
                                                                   leg_submitted,
                                                                   leg_outcome_unknown,
                                                                   leg_filled,
                                                                   leg_ended};
  static_assert([] {
    for (const Members& body : bodies)
      if (body.size() > members_max) return false;
    return true;
  }());
};

// --- Whole payloads ------------------------------------------------------------------------------

Result<void> PayloadView::check(EventType type) {
  std::uint8_t tag = 0;
  std::size_t body = 0;
  if (!root(tag, body)) return *error_;
  if (tag > event_type_count) {
    unknown("event");
    return *error_;
  }
  if (tag != static_cast<std::uint8_t>(type) + 1)
    return Error{Errc::corrupt, "the payload is not of the event type that the header states"};
  table(body, Schema::bodies[tag - 1U], body_);
  if (error_) return *error_;
  if (type == EventType::route_selected && u32(2) >= u32(1))
    return Error{Errc::corrupt, "the chosen quote is not among the quotes of the payload"};
  if (type == EventType::route_selected) {
    const std::uint32_t legs = u32(3, 1);
    if (legs == 0 || legs > legs_max || legs > u32(1) - u32(2))
      return Error{Errc::corrupt, "the chosen legs are not among the quotes of the payload"};
  }
  if (type == EventType::outcome_resolved && u8(5) != 0 && !(has(6) && has(7) && has(8)))
    return Error{Errc::corrupt, "a settled outcome lacks its transaction or an amount"};
  return {};
}

// Reads the union's tag and the position of its table.
bool PayloadView::root(std::uint8_t& tag, std::size_t& body) {
  if (bytes_.size() < 8 || bytes_.substr(4, 4) != "OEEV")
    return damaged("it has no OEEV identifier", 4);
  std::size_t at = 0;
  if (!follow(0, at)) return false;
  // The body is read as a plain offset: the type of its target depends on the tag.
  constexpr Member members[] = {{Kind::u8}, {Kind::u32, true}};
  Positions positions{};
  if (!table(at, members, positions)) return false;
  tag = u8_at(positions[0]);
  return follow(positions[1], body);
}

// A table begins with the signed distance back to its vtable. The vtable holds its own size, the
// size of the table, then each member's distance from the beginning of the table, all u16.
bool PayloadView::table(std::size_t at, Members members, Positions& positions) {
  if (!fits(at, 4, 4)) return damaged("a table is outside the bytes", at);
  const std::int64_t vtable_at =
      static_cast<std::int64_t>(at) - little_endian<std::int32_t>(bytes_.data() + at);
  if (vtable_at < 0) return damaged("a vtable is outside the bytes", at);
  const auto vtable = static_cast<std::size_t>(vtable_at);
  if (!fits(vtable, 2, 2)) return damaged("a vtable is outside the bytes", at);
  const std::size_t vtable_bytes = u16_at(vtable);
  if (vtable_bytes % 2 != 0 || !fits(vtable, vtable_bytes, 2))
    return damaged("a vtable has a wrong size", vtable);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::size_t slot = 4 + 2 * i;
    const std::size_t offset = slot < vtable_bytes ? u16_at(vtable + slot) : 0;
    positions[i] = 0;
    if (offset == 0) {
      if (members[i].required) return damaged("a required member is missing", at);
    } else if (!member(at + offset, members[i].kind, positions[i])) {
      return false;
    }
  }
  return true;
}

bool PayloadView::member(std::size_t at, Kind kind, std::size_t& position) {
  position = at;
  switch (kind) {
    case Kind::u8:
      return scalar(at, 1, 1);
    case Kind::u32:
      return scalar(at, 4, 4);
    case Kind::u64:
      return scalar(at, 8, 8);
    case Kind::error_class:
      return scalar(at, 1, 1) &&
             (u8_at(at) <= static_cast<int>(error_class_last) || unknown("error class"));
    case Kind::order_type:
      return scalar(at, 1, 1) &&
             (u8_at(at) <= static_cast<int>(order_type_last) || unknown("order type"));
    case Kind::time_in_force:
      return scalar(at, 1, 1) &&
             (u8_at(at) <= static_cast<int>(time_in_force_last) || unknown("time in force"));
    case Kind::trigger_when:
      return scalar(at, 1, 1) &&
             (u8_at(at) <= static_cast<int>(trigger_when_last) || unknown("trigger"));
    case Kind::halt_scope:
      return scalar(at, 1, 1) &&
             (u8_at(at) <= static_cast<int>(halt_scope_last) || unknown("scope of a halt"));
    case Kind::bytes16:
      return scalar(at, 16, 1);
    case Kind::bytes32:
      return scalar(at, 32, 1);
    case Kind::bytes64:
      return scalar(at, 64, 1);
    case Kind::decimal:
      return scalar(at, 16, 8) &&
             (u8_at(at + 8) <= decimal_scale_max || damaged("a decimal's scale is above 18", at));
    case Kind::text:
    case Kind::name:
    case Kind::pool:
    case Kind::token:
    case Kind::quotes:
    case Kind::hops:
    case Kind::texts:
      return reference(at, kind, position);
  }
  return damaged("it has a member of no known kind", at);
}

// Reads a member that is the distance to its value.
bool PayloadView::reference(std::size_t at, Kind kind, std::size_t& position) {
  if (!follow(at, position)) return false;
  if (kind == Kind::token) return whole_token(position);
  if (kind == Kind::quotes || kind == Kind::hops || kind == Kind::texts)
    return whole_vector(position, kind);
  return whole_text(position, kind);
}

bool PayloadView::scalar(std::size_t at, std::size_t size, std::size_t alignment) {
  return fits(at, size, alignment) || damaged("a member is outside the bytes", at);
}

// A text: length u32, the bytes, one zero.
bool PayloadView::whole_text(std::size_t at, Kind kind) {
  if (!fits(at, 4, 4)) return damaged("a text is outside the bytes", at);
  const std::size_t size = u32_at(at);
  if (!fits(at + 4, size + 1, 1) || bytes_[at + 4 + size] != '\0')
    return damaged("a text ends outside the bytes", at);
  if (kind == Kind::name && size > name_bytes_max)
    return damaged("a name is longer than 15 bytes", at);
  if (kind == Kind::pool && size > pool_bytes_max)
    return damaged("a pool's name is longer than 44 bytes", at);
  return true;
}

bool PayloadView::whole_token(std::size_t at) {
  Positions positions{};
  return table(at, Schema::token, positions) &&
         (u8_at(positions[1]) <= decimal_scale_max || damaged("a token has over 18 decimals", at));
}

// A vector: count u32, then for each element the distance from that field to the element.
bool PayloadView::whole_vector(std::size_t at, Kind kind) {
  if (!fits(at, 4, 4)) return damaged("a vector is outside the bytes", at);
  const std::size_t count = u32_at(at);
  if (!fits(at + 4, 4 * count, 4)) return damaged("a vector ends outside the bytes", at);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t element = at + 4 + 4 * i;
    const std::size_t target = element + u32_at(element);
    Positions positions{};
    const bool whole = kind == Kind::texts  ? whole_text(target, Kind::text)
                       : kind == Kind::hops ? table(target, Schema::hop, positions)
                                            : table(target, Schema::quote, positions);
    if (!whole) return false;
  }
  return true;
}

bool PayloadView::follow(std::size_t at, std::size_t& target) {
  if (!fits(at, 4, 4)) return damaged("an offset is outside the bytes", at);
  const std::size_t distance = little_endian<std::uint32_t>(bytes_.data() + at);
  if (distance == 0 || distance >= bytes_.size() - at)
    return damaged("an offset leads outside it", at);
  target = at + distance;
  return true;
}

bool PayloadView::fits(std::size_t at, std::size_t size, std::size_t alignment) const {
  return at % alignment == 0 && at <= bytes_.size() && size <= bytes_.size() - at;
}

bool PayloadView::damaged(const char* what, std::size_t at) {
  error_ =
      Error{Errc::corrupt, "the payload is damaged at byte " + std::to_string(at) + ": " + what};
  return false;
}
// The members after it are examined too: damage goes before an unknown value.
bool PayloadView::unknown(const char* what) {
  if (!error_)
    error_ = Error{Errc::unsupported, std::string("the payload holds an unknown ") + what +
                                          ": it was written by a newer program"};
  return true;
}

// --- Members -------------------------------------------------------------------------------------

std::uint64_t PayloadView::u64(std::size_t member) const {
  const std::size_t at = body_[member];
  return at == 0 ? 0 : little_endian<std::uint64_t>(bytes_.data() + at);
}

Decimal PayloadView::decimal(std::size_t member) const {
  return decimal_at(body_[member]);
}

std::optional<Decimal> PayloadView::optional_decimal(std::size_t member) const {
  if (body_[member] == 0) return std::nullopt;
  return decimal_at(body_[member]);
}

PayloadView::TokenView PayloadView::token(std::size_t member) const {
  return {text_in(body_[member], 0), u8_at(position_in(body_[member], 1))};
}

PayloadView::QuoteView PayloadView::quote(std::size_t quotes, std::uint32_t index) const {
  const std::size_t element = body_[quotes] + 4 + 4 * static_cast<std::size_t>(index);
  const std::size_t table = element + u32_at(element);
  const std::size_t amount_in = position_in(table, 8);
  const std::size_t path = position_in(table, 9);
  QuoteView view{text_in(table, 0),
                 !text_in(table, 1).empty(),
                 decimal_at(position_in(table, 2)),
                 amount_in == 0 ? std::nullopt : std::optional(decimal_at(amount_in)),
                 {}};
  if (path != 0) view.path = path_at(path + u32_at(path));
  return view;
}

HopPath PayloadView::path(std::size_t member) const {
  return body_[member] == 0 ? HopPath() : path_at(body_[member]);
}

HopPath PayloadView::path_at(std::size_t vector) const {
  HopPath path;
  for (std::uint32_t i = 0; i < u32_at(vector); ++i) {
    const std::size_t element = vector + 4 + 4 * static_cast<std::size_t>(i);
    const std::size_t hop = element + u32_at(element);
    path.push_back({text_in(hop, 0), text_in(hop, 1)});
  }
  return path;
}

std::size_t PayloadView::position_in(std::size_t table, std::size_t member) const {
  const auto vtable = static_cast<std::size_t>(static_cast<std::int64_t>(table) -
                                               little_endian<std::int32_t>(bytes_.data() + table));
  const std::size_t slot = 4 + 2 * member;
  const std::size_t offset = slot < u16_at(vtable) ? u16_at(vtable + slot) : 0;
  return offset == 0 ? 0 : table + offset;
}
std::string_view PayloadView::text_in(std::size_t table, std::size_t member) const {
  const std::size_t at = position_in(table, member);
  return at == 0 ? std::string_view() : text_at(at + u32_at(at));
}

// Position 0 holds the root's offset and never a member: it stands for an absent member, which
// reads as its default.
std::uint8_t PayloadView::u8_at(std::size_t at) const {
  return at == 0 ? 0 : static_cast<std::uint8_t>(bytes_[at]);
}
std::uint16_t PayloadView::u16_at(std::size_t at) const {
  return little_endian<std::uint16_t>(bytes_.data() + at);
}
std::uint32_t PayloadView::u32_at(std::size_t at) const {
  return at == 0 ? 0 : little_endian<std::uint32_t>(bytes_.data() + at);
}
Decimal PayloadView::decimal_at(std::size_t at) const {
  return {little_endian<std::uint64_t>(bytes_.data() + at), u8_at(at + 8)};
}
std::string_view PayloadView::text_at(std::size_t at) const {
  return at == 0 ? std::string_view() : bytes_.substr(at + 4, u32_at(at));
}

}  // namespace oee
