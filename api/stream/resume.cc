#include "api/stream/resume.h"

#include <algorithm>

#include "core/runtime/sleep.h"

namespace oee {
namespace {

constexpr Micros head_wait_max{2'000'000};  // eight heads: the bus carries one every 250 ms
constexpr Micros head_poll{20'000};

}  // namespace

Task<Result<std::optional<PositionUnknown>>> find_unknown_position(ResumePosition position,
                                                                   OrderService& orders,
                                                                   StreamHub& hub, Clock& clock,
                                                                   std::function<bool()> over) {
  const SteadyTime give_up = clock.steady_now() + head_wait_max;
  const std::uint64_t heads = hub.heads();
  for (;;) {
    const std::optional<Seq> durable = orders.head();
    PositionUnknown unknown{std::max(hub.known_head(), durable.value_or(0)), hub.epoch()};
    if (position.epoch && unknown.epoch && *position.epoch != *unknown.epoch)
      co_return std::optional(unknown);
    if (!position.after || *position.after <= unknown.head)
      co_return std::optional<PositionUnknown>();
    if (durable) co_return std::optional(unknown);
    if (over() || clock.steady_now() >= give_up) {
      if (hub.heads() != heads) co_return std::optional(unknown);
      Error unavailable{Errc::unavailable, "the head of the log is not known now"};
      co_return unavailable;
    }
    co_await sleep_for(clock, head_poll);
  }
}

}  // namespace oee
