// Request headers that the REST face reads. Pure.
#pragma once

#include <optional>
#include <string>

#include "api/http/problem.h"
#include "api/http/server.h"
#include "core/order/ids.h"

namespace oee {

inline constexpr std::size_t idempotency_key_max = 255;

// The Idempotency-Key: an RFC 8941 string ("quoted", with \" and \\) or a bare token of printable
// characters, at most 255. Both forms of one key are one key. Empty: no such header.
// invalid_header: empty, too long, repeated, or neither form.
struct IdempotencyKey {
  std::string text;
  std::optional<Problem> problem;
};
IdempotencyKey idempotency_key_of(const BeastRequest& request);

// The trace id of a W3C traceparent header; zero when there is none or it is malformed (the
// standard says: then start a trace of your own).
CorrelationId trace_id_of(const BeastRequest& request);

// Whether the body is declared as JSON in UTF-8, not compressed.
bool is_json(const BeastRequest& request);

// Whether the client takes this media type ("text/event-stream"), by RFC 9110 12.5.1: without an
// Accept it does; of several ranges that fit the most specific one counts.
bool accepts(const BeastRequest& request, std::string_view media_type);

// Whether the client says that it takes gzip (RFC 9110 12.5.3): one without an Accept-Encoding may,
// but is not asked to.
bool accepts_gzip(const BeastRequest& request);

// Whether a list is wanted as one JSON value per line.
bool wants_ndjson(const BeastRequest& request);

// Whether the client is a browser that shows what it gets: it names text/html.
bool wants_html(const BeastRequest& request);

// Whether If-None-Match names this entity tag (quoted), weak or strong, or any ("*").
bool has_etag(const BeastRequest& request, std::string_view etag);

}  // namespace oee
