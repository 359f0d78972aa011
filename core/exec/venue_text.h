// bounded_venue_text(): cuts a venue's text to the length that an event stores. Pure; any thread.
#pragma once

#include <string>

#include "core/base/json_writer.h"

namespace oee {

// The log limits the length of texts; 1,000 bytes of a venue's text are enough to read.
inline constexpr std::size_t venue_text_max = 1'000;

inline std::string bounded_venue_text(std::string text) {
  cut_utf8(text, venue_text_max);
  return text;
}

}  // namespace oee
