#include "core/exec/venue_desk.h"

#include "core/base/log.h"
#include "core/exec/venue_text.h"

namespace oee {

VenueDesk::VenueDesk(Venue& the_venue, VenueMetrics& its_metrics, const ExecutorOptions& options)
    : venue(the_venue),
      metrics(its_metrics),
      breakers{Breaker{CircuitBreaker(options.quote_breaker), {}},
               Breaker{CircuitBreaker(options.submit_breaker), {}}} {}

std::optional<Error> VenueDesk::refusal(VenueMetrics::Call call, SteadyTime now,
                                        WallTime wall) const {
  const CircuitBreaker& circuit = breakers[call].circuit;
  if (circuit.allows(now)) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(circuit.next_probe() - now);
  std::string text = "circuit breaker (" + std::string(VenueMetrics::call_names[call]) + ") is " +
                     std::string(to_string(circuit.state())) + ", opened at " +
                     format_rfc3339(wall - (now - circuit.left_closed_at())) + ", next probe in " +
                     format_duration(wait) + "; last error: " + breakers[call].last_error;
  return Error{Errc::unavailable, bounded_venue_text(std::move(text))};
}

void VenueDesk::begin(VenueMetrics::Call call, SteadyTime now) {
  breakers[call].circuit.begin(now);
  metrics.breakers[call].state.store(breaker_state(call), std::memory_order_relaxed);
}

bool VenueDesk::succeeded(VenueMetrics::Call call, SteadyTime began) {
  const bool closed = breakers[call].circuit.succeeded(began);
  if (!closed) return false;
  metrics.breakers[call].state.store(breaker_state(call), std::memory_order_relaxed);
  log::info("a venue's circuit breaker is closed", log::field("venue", venue.name()),
            log::field("call", VenueMetrics::call_names[call]));
  return true;
}

void VenueDesk::failed(VenueMetrics::Call call, SteadyTime began, SteadyTime now,
                       std::string_view error) {
  breakers[call].last_error = bounded_venue_text(std::string(error));
  const bool opened = breakers[call].circuit.failed(began, now);
  metrics.breakers[call].state.store(breaker_state(call), std::memory_order_relaxed);
  if (!opened) return;
  metrics.breakers[call].openings.add();
  log::warn("a venue's circuit breaker is open: no order is routed to it",
            log::field("venue", venue.name()), log::field("call", VenueMetrics::call_names[call]),
            log::field("error", breakers[call].last_error));
}

}  // namespace oee
