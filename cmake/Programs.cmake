# Programs: the command, the proof checker, benchmarks, generators and fuzz targets.
function(vouch_program target output)
  add_executable(${target} ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(${target} SYSTEM PRIVATE ${ONNX_DIR})
  target_compile_definitions(${target} PRIVATE VOUCH_VERSION="${VOUCH_VERSION}")
  target_link_libraries(${target} PRIVATE vouch)
  add_dependencies(${target} vouch_onnx)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output})
endfunction()

file(GLOB cli_sources CONFIGURE_DEPENDS src/cli/*.c src/cli/*/*.c)
if(cli_sources)
  vouch_program(vouch_command vouch ${cli_sources})
  target_link_libraries(vouch_command PRIVATE vouch_strict)
  # The command writes its own manual pages and shell completion, from its option tables.
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man ${PROJECT_BINARY_DIR}/completion)
  add_custom_command(TARGET vouch_command POST_BUILD VERBATIM
    COMMAND vouch_command man --dir ${PROJECT_BINARY_DIR}/man
    COMMAND vouch_command completion bash > ${PROJECT_BINARY_DIR}/completion/vouch
    COMMAND vouch_command completion zsh > ${PROJECT_BINARY_DIR}/completion/_vouch
    COMMAND vouch_command completion fish > ${PROJECT_BINARY_DIR}/completion/vouch.fish)
endif()

file(GLOB check_sources CONFIGURE_DEPENDS src/check/*.c src/check/*/*.c)
if(check_sources)
  vouch_program(vouch_check vouch-check ${check_sources})
  target_link_libraries(vouch_check PRIVATE vouch_strict)
endif()

# bench/NAME.c and tools/NAME.c: one program each, in the build folder of the same name.
foreach(folder bench tools)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    vouch_program(${folder}_${name} ${name} ${source})
    target_link_libraries(${folder}_${name} PRIVATE vouch_flags)
    set_target_properties(${folder}_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                          ${PROJECT_BINARY_DIR}/${folder})
  endforeach()
endforeach()

# examples/NAME.c: programs as a user of the library writes them, on the public headers alone.
file(GLOB example_sources CONFIGURE_DEPENDS examples/*.c)
foreach(source ${example_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE vouch vouch_flags)
  set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
endforeach()

# fuzz/fuzz_NAME.c: a libFuzzer program in preset fuzz; elsewhere a test that replays
# fuzz/corpus/NAME/.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${target})
  if(VOUCH_FUZZ)
    vouch_program(${target} ${target} ${source})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  elseif(VOUCH_TESTS)
    vouch_program(${target} ${target} ${source} fuzz/standalone_main.c)
    vouch_test(fuzz.${name} regress 300 $<TARGET_FILE:${target}>
               ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
  else()
    continue()
  endif()
  target_link_libraries(${target} PRIVATE vouch_flags)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                        ${PROJECT_BINARY_DIR}/fuzz)
endforeach()
