// The members of a JSON object as slices of its text, so that a value is forwarded with its exact
// bytes. Pure. Any thread.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace oee {

// Name (without its quotes, escapes kept) and value (its exact text), in the order of the text.
// Views of `text`.
using JsonMembers = std::vector<std::pair<std::string_view, std::string_view>>;

// invalid: `text` is not one well-formed JSON object, at most eight levels deep.
Result<JsonMembers> json_members(std::string_view text);

// REQUIRES: `text` is a well-formed object, for example a value that json_members() returned.
JsonMembers json_members_of_valid(std::string_view text);

}  // namespace oee
