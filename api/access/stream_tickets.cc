#include "api/access/stream_tickets.h"

namespace oee {
namespace {

// Secret scanners recognise published tickets by this prefix.
constexpr std::string_view ticket_prefix = "oeet_";

}  // namespace

Result<std::string> TicketTable::make(PrincipalPtr holder, SteadyTime now) {
  forget_expired(now);
  const std::string in_time = " in " + std::to_string(lifetime.count()) + " s";
  if (made_.size() >= tickets_max)
    return Error{Errc::full, "The limit is " + std::to_string(tickets_max) + " tickets" + in_time +
                                 ", of all tokens together."};
  std::size_t& made_of_token = made_of_token_[holder->token];
  if (made_of_token >= tickets_of_token_max)
    return Error{Errc::full, "The limit is " + std::to_string(tickets_of_token_max) +
                                 " tickets of one token" + in_time + "."};
  std::string ticket = random_secret(ticket_prefix);
  const Hash256 hash = sha256({ticket});
  ++made_of_token;
  made_.push_back({now + lifetime, hash, holder->token});
  unused_.emplace(hash, std::move(holder));
  return ticket;
}

PrincipalPtr TicketTable::take(std::string_view ticket, SteadyTime now) {
  forget_expired(now);
  const auto found = unused_.find(sha256({ticket}));
  if (found == unused_.end()) return nullptr;
  PrincipalPtr holder = std::move(found->second);
  unused_.erase(found);
  return holder;
}

void TicketTable::forget_expired(SteadyTime now) {
  for (; !made_.empty() && made_.front().expires <= now; made_.pop_front()) {
    unused_.erase(made_.front().ticket);
    const auto count = made_of_token_.find(made_.front().token);
    if (--count->second == 0) made_of_token_.erase(count);
  }
}

Task<Result<StreamTickets::Ticket>> StreamTickets::make(PrincipalPtr holder) const {
  const bool elsewhere = &table_.home() != &loop_;
  if (elsewhere) co_await reschedule(table_.home());
  const WallTime expires_at = clock_.now() + TicketTable::lifetime;
  Result<std::string> text = table_.make(std::move(holder), clock_.steady_now());
  if (elsewhere) co_await reschedule(loop_);
  if (!text.ok()) co_return text.error();
  Ticket ticket{*std::move(text), expires_at};
  co_return ticket;
}

Task<PrincipalPtr> StreamTickets::take(std::string ticket) const {
  const bool elsewhere = &table_.home() != &loop_;
  if (elsewhere) co_await reschedule(table_.home());
  PrincipalPtr holder = table_.take(ticket, clock_.steady_now());
  if (elsewhere) co_await reschedule(loop_);
  co_return holder;
}

}  // namespace oee
