// The web page's files as they were built into the program: gzip-compressed, read-only, for ever.
// Any thread. Empty when the program was built without the page (OEE_BUILD_UI).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace oee {

struct WebFile {
  std::string_view path;          // "/index.html", "/assets/index-4f3a.js"
  std::string_view content_type;  // a literal
  std::string_view gzip;          // its bytes
  std::string_view etag;          // quoted, of the content as gzip
};

namespace embedded {
// Defined by a file that the build generates: api/web/page.cmake.
extern const std::span<const WebFile> web_files;
}  // namespace embedded

// Null: there is no such file.
const WebFile* find_web_file(std::string_view path);

// What such bytes were before they were compressed. REQUIRES: they are one complete gzip member, as
// the build makes them.
std::string gunzip(std::string_view gzip);

}  // namespace oee
