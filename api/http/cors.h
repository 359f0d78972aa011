// Cross-origin requests of web pages (the Fetch standard's CORS protocol). Pure.
//
// The pages of the server's own host and those of --allowed-origins may ask everything; any other
// page may only send what every page may send, and cannot read the answer. Requests of others that
// would change something are refused, so that a page cannot act for somebody who reads it.
// No cookies exist, so Access-Control-Allow-Credentials is never sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/server.h"

namespace oee {

// Where a request comes from. `none`: not a web page, or one of the same origin that says nothing.
enum class PageOrigin : std::uint8_t { none, allowed, foreign };
PageOrigin page_origin_of(const BeastRequest& request, const std::vector<std::string>& allowed);

// What a page of an allowed origin may read of the answer; Vary for every page.
void add_cors_headers(HttpAnswer& answer, const BeastRequest& request, PageOrigin origin);

// The answer to OPTIONS: 204 with Allow; to a preflight of an allowed page what it may send.
HttpAnswer options_answer(const BeastRequest& request, PageOrigin origin, std::string allow);

}  // namespace oee
