#include "core/order/slices.h"

#include "core/base/bytes.h"
#include "core/base/sha256.h"

namespace oee {
namespace {

// The sum of its first `n` slices.
Units sum_of_slices(const Order& order, std::uint32_t n) {
  return static_cast<Units>(U128{order.amount_in.units} * n / order.type_terms.slices->count);
}

// The time at which this slice of the order is due.
WallTime slice_time(const Order& order, std::uint32_t slice) {
  const SliceTerms& slices = *order.type_terms.slices;
  const Micros first = slices.interval * slice;
  const std::int64_t delay_max = slices.interval.count() * slices.randomize_percent / 100;
  if (delay_max == 0) return order.accepted_at + first;
  char number[4];
  store_be<std::uint32_t>(number, slice);
  const Hash256 hash =
      sha256({"oee/twap-slice/1", order.id.view(), std::string_view(number, sizeof number)});
  const auto random = load_be<std::uint64_t>(as_bytes(hash));
  const auto delay =
      static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(delay_max) + 1));
  return order.accepted_at + first + Micros{delay};
}

}  // namespace

std::uint32_t slices_due(const Order& order, WallTime now) {
  const SliceTerms& slices = *order.type_terms.slices;
  const Micros passed = now - order.accepted_at;
  if (passed < Micros{0}) return 0;
  // The slices before this one are due, however late each is.
  const auto slice = static_cast<std::uint64_t>(passed / slices.interval);
  if (slice >= slices.count) return slices.count;
  const auto n = static_cast<std::uint32_t>(slice);
  return now >= slice_time(order, n) ? n + 1 : n;
}

Units amount_due(const Order& order, WallTime now) {
  if (!order.type_terms.slices) return order.remaining();
  const Units due = sum_of_slices(order, slices_due(order, now));
  return due > order.filled_in ? due - order.filled_in : 0;
}

WallTime due_at(const Order& order, Units amount) {
  check(amount > 0 && amount <= order.remaining(), "due_at: not an amount of the order");
  if (!order.type_terms.slices) return order.accepted_at;
  // The least number of slices whose sum is so much: ceil(sold * count / amount_in).
  const U128 sold = U128{order.filled_in} + amount;
  const U128 all = order.amount_in.units;
  const U128 n = (sold * order.type_terms.slices->count + all - 1) / all;
  return slice_time(order, static_cast<std::uint32_t>(n) - 1);
}

std::optional<WallTime> more_due_at(const Order& order, WallTime now) {
  const Units due = amount_due(order, now);
  if (due >= order.remaining()) return std::nullopt;
  return due_at(order, due + 1);
}

}  // namespace oee
