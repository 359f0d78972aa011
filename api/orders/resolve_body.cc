#include "api/orders/resolve_body.h"

#include <array>
#include <limits>

#include "api/http/json_body.h"
#include "api/orders/body_checks.h"

namespace oee {
namespace {

enum Member : std::size_t {
  attempt,
  outcome,
  tx_hash,
  amount_out,
  fee,
  why,
  amount_in,
  leg,
  member_count
};
constexpr std::array<std::string_view, member_count> names = {
    "attempt", "outcome", "txHash", "amountOut", "fee", "why", "amountIn", "leg"};

class ResolveReader {
 public:
  explicit ResolveReader(const BodyMembers& read) : read_(read) {
    for (std::size_t i = 0; i < member_count; ++i)
      if (read.values[i].repeated) wrong(Member(i), "duplicate_key", "is given more than once");
    for (const std::string& name : read.unknown)
      items.push_back({pointer_to(name), "unknown_member", "is not a member of a resolution"});
  }

  std::vector<ProblemItem> items;

  void wrong(Member member, std::string_view code, std::string detail) {
    items.push_back({pointer_to(names[member]), code, std::move(detail)});
  }
  bool has(Member member) const { return read_.values[member].kind != JsonKind::absent; }
  void refuse(Member member) {
    if (has(member)) wrong(member, "not_settled", "belongs to a settled outcome");
  }
  // The text of a string; empty: it is reported.
  std::string_view text(Member member, const char* expected) {
    const BodyMember& value = read_.values[member];
    if (!has(member)) {
      wrong(member, "required", "is required");
    } else if (value.kind != JsonKind::text || value.text.empty()) {
      wrong(member, "wrong_type", expected);
    } else if (value.too_long) {
      wrong(member, "too_long",
            "must have at most " + std::to_string(BodyMembers::text_bytes_max) + " characters");
    } else {
      return value.text;
    }
    return {};
  }
  // Of a number, or of a string with a decimal number. Empty: it is reported.
  std::optional<Units> units(Member member, std::uint8_t scale) {
    const std::optional<std::string_view> value = read_.values[member].view();
    if (!has(member)) {
      wrong(member, "required", "is required");
      return std::nullopt;
    }
    const Result<Units> units = value ? parse_units(*value, scale) : Error{Errc::invalid, {}};
    if (units.ok()) return *units;
    wrong(member, "not_an_amount",
          "must be a decimal number with at most " + std::to_string(scale) +
              " decimals, below 2^64 base units");
    return std::nullopt;
  }

 private:
  const BodyMembers& read_;
};

void read_settlement(ResolveReader& reader, const Order& order, ResolveOutcome& command) {
  const std::string_view hash = reader.text(tx_hash, "must be a string");
  if (!hash.empty()) {
    const Result<TxHash> parsed = parse_tx_hash(hash);
    if (parsed) command.tx_hash = *parsed;
    if (!parsed) reader.wrong(tx_hash, "not_a_tx_hash", "must be base58 of 64 bytes");
  }
  command.amount_out = {reader.units(amount_out, order.output.decimals).value_or(0),
                        order.output.decimals};
  command.fee = {0, order.input.decimals};
  if (reader.has(fee)) command.fee.units = reader.units(fee, order.input.decimals).value_or(0);
  if (order.exact_out) {
    if (const auto taken = reader.units(amount_in, order.input.decimals))
      command.amount_in = Decimal{*taken, order.input.decimals};
  } else if (reader.has(amount_in)) {
    reader.wrong(amount_in, "not_allowed", "is not allowed: the order has no outputAmount");
  }
}

// A leg of the live attempt; decide() requires the member when the attempt is split.
void read_leg(ResolveReader& reader, ResolveOutcome& command) {
  if (!reader.has(leg)) return;
  const std::optional<Units> number = reader.units(leg, 0);
  if (!number) return;
  if (*number >= legs_max)
    return reader.wrong(leg, "out_of_range",
                        "must be the number of a leg, from 0 to " + std::to_string(legs_max - 1));
  command.leg = static_cast<LegIndex>(*number);
}

}  // namespace

std::variant<ResolveOutcome, Problem> parse_resolve_body(std::string_view body,
                                                         const Order& order) {
  auto members = read_members(body, names);
  if (auto* problem = std::get_if<Problem>(&members)) return std::move(*problem);
  ResolveReader reader(std::get<BodyMembers>(members));
  ResolveOutcome command;
  if (const std::optional<Units> number = reader.units(attempt, 0)) {
    if (*number == 0 || *number > std::numeric_limits<Attempt>::max())
      reader.wrong(attempt, "out_of_range", "must be the number of an attempt, from 1");
    command.attempt = static_cast<Attempt>(*number);
  }
  read_leg(reader, command);
  command.why = reader.text(why, "must be a string that is not empty");
  const std::string_view stated =
      reader.text(outcome, "must be the string \"settled\" or \"notSettled\"");
  command.settled = stated == "settled";
  if (command.settled) {
    read_settlement(reader, order, command);
  } else if (stated == "notSettled") {
    for (const Member member : {tx_hash, amount_out, fee, amount_in}) reader.refuse(member);
  } else if (!stated.empty()) {
    reader.wrong(outcome, "unknown_value", "must be \"settled\" or \"notSettled\"");
  }
  if (!reader.items.empty()) return order_problem(std::move(reader.items));
  return command;
}

Problem resolve_problem(const Error& error) {
  return refused_member(error, names);
}

}  // namespace oee
