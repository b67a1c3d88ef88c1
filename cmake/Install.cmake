# Install rules: library, public headers, programs, pkg-config file, and the manual pages and
# shell completion where the build has made them.
install(TARGETS vouch ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(program vouch_shared vouch_command vouch_check)
  if(TARGET ${program})
    install(TARGETS ${program})
  endif()
endforeach()
if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/include/vouch)
  install(DIRECTORY include/vouch DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h")
endif()

# The prefix is found from the file's own place, so an installed tree may be moved.
file(RELATIVE_PATH PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(vouch.pc.in vouch.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/vouch.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/build/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
        OPTIONAL FILES_MATCHING PATTERN "*.1")
install(FILES ${PROJECT_SOURCE_DIR}/build/completion/vouch OPTIONAL
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
