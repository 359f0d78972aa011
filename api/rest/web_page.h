// The web page's files, built into the program: gzip-compressed, read-only, valid as long as the
// program. Any thread. There are none when the program was built without the page (OEE_BUILD_UI).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace oee {

struct WebFile {
  std::string_view path;          // "/index.html", "/assets/index-4f3a.js"
  std::string_view content_type;  // a literal
  std::string_view gzip;          // the compressed content
  std::string_view etag;          // quoted, of the compressed content
};

namespace embedded {
// Defined in a file that api/web/page.cmake generates.
extern const std::span<const WebFile> web_files;
}  // namespace embedded

// Null: there is no such file.
const WebFile* find_web_file(std::string_view path);

// The uncompressed content, valid as long as the program. The first call uncompresses every file
// (milliseconds), and they are kept. REQUIRES: `file` is one of web_files.
std::string_view plain_content(const WebFile& file);

}  // namespace oee
