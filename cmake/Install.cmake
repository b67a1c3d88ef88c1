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
if(TARGET vouch_command)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
          FILES_MATCHING PATTERN "*.1")
  install(FILES ${PROJECT_BINARY_DIR}/completion/vouch
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${PROJECT_BINARY_DIR}/completion/_vouch
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${PROJECT_BINARY_DIR}/completion/vouch.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
