# The library: every src/<folder>/**.c but those of the command and of the proof checker.
# Tests and programs always link the static library, whose hidden symbols they may use;
# VOUCH_SHARED adds a shared one that exports the public interface only.
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
find_library(GMP_LIBRARY gmp REQUIRED)
# The solver's types alone; the library is loaded at run time, if it is there (num/lp.h).
find_path(CLP_INCLUDE_DIR coin/Clp_C_Interface.h)
if(NOT CLP_INCLUDE_DIR)
  message(FATAL_ERROR "coin/Clp_C_Interface.h is missing: run tools/setup.sh core")
endif()

file(GLOB VOUCH_SOURCES CONFIGURE_DEPENDS src/*/*.c src/*/*/*.c)
list(FILTER VOUCH_SOURCES EXCLUDE REGEX "/src/(cli|check)/")

# Instruction sets: the suffix of a file's name gives its flags; which version runs is chosen
# at run time.
set(VOUCH_FLAGS_generic -Wno-psabi)
set(VOUCH_FLAGS_avx2 -mavx2 -mfma -Wno-psabi)
set(VOUCH_FLAGS_avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma)
foreach(isa generic avx2 avx512)
  set(isa_sources ${VOUCH_SOURCES})
  list(FILTER isa_sources INCLUDE REGEX "_${isa}\\.c$")
  if(isa STREQUAL generic OR CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set_source_files_properties(${isa_sources} PROPERTIES COMPILE_OPTIONS
                                "${VOUCH_FLAGS_${isa}}")
  elseif(isa_sources)
    list(REMOVE_ITEM VOUCH_SOURCES ${isa_sources})
  endif()
endforeach()

# Comparisons may be computed for both outcomes: without this they keep loops from becoming
# vectors. It changes exception flags only, never a result.
file(GLOB walk_sources src/num/walk_*.c src/num/sheet_*.c)
set_property(SOURCE ${walk_sources} APPEND PROPERTY COMPILE_OPTIONS -fno-trapping-math)
# Square roots become vectors where they need not set errno.
file(GLOB update_sources src/num/update_*.c)
set_property(SOURCE ${update_sources} APPEND PROPERTY COMPILE_OPTIONS -fno-math-errno
                                                                       -fno-trapping-math)

function(vouch_library name kind)
  add_library(${name} ${kind} ${VOUCH_SOURCES} $<TARGET_OBJECTS:vouch_onnx>)
  add_dependencies(${name} vouch_onnx)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE
                             ${PROJECT_SOURCE_DIR}/src)
  target_include_directories(${name} SYSTEM PRIVATE ${ONNX_DIR} ${CLP_INCLUDE_DIR})
  target_compile_definitions(${name} PRIVATE VOUCH_VERSION="${VOUCH_VERSION}")
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:vouch_strict>
                        PUBLIC PkgConfig::PROTOBUF_C PkgConfig::JANSSON PkgConfig::NETTLE PkgConfig::PNG
                               PkgConfig::JPEG ZLIB::ZLIB
                               ${GMP_LIBRARY} m Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME vouch
                        POSITION_INDEPENDENT_CODE ${VOUCH_SHARED})
endfunction()

vouch_library(vouch STATIC)

# The shared library exports the functions that include/vouch/ declares, and no others: the list
# is read from the headers, so that they need no export macros.
if(VOUCH_SHARED)
  file(GLOB public_headers CONFIGURE_DEPENDS include/vouch/*.h)
  set(exported "")
  foreach(header ${public_headers})
    file(READ ${header} text)
    string(REGEX MATCHALL "vouch_[a-z0-9_]+\\(" names "${text}")
    list(APPEND exported ${names})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  endforeach()
  list(REMOVE_DUPLICATES exported)
  list(JOIN exported " " exported)
  string(REPLACE "(" ";" exported "${exported}")
  file(WRITE ${PROJECT_BINARY_DIR}/vouch.map "{ global: ${exported} local: *; };\n")

  vouch_library(vouch_shared SHARED)
  set_target_properties(vouch_shared PROPERTIES VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR} VOUCH_EXPORTED ON
                        LINK_DEPENDS ${PROJECT_BINARY_DIR}/vouch.map)
  target_link_options(vouch_shared PRIVATE
                      "LINKER:--version-script=${PROJECT_BINARY_DIR}/vouch.map")
endif()
