// Stream tickets: one-time stand-ins for a token, for clients of streams that cannot send one (an
// EventSource sets no headers). A ticket holds for 30 s and one request, which has it in its query:
// a URL that ends up in a log or a history is then worthless. It stands for the token that made it
// and ends with it. Tickets are kept in memory only; a restart forgets them.
//
// A ticket is 256 random bits. The table is searched by its SHA-256, so the time of a search
// depends only on hashes, as in AccessList.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "api/access/access_list.h"
#include "core/base/task.h"
#include "core/base/time.h"
#include "core/runtime/loop.h"
#include "core/seams/clock.h"

namespace oee {

// The tickets of a process. Used on the thread of one loop, `home`.
class TicketTable {
 public:
  static constexpr std::chrono::seconds lifetime{30};
  // Tickets made within a lifetime, used or not; 4 MB.
  static constexpr std::size_t tickets_max = 10'000;
  static constexpr std::size_t tickets_of_token_max = 1'000;

  explicit TicketTable(Loop& home) : home_(home) {}
  Loop& home() { return home_; }

  // A new ticket of this holder. full: one of the limits is reached; the detail names it.
  Result<std::string> make(PrincipalPtr holder, SteadyTime now);
  // The holder of the ticket, which is used from now on. Null: unknown, used or expired.
  PrincipalPtr take(std::string_view ticket, SteadyTime now);

 private:
  struct Made {
    SteadyTime expires;
    Hash256 ticket;
    Hash256 token;
  };
  void forget_expired(SteadyTime now);

  Loop& home_;
  std::deque<Made> made_;  // in the order of expiry
  std::map<Hash256, PrincipalPtr> unused_;
  std::map<Hash256, std::size_t> made_of_token_;
};

// One shard's access to the table: its coroutines go to the table's loop and come back. Owned by
// the shard; loop's thread.
class StreamTickets {
 public:
  // References outlive the object.
  StreamTickets(TicketTable& table, Loop& loop, Clock& clock)
      : table_(table), loop_(loop), clock_(clock) {}

  struct Ticket {
    std::string text;
    WallTime expires_at;
  };
  // As TicketTable::make() and take().
  Task<Result<Ticket>> make(PrincipalPtr holder) const;
  Task<PrincipalPtr> take(std::string ticket) const;

 private:
  TicketTable& table_;
  Loop& loop_;
  Clock& clock_;
};

}  // namespace oee
