// The web page. Its files are compressed at build time. Clients that accept gzip, such as browsers,
// receive the compressed bytes; other clients receive the files uncompressed.
#include <array>

#include "api/http/request_headers.h"
#include "api/rest/endpoints.h"
#include "api/rest/web_page.h"

namespace oee {
namespace {

using boost::beast::http::verb;
using enum Route::Query;
using enum Route::Needs;

// The policy allows only resources of this engine, and nothing inline. Scripts set styles (charts,
// rows of a list) through the CSSOM, which the policy allows.
constexpr std::string_view content_policy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'";
// Names under /assets/ contain a hash of their content.
constexpr std::string_view immutable = "public, max-age=31536000, immutable";
constexpr std::string_view revalidate = "no-cache";

// Each representation has a tag of its own (RFC 9110 8.8.3.3).
std::string etag_of(const WebFile& file, bool gzip) {
  std::string etag(file.etag);
  if (!gzip) etag.insert(etag.size() - 1, "-plain");
  return etag;
}

HttpAnswer answer_with(const WebFile& file, const Call& call) {
  const bool gzip = accepts_gzip(call.request);
  const std::string etag = etag_of(file, gzip);
  HttpAnswer answer;
  answer.content_type = file.content_type;
  answer.headers.reserve(6);
  answer.headers.emplace_back("ETag", etag);
  answer.headers.emplace_back("Cache-Control",
                              file.path.starts_with("/assets/") ? immutable : revalidate);
  answer.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  answer.headers.emplace_back("Content-Security-Policy", content_policy);
  if (has_etag(call.request, etag)) {
    answer.status = 304;
    return answer;
  }
  if (gzip) answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = gzip ? file.gzip : plain_content(file);
  return answer;
}

class PageEndpoints {
 public:
  Task<HttpAnswer> home(Call call);
  Task<HttpAnswer> asset(Call call);
  Task<HttpAnswer> icon(Call call);

  using Row = EndpointRoute<PageEndpoints>;
  static constexpr std::array routes = {
      Row{{verb::get, "/", AccessRole::open, ignored, nothing}, &PageEndpoints::home},
      Row{{verb::get, "/assets/{id}", AccessRole::open, ignored, nothing}, &PageEndpoints::asset},
      Row{{verb::get, "/favicon.svg", AccessRole::open, ignored, nothing}, &PageEndpoints::icon},
  };
};

Task<HttpAnswer> PageEndpoints::home(Call call) {
  const WebFile* page = wants_html(call.request) ? find_web_file("/index.html") : nullptr;
  if (page != nullptr) co_return answer_with(*page, call);
  HttpAnswer answer;
  answer.body = R"({"status":"ok","service":"Order Execution Engine"})";
  answer.headers.emplace_back(
      "Link", R"(</openapi.json>; rel="service-desc", </asyncapi.json>; rel="service-desc")");
  if (find_web_file("/index.html") != nullptr) answer.headers.emplace_back("Vary", "Accept");
  co_return answer;
}

Task<HttpAnswer> PageEndpoints::asset(Call call) {
  const WebFile* file = find_web_file("/assets/" + std::string(call.id));
  if (file == nullptr)
    co_return refused(problems::not_found, "There is no resource at this path.", call);
  co_return answer_with(*file, call);
}

Task<HttpAnswer> PageEndpoints::icon(Call call) {
  const WebFile* file = find_web_file("/favicon.svg");
  if (file == nullptr)
    co_return refused(problems::not_found, "There is no resource at this path.", call);
  co_return answer_with(*file, call);
}

}  // namespace

// The shards are made before their threads run: no request waits until the files are uncompressed.
std::unique_ptr<RouteGroup> page_routes() {
  if (!embedded::web_files.empty()) plain_content(embedded::web_files.front());
  return std::make_unique<EndpointGroup<PageEndpoints>>();
}

}  // namespace oee
