# Installed files, and the Debian package: `tools/package` (or the target `package`, once `distribution` is
# built). Man pages, completion and the example configuration are made from the programs' --help.
if(OEE_SANITIZE)
  return()
endif()
set(programs order-engine log-dump log-backup rebuild-projections order-load)
set(manuals ${CMAKE_BINARY_DIR}/manuals)
set(packaging ${CMAKE_SOURCE_DIR}/tools/packaging)

find_program(PYTHON3 python3)
if(NOT PYTHON3)
  message(STATUS "python3 is missing: no man pages and no package are made")
  return()
endif()

set(made ${manuals}/order-engine.conf ${manuals}/changelog.gz)
foreach(program ${programs})
  list(APPEND made ${manuals}/${program}.1.gz ${manuals}/completions/${program})
endforeach()
add_custom_command(
  OUTPUT ${made}
  COMMAND ${PYTHON3} ${packaging}/manuals.py ${CMAKE_BINARY_DIR}/bin ${manuals} ${programs}
  DEPENDS ${programs} ${packaging}/manuals.py)
add_custom_target(distribution ALL DEPENDS ${made})

# Installation does not need the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(TARGETS ${programs} RUNTIME DESTINATION bin)
foreach(program ${programs})
  install(FILES ${manuals}/${program}.1.gz DESTINATION share/man/man1)
  install(FILES ${manuals}/completions/${program} DESTINATION share/bash-completion/completions)
endforeach()
install(FILES ${packaging}/copyright ${manuals}/changelog.gz DESTINATION share/doc/order-engine)
# Each document keeps its folder, so that the links between documents are valid.
set(documents
    README.md api/README.md api/web/README.md core/README.md eventlog/README.md projections/README.md
    schemas/README.md tests/README.md tests/bench/README.md tests/fuzz/README.md tests/sim/README.md
    tools/README.md tools/deploy/README.md
    compose.yaml tools/deploy/alerts.yaml tools/deploy/grafana-dashboard.json tools/deploy/prometheus.yaml)
foreach(document ${documents})
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${CMAKE_SOURCE_DIR}/${document} DESTINATION share/doc/order-engine/${folder})
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/tools/deploy/order-engine.service DESTINATION /lib/systemd/system)
install(FILES ${manuals}/order-engine.conf DESTINATION /etc/order-engine)

set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "The authors of order-engine <order-engine@example.org>")
set(CPACK_PACKAGE_NAME order-engine)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "durable, event-sourced order execution engine")
set(CPACK_PACKAGE_DESCRIPTION
"Takes orders over REST, executes them at venues and reports every step over
WebSocket, Redis and PostgreSQL. Every step is an event in a log that is synced
before a request is answered or an action follows.
.
It includes log-dump (print, audit and replay the log), log-backup (copy and
restore it), rebuild-projections and order-load.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, redis-server")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${packaging}/conffiles ${packaging}/postinst ${packaging}/prerm ${packaging}/postrm)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
