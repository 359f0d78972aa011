#include "api/rest/web_page.h"

#include <gtest/gtest.h>

#include "api/http/wire.h"
#include "tests/api/http/http_fixture.h"
#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace http = boost::beast::http;
const std::string name_json = R"({"status":"ok","service":"Order Execution Engine"})";

HttpAnswer get(const std::string& target, std::string_view accept, std::string_view etag = {},
               const std::string& encodings = "gzip, deflate, br") {
  TestApi rest;
  BeastRequest request(http::verb::get, target, 11);
  if (!encodings.empty()) request.set(http::field::accept_encoding, encodings);
  request.set(http::field::accept, boost::beast::string_view(accept.data(), accept.size()));
  if (!etag.empty())
    request.set(http::field::if_none_match, boost::beast::string_view(etag.data(), etag.size()));
  return rest.call(std::move(request));
}

TEST(WebPage, ApiClientsGetTheServicesNameWhereBrowsersGetThePage) {
  EXPECT_EQ(get("/", "*/*").body, name_json);
  EXPECT_EQ(get("/", "application/json").body, name_json);
  const HttpAnswer answer = get("/", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
  const WebFile* page = find_web_file("/index.html");
  if (page == nullptr) {
    EXPECT_EQ(answer.body, name_json);  // built without the page
    return;
  }
  EXPECT_EQ(answer.body, page->gzip);
  EXPECT_EQ(header_of(answer, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_of(answer, "Cache-Control"), "no-cache");
  EXPECT_TRUE(header_of(answer, "Content-Security-Policy").starts_with("default-src 'self';"));
}

TEST(WebPage, EveryFileIsServedOnceAndThenKnownByItsTag) {
  for (const WebFile& file : embedded::web_files) {
    if (file.path == "/index.html") continue;
    SCOPED_TRACE(file.path);
    EXPECT_EQ(file.gzip.substr(0, 2), "\x1f\x8b");
    const HttpAnswer first = get(std::string(file.path), "*/*");
    EXPECT_EQ(first.status, 200u);
    EXPECT_EQ(first.body, file.gzip);
    EXPECT_EQ(first.content_type, file.content_type);
    EXPECT_EQ(header_of(first, "Cache-Control"), file.path.starts_with("/assets/")
                                                     ? "public, max-age=31536000, immutable"
                                                     : "no-cache");
    const HttpAnswer again = get(std::string(file.path), "*/*", file.etag);
    EXPECT_EQ(again.status, 304u);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(get(std::string(file.path), "*/*", "\"another\"").status, 200u);
  }
}

TEST(WebPage, GzipIsForClientsThatAcceptIt) {
  struct Case {
    const char* encodings;
    bool gzip;
  };
  const Case cases[] = {{"", false},
                        {"gzip", true},
                        {"GZIP;q=0.1", true},
                        {"x-gzip", true},
                        {"*", true},
                        {"br, *;q=0.5", true},
                        {"identity", false},
                        {"br", false},
                        {"gzip;q=0", false},
                        {"gzip; q=0.000", false},
                        {"*;q=0", false},
                        {"gzip;q=0, *", false},
                        {"*, gzip;q=0", false},
                        {"*;q=0, gzip", true},
                        {"gzipped", false}};
  const WebFile* file = find_web_file("/favicon.svg");
  if (file == nullptr) return;  // built without the page
  const std::string plain(plain_content(*file));
  EXPECT_TRUE(plain.starts_with("<svg")) << plain;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.encodings);
    const HttpAnswer answer = get("/favicon.svg", "*/*", {}, each.encodings);
    EXPECT_EQ(answer.body, each.gzip ? std::string(file->gzip) : plain);
    EXPECT_EQ(header_of(answer, "Content-Encoding"), each.gzip ? "gzip" : "");
    EXPECT_EQ(header_of(answer, "Vary"), "Accept, Accept-Encoding");
  }
}

TEST(WebPage, AFileIsUncompressedOnce) {
  for (const WebFile& file : embedded::web_files) {
    const std::string_view content = plain_content(file);
    EXPECT_FALSE(content.empty());
    EXPECT_EQ(plain_content(file).data(), content.data()) << file.path;
  }
}

TEST(WebPage, ATagIsOfOneEncodingOnly) {
  const WebFile* file = find_web_file("/favicon.svg");
  if (file == nullptr) return;  // built without the page
  const std::string plain_tag = header_of(get("/favicon.svg", "*/*", {}, ""), "ETag");
  const std::string gzip_tag = header_of(get("/favicon.svg", "*/*", {}, "gzip"), "ETag");
  EXPECT_NE(plain_tag, gzip_tag);
  EXPECT_EQ(get("/favicon.svg", "*/*", plain_tag, "").status, 304u);
  EXPECT_EQ(get("/favicon.svg", "*/*", gzip_tag, "gzip").status, 304u);
  EXPECT_EQ(get("/favicon.svg", "*/*", gzip_tag, "").status, 200u);
  EXPECT_EQ(get("/favicon.svg", "*/*", plain_tag, "gzip").status, 200u);
}

TEST(WebPage, OtherPathsAreNotFound) {
  for (const char* target : {"/assets/none.js", "/assets/index.html", "/assets/..%2findex.html"})
    EXPECT_EQ(get(target, "text/html").status, 404u) << target;
}

TEST(WebPage, A304ClaimsNoLength) {
  HttpAnswer answer;
  answer.status = 304;
  std::string out;
  append_response(out, answer, {});
  EXPECT_EQ(out.find("Content-Length"), out.npos);
  EXPECT_EQ(out.find("\nContent-Type:"), out.npos);
}

}  // namespace
}  // namespace oee::test
