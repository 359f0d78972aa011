// Request headers that the REST face reads. Pure.
#pragma once

#include <optional>
#include <string>

#include "api/http/message.h"
#include "api/http/problem.h"
#include "core/order/ids.h"

namespace oee {

inline constexpr std::size_t idempotency_key_max = 255;

// The Idempotency-Key: an RFC 8941 string ("quoted", with \" and \\) or a bare token of printable
// characters, at most 255. The two forms of one text are the same key. `text` empty: the header is
// absent. invalid_header: empty, too long, repeated, or in neither form.
struct IdempotencyKey {
  std::string text;
  std::optional<Problem> problem;
};
IdempotencyKey idempotency_key_of(const BeastRequest& request);

// The trace id of a W3C traceparent header; zero when the header is absent or malformed (the
// standard then requires a new trace).
CorrelationId trace_id_of(const BeastRequest& request);

// Whether the body is declared as JSON in UTF-8, not compressed.
bool is_json(const BeastRequest& request);

// Whether the client accepts this media type ("text/event-stream"), by RFC 9110 12.5.1: a request
// without an Accept header accepts every type; of several matching ranges the most specific counts.
bool accepts(const BeastRequest& request, std::string_view media_type);

// The version in If-Match: one strong entity tag as etag_of() makes it. `version` empty: the header
// is absent. invalid_header: another tag, `*`, a list, or sent more than once.
struct IfMatch {
  std::optional<Version> version;
  std::optional<Problem> problem;
};
IfMatch if_match_of(const BeastRequest& request);
// The strong entity tag of an order at this version: "7", with the quotes.
std::string etag_of(Version version);

// Whether the client names gzip as accepted (RFC 9110 12.5.3). false without an Accept-Encoding
// header: such a client may accept gzip, but did not ask for it.
bool accepts_gzip(const BeastRequest& request);

// Whether the client asks for a list as one JSON value per line.
bool wants_ndjson(const BeastRequest& request);

// Whether the client is a browser that displays the answer: its Accept names text/html.
bool wants_html(const BeastRequest& request);

// Whether If-None-Match names this entity tag (quoted), weak or strong, or "*".
bool has_etag(const BeastRequest& request, std::string_view etag);

}  // namespace oee
