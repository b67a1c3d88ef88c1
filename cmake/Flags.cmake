# Compiler flags, as two interface targets: vouch_flags (everything we write) and
# vouch_strict (library and command: the conversions that tests may leave implicit).
# Floating point is kept literal: bounds are only sound if the compiler neither fuses
# nor reassociates.
add_library(vouch_flags INTERFACE)
target_compile_definitions(vouch_flags INTERFACE _POSIX_C_SOURCE=200809L _XOPEN_SOURCE=700
                           $<$<BOOL:${VOUCH_UNSOUND}>:VOUCH_UNSOUND>)
target_compile_options(vouch_flags INTERFACE
  -ffp-contract=off -fno-fast-math -fno-common -fno-omit-frame-pointer
  $<IF:$<BOOL:$<TARGET_PROPERTY:VOUCH_EXPORTED>>,-fvisibility=default,-fvisibility=hidden>
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
  -Wformat=2 -Wswitch-enum)

add_library(vouch_strict INTERFACE)
target_link_libraries(vouch_strict INTERFACE vouch_flags)
target_compile_options(vouch_strict INTERFACE
  -Wconversion -Wsign-conversion -Wdouble-promotion -Wcast-qual)

if(VOUCH_WERROR)
  target_compile_options(vouch_flags INTERFACE -Werror)
endif()

# These two report false positives in sanitized code (GCC's manual says so); the release
# build keeps them on.
if(VOUCH_SANITIZE)
  target_compile_options(vouch_flags INTERFACE -Wno-maybe-uninitialized -Wno-null-dereference)
  if(CMAKE_C_COMPILER_ID MATCHES Clang)
    target_compile_options(vouch_flags INTERFACE -Wno-unknown-warning-option)
  endif()
  add_compile_options(-fsanitize=${VOUCH_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${VOUCH_SANITIZE})
else()
  target_compile_options(vouch_strict INTERFACE -Wnull-dereference)
endif()

if(VOUCH_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "VOUCH_FUZZ needs clang: use `make fuzz`, or set CC=clang")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(VOUCH_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
