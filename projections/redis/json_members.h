// The members of a JSON object as slices of its text: what is passed on keeps its exact bytes.
// Pure.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace oee {

// Name (between its quotes, escapes kept) and value (its exact text), in order. Views of `text`.
using JsonMembers = std::vector<std::pair<std::string_view, std::string_view>>;

// invalid: `text` is not one well-formed JSON object.
Result<JsonMembers> json_members(std::string_view text);

// The members of an object that is known to be well formed (a value that json_members() returned).
JsonMembers json_members_of_valid(std::string_view text);

}  // namespace oee
