// Cross-origin requests of web pages (the Fetch standard's CORS protocol). Pure.
//
// The pages of the server's own host and those of --allowed-origins may send every request. Any
// other page may only send the requests that browsers allow without a preflight, and cannot read
// the answer; a request of such a page that would change something is refused, so that the page
// cannot act for its reader. There are no cookies, so Access-Control-Allow-Credentials is never
// sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.h"

namespace oee {

// Whether a page of this origin may send every request. `origin` is the header's value; an empty
// one (the client is not a browser) is allowed. The server's own host is allowed, and each entry of
// `allowed` ("https://app.example.org"); both are compared without case.
bool origin_allowed(std::string_view origin, std::string_view host,
                    const std::vector<std::string>& allowed);

// The kind of page that sent a request. `none`: no page, or a page of the same origin that sends no
// Origin header.
enum class PageOrigin : std::uint8_t { none, allowed, foreign };
PageOrigin page_origin_of(const BeastRequest& request, const std::vector<std::string>& allowed);

// Adds the headers that let a page of an allowed origin read the answer, and Vary for every page.
void add_cors_headers(HttpAnswer& answer, const BeastRequest& request, PageOrigin origin);

// The answer to OPTIONS: 204 with Allow, and for the preflight of an allowed page the methods and
// headers that it may send.
HttpAnswer options_answer(const BeastRequest& request, PageOrigin origin, std::string allow);

}  // namespace oee
