// The checks of single members that the body of a new order and the body of an amendment share.
// Each appends its errors to `items` with the pointer of its member. A member with an error is left
// out of every further check. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/json_body.h"
#include "core/base/time.h"
#include "core/order/event.h"

namespace oee {

struct MemberRule {
  std::string_view name;
  bool required;
  bool may_be_text;
  bool may_be_number;
  std::string_view expected;
  JsonKind other = JsonKind::absent;  // one more kind that it may be
};

// Compares the kinds of `read` with the rules, one for each name that was read. A member of the
// wrong kind, a repeated and a too long one get the kind `array`, so that it is neither absent nor
// read again. `what`: the thing that has these members, for the error of an unknown one.
void check_kinds(std::span<const MemberRule> rules, BodyMembers& read, std::string_view what,
                 std::vector<ProblemItem>& items);

// Digits of an amount past the token's decimals: an error, or cut off (toward zero). Clients of the
// dialects send binary floating point, such as 12.345678901234567.
enum class ExcessDigits : std::uint8_t { refused, cut };

// Every amount is positive. `token` null: it is unknown, so only the form is checked. nullopt: an
// error, or no token.
std::optional<Decimal> check_amount(std::string_view text, const Token* token,
                                    const std::string& where, ExcessDigits excess,
                                    std::vector<ProblemItem>& items);
// A positive price with at most 18 decimals, without trailing zeros.
std::optional<Decimal> check_price(std::string_view text, const std::string& where,
                                   std::vector<ProblemItem>& items);
// A whole number in the range, both ends included.
std::optional<std::uint32_t> check_whole(std::string_view text, std::uint32_t min,
                                         std::uint32_t max, const std::string& where,
                                         std::vector<ProblemItem>& items);
// A text such as 30s or 5m, in the range.
std::optional<Micros> check_duration(std::string_view text, Micros min, Micros max,
                                     const std::string& where, std::vector<ProblemItem>& items);
// 0 to 10,000.
std::optional<std::uint32_t> check_slippage(std::string_view text, const std::string& where,
                                            std::vector<ProblemItem>& items);
// `past_allowed`: the request may repeat an earlier one, whose time has passed since.
std::optional<WallTime> check_expiry(std::string_view text, WallTime now, bool past_allowed,
                                     const std::string& where, std::vector<ProblemItem>& items);
// The output of the amount at the limit price must fit 64 bits.
void check_output_at(Decimal price, Decimal amount_in, const Token& output,
                     const std::string& where, std::vector<ProblemItem>& items);

// The problem of a change that the order's state does not allow: decide() names the member, one of
// `names`, at the beginning of the detail, before a colon.
Problem refused_member(const Error& error, std::span<const std::string_view> names);

}  // namespace oee
