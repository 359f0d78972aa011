# The web page: built with Vite from what npm fetches (pinned in package-lock.json), compressed and
# embedded into oee_api_rest. Without it the engine answers JSON at "/" and is otherwise the same.
set(OEE_BUILD_UI AUTO CACHE STRING
    "The web page: AUTO (when Node >= 18 and npm are there), ON (an error when it cannot be built), OFF")
set(web ${CMAKE_CURRENT_LIST_DIR})
set(web_files_cc ${CMAKE_BINARY_DIR}/generated/web_files.cc)

# Sets `out` to why the page cannot be built; empty: it can.
function(oee_web_obstacle out)
  find_program(NODE NAMES node nodejs)
  find_program(NPM npm)
  if(NOT NODE OR NOT NPM)
    set(${out} "node or npm is not installed" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REPLACE "v" "" version "${version}")
  if(version VERSION_LESS 18)
    set(${out} "node ${version} is older than 18" PARENT_SCOPE)
    return()
  endif()
  # Only when what is installed is not what the lock file asks for. (A file that is missing counts as newer.)
  set(installed ${web}/node_modules/.package-lock.json)
  if(NOT EXISTS ${installed} OR NOT ${installed} IS_NEWER_THAN ${web}/package-lock.json)
    message(STATUS "Web page: fetching its packages (npm ci)")
    execute_process(COMMAND ${NPM} ci --no-audit --no-fund --ignore-scripts WORKING_DIRECTORY ${web}
                    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE why)
    if(failed)
      string(REGEX MATCH "npm (ERR!|error)[^\n]*" why "${why}")
      set(${out} "npm ci failed (${why})" PARENT_SCOPE)
      return()
    endif()
  endif()
  set(${out} "" PARENT_SCOPE)
endfunction()

set(obstacle "OEE_BUILD_UI is OFF")
if(OEE_BUILD_UI)
  oee_web_obstacle(obstacle)
endif()
if(obstacle AND NOT OEE_BUILD_UI STREQUAL "AUTO" AND OEE_BUILD_UI)
  message(FATAL_ERROR "OEE_BUILD_UI=${OEE_BUILD_UI}, but ${obstacle}")
elseif(obstacle)
  message(STATUS "Web page: not built: ${obstacle}")
  file(CONFIGURE OUTPUT ${web_files_cc} CONTENT [[
#include "api/rest/web_page.h"
const std::span<const oee::WebFile> oee::embedded::web_files{};
]])
else()
  message(STATUS "Web page: built with ${NODE}")
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web}/src/* ${web}/public/*)
  add_custom_command(
    OUTPUT ${web_files_cc}
    COMMAND ${NODE} node_modules/vite/bin/vite.js build --logLevel warn
            --outDir ${CMAKE_BINARY_DIR}/web --emptyOutDir
    COMMAND ${NODE} embed.mjs ${CMAKE_BINARY_DIR}/web ${web_files_cc}
    WORKING_DIRECTORY ${web}
    DEPENDS ${web_sources} ${web}/index.html ${web}/vite.config.ts ${web}/embed.mjs
            ${web}/package-lock.json ${CMAKE_SOURCE_DIR}/schemas/tokens.json
    COMMENT "Building the web page")
endif()
target_sources(oee_api_rest PRIVATE ${web_files_cc})
set_source_files_properties(${web_files_cc} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
