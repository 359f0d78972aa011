// Shared by the fuzz targets. A violated property is a programming error in the code under test:
// check() stops the process, and libFuzzer keeps the input.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"

namespace oee::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::string_view view_of(const boost::json::string& text) {
  return {text.data(), text.size()};
}

// Parses an answer to a client, which must be a JSON object for every input.
inline boost::json::value parsed_answer(const std::string& text) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  check(!error && value.is_object(), "an answer is not a JSON object");
  return value;
}

}  // namespace oee::fuzz
