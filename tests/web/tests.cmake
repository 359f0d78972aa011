# The web page's tests: SKIPPED, with the reason printed, without Node, packages or Chromium.
foreach(part types lint unit page)
  add_test(NAME web_${part} COMMAND ${CMAKE_SOURCE_DIR}/tests/web/run.sh ${part})
  set_tests_properties(web_${part} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 FIXTURES_REQUIRED web_packages
    ENVIRONMENT "OEE_BIN_DIR=${CMAKE_BINARY_DIR}/bin;OEE_WEB_RESULTS=${CMAKE_BINARY_DIR}/web_results")
endforeach()
# Some of it measures time, and it brings a browser, an engine and a load of its own.
set_tests_properties(web_page PROPERTIES RUN_SERIAL TRUE)
add_test(NAME web_packages COMMAND ${CMAKE_SOURCE_DIR}/tests/web/run.sh packages)
set_tests_properties(web_packages PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600 FIXTURES_SETUP web_packages)
