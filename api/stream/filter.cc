#include "api/stream/filter.h"

#include <algorithm>

#include "core/order/command.h"

namespace oee {
namespace {

constexpr std::size_t shown_bytes_max = 64;  // of a client's name in an error message

UnknownName unknown(std::string_view kind, const std::string& name, const std::string& known) {
  return {kind, '"' + name.substr(0, shown_bytes_max) + "\" is none of " + known};
}

// `name_of` returns an item's name.
template <class Items, class NameOf>
std::string list_of(const Items& items, NameOf name_of) {
  std::string list;
  for (const auto& item : items) {
    if (!list.empty()) list += ", ";
    list += name_of(item);
  }
  return list;
}

template <class Name>
void add_once(std::vector<Name>& names, const Name& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::string known_statuses() {
  std::string list;
  for (std::size_t i = 0; i < order_status_count; ++i) {
    if (i > 0) list += ", ";
    list += to_string(static_cast<OrderStatus>(i));
  }
  return list;
}

}  // namespace

std::optional<UnknownName> StreamFilter::make(const FilterNames& names,
                                              const TokenRegistry& registry,
                                              std::string_view only_account, StreamFilter* filter) {
  *filter = {};
  filter->everything_ = names.empty() && only_account.empty();
  for (const std::string& name : names.status) {
    const auto status = parse_order_status(name);
    if (!status) return unknown("status", name, known_statuses());
    filter->statuses_ |= 1U << static_cast<unsigned>(*status);
  }
  for (const std::string& name : names.token) {
    const TokenInfo* info = registry.find(name);
    if (info == nullptr) {
      const auto name_of = [](const TokenInfo& each) { return each.token.symbol.view(); };
      return unknown("token", name, list_of(registry.tokens(), name_of));
    }
    add_once(filter->tokens_, info->token.symbol);
  }
  for (const std::string& name : names.venue) {
    const auto& venues = registry.venues();
    const auto found = std::find_if(venues.begin(), venues.end(),
                                    [&name](const VenueInfo& each) { return each.name == name; });
    if (found == venues.end()) {
      const auto name_of = [](const VenueInfo& each) { return each.name.view(); };
      return unknown("venue", name, list_of(venues, name_of));
    }
    add_once(filter->venues_, found->name);
  }
  for (const std::string& name : names.account) {
    if (!is_account_name(name))
      return UnknownName{"account", "must be " + std::string(account_name_rule)};
    if (!only_account.empty() && name != only_account)
      return UnknownName{"account", "must be the account of the token"};
    if (filter->accounts_.size() == stream_accounts_max)
      return UnknownName{"account", "must be at most " + std::to_string(stream_accounts_max)};
    add_once(filter->accounts_, name);
  }
  if (!only_account.empty()) add_once(filter->accounts_, std::string(only_account));
  return std::nullopt;
}

}  // namespace oee
