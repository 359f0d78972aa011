// node embed.mjs DIST OUT: compresses the files of DIST and writes OUT, the C++ file that defines
// oee::embedded::web_files (api/rest/web_page.h). The bytes come in through .incbin: nothing to parse.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const [dist, out] = process.argv.slice(2);
const packed = `${dist}.gz`;
mkdirSync(packed, { recursive: true });

const files = readdirSync(dist, { recursive: true })
  .map((name) => join(dist, name))
  .filter((path) => statSync(path).isFile())
  .sort()
  .map((path, index) => {
    const type = types[extname(path)];
    if (!type) throw new Error(`${path}: no content type is known for this kind of file`);
    const content = readFileSync(path);
    const gzip = gzipSync(content, { level: 9 });
    const gzipPath = join(packed, `${basename(path)}.gz`);
    writeFileSync(gzipPath, gzip);
    return {
      path: `/${relative(dist, path)}`,
      type,
      etag: createHash("sha256").update(content).digest("hex").slice(0, 32),
      gzipPath,
      bytes: gzip.length,
      symbol: `oee_web_file_${index}`,
    };
  });

const text = `// Written by api/web/embed.mjs.
#include "api/rest/web_page.h"

${files
  .map(
    (file) => `asm(".section .rodata\\n${file.symbol}: .incbin \\"${file.gzipPath}\\"\\n"
    ".global ${file.symbol}\\n.previous\\n");
extern "C" const char ${file.symbol}[];`,
  )
  .join("\n")}

namespace oee::embedded {
namespace {
const WebFile files[] = {
${files
  .map(
    (file) =>
      `    {"${file.path}", "${file.type}", {${file.symbol}, ${file.bytes}}, "\\"${file.etag}\\""},`,
  )
  .join("\n")}
};
}  // namespace
const std::span<const WebFile> web_files{files};
}  // namespace oee::embedded
`;
writeFileSync(out, text);
