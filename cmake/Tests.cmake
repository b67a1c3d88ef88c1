# Tests: tests/<folder>/test_NAME.{c,py,sh} becomes the ctest <folder>.NAME; a C test is one
# cmocka program. The folder is the label where it names a kind of test, else the label is unit.
# tests/tsan/ runs under the thread sanitizer only.
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
set(TEST_KINDS conformance property golden soundness fault regress cli slow)

set(VOUCH_PYTHON /usr/bin/python3)
if(NOT EXISTS ${VOUCH_PYTHON})
  find_program(VOUCH_PYTHON_FOUND python3 REQUIRED)
  set(VOUCH_PYTHON ${VOUCH_PYTHON_FOUND})
endif()

set(shared_data ${VOUCH_SHARED_DATA})
if(NOT shared_data)
  get_filename_component(shared_data ${PROJECT_SOURCE_DIR}/../shared/data ABSOLUTE)
endif()

set(VOUCH_TEST_ENV
  VOUCH_BIN=${PROJECT_BINARY_DIR}/vouch
  VOUCH_CHECK_BIN=${PROJECT_BINARY_DIR}/vouch-check
  VOUCH_BUILD_DIR=${PROJECT_BINARY_DIR}
  VOUCH_SOURCE_DIR=${PROJECT_SOURCE_DIR}
  VOUCH_PYTHON=${VOUCH_PYTHON}
  PYTHONDONTWRITEBYTECODE=1
  PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support
  ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
  UBSAN_OPTIONS=print_stacktrace=1
  TSAN_OPTIONS=halt_on_error=1)
if(IS_DIRECTORY ${shared_data})
  list(APPEND VOUCH_TEST_ENV VOUCH_SHARED_DATA=${shared_data})
endif()

# vouch_test(NAME LABEL TIMEOUT_S COMMAND...)
function(vouch_test name label timeout_s)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout_s}
                       SKIP_RETURN_CODE 77 ENVIRONMENT "${VOUCH_TEST_ENV}")
endfunction()

file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.c)
if(support_sources)
  add_library(vouch_test_support STATIC ${support_sources})
  target_include_directories(vouch_test_support PRIVATE src tests)
  target_include_directories(vouch_test_support SYSTEM PRIVATE ${ONNX_DIR})
  target_link_libraries(vouch_test_support PUBLIC vouch PkgConfig::CMOCKA PRIVATE vouch_flags)
  add_dependencies(vouch_test_support vouch_onnx)
endif()

function(vouch_c_test target name source)
  add_executable(${target} ${source})
  target_include_directories(${target} PRIVATE src tests)
  target_include_directories(${target} SYSTEM PRIVATE ${ONNX_DIR})
  target_link_libraries(${target} PRIVATE $<TARGET_NAME_IF_EXISTS:vouch_test_support> vouch
                        PkgConfig::CMOCKA vouch_flags)
  add_dependencies(${target} vouch_onnx)
  get_filename_component(folder ${name} DIRECTORY)
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${folder}
    OUTPUT_NAME test_${ARGV3})
endfunction()

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     tests/test_*.c tests/test_*.py tests/test_*.sh)
foreach(source ${test_sources})
  string(REGEX REPLACE "^tests/(.*)test_[^/]*$" "\\1" folder ${source})
  string(REGEX REPLACE "/$" "" folder "${folder}")
  get_filename_component(stem ${source} NAME_WE)
  get_filename_component(kind ${source} EXT)
  string(REGEX REPLACE "^test_" "" stem ${stem})
  string(REGEX REPLACE "/.*$" "" label "${folder}")
  if(label STREQUAL "support" OR (label STREQUAL "tsan" AND NOT VOUCH_SANITIZE MATCHES "thread"))
    continue()
  endif()
  if(NOT label IN_LIST TEST_KINDS)
    set(label unit)
  endif()
  set(timeout_s 300)
  if(label STREQUAL slow)
    set(timeout_s 3600)
  endif()

  string(REPLACE "/" "." name "${folder}.${stem}")
  set(path ${PROJECT_SOURCE_DIR}/${source})
  if(kind STREQUAL ".c")
    string(REPLACE "." "_" target "test_${name}")
    vouch_c_test(${target} "${folder}/x" ${source} ${stem})
    vouch_test(${name} ${label} ${timeout_s} $<TARGET_FILE:${target}>)
  elseif(kind STREQUAL ".py")
    vouch_test(${name}_py ${label} ${timeout_s} ${VOUCH_PYTHON} ${path})
  else()
    vouch_test(${name}_sh ${label} ${timeout_s} bash ${path})
  endif()
endforeach()
