#include "tools/log_dump/selection.h"

#include "core/order/lifecycle.h"

namespace oee::log_dump {
namespace {

// The value of a flag, read by `parse`; nullopt when the flag was not given.
template <class T>
Result<std::optional<T>> optional_flag(const std::string& flag, const std::string& text,
                                       Result<T> (*parse)(std::string_view)) {
  if (text.empty()) return std::optional<T>();
  Result<T> value = parse(text);
  if (!value) return Error{value.error().code, flag + " '" + text + "': " + value.error().detail};
  return std::optional<T>(*value);
}

// A set of names as bits.
template <class T>
Result<std::uint32_t> named_bits(const std::string& flag, const std::vector<std::string>& names,
                                 std::optional<T> (*parse)(std::string_view)) {
  std::uint32_t bits = 0;
  for (const std::string& name : names) {
    const std::optional<T> value = parse(name);
    if (!value) return Error{Errc::invalid, flag + " '" + name + "': unknown name"};
    bits |= 1U << static_cast<unsigned>(*value);
  }
  return bits;
}

bool has(std::uint32_t bits, unsigned bit) {
  return bits == 0 || (bits >> bit & 1U) != 0;
}

}  // namespace

bool Selection::takes(EventType type, const OrderId& id, WallTime time) const {
  return has(types, static_cast<unsigned>(type)) &&
         has(statuses, static_cast<unsigned>(status_after(type))) && (!order || *order == id) &&
         (!since || time >= *since) && (!until || time <= *until);
}

Result<Selection> parse_selection(const SelectionTexts& texts) {
  Selection selection;
  OEE_TRY_ASSIGN(selection.since, optional_flag("--since", texts.since, parse_rfc3339));
  OEE_TRY_ASSIGN(selection.until, optional_flag("--until", texts.until, parse_rfc3339));
  OEE_TRY_ASSIGN(selection.order, optional_flag("--order", texts.order, parse_order_id));
  OEE_TRY_ASSIGN(selection.types, named_bits("--type", texts.types, parse_event_type));
  OEE_TRY_ASSIGN(selection.statuses, named_bits("--status", texts.statuses, parse_order_status));
  return selection;
}

}  // namespace oee::log_dump
