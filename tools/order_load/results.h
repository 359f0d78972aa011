// Results: the measurements of one run, and their two printed forms.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/order_load/histogram.h"
#include "tools/order_load/options.h"

namespace oee::load {

struct Results {
  std::chrono::nanoseconds sending{0};  // from the first order due to the last answer
  std::uint64_t due = 0;                // orders that were due
  std::uint64_t requests = 0;           // submits sent, retries included
  std::uint64_t accepted = 0;
  std::uint64_t replayed = 0;  // accepted by an earlier request whose answer was lost
  std::uint64_t refused = 0;   // answers 429 and 503
  std::uint64_t retried = 0;   // requests sent again
  // refused until the last retry, or waiting for a retry when the grace time ended
  std::uint64_t given_up = 0;
  std::uint64_t lost = 0;  // no answer, and no key to send it again with
  // due and never sent: the server was behind for longer than the grace time
  std::uint64_t not_sent = 0;
  std::uint64_t connect_failures = 0;
  std::uint64_t stream_breaks = 0;
  std::map<int, std::uint64_t> answers;             // by HTTP status
  std::map<std::string, std::uint64_t> outcomes;    // by final status
  std::uint64_t open = 0;                           // accepted, and not ended
  std::uint64_t ended_unseen = 0;                   // ended by GET, without an update on the stream
  std::map<std::string, std::uint64_t> unexpected;  // answers that the API does not allow
  Histogram accept;  // due -> accepted; retries and waiting are included
  Histogram answer;  // sent -> answered, each request
  Histogram end;     // due -> final update received
};

// Whether the exit code is 0.
bool in_order(const Results& results, const Options& options);
std::string as_text(const Results& results, const Options& options);
std::string as_json(const Results& results, const Options& options);

}  // namespace oee::load
