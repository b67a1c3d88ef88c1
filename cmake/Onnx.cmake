# ONNX messages: C code for onnx.proto, made at build time by protoc-c.
# The proto2 form is needed: its optional fields carry has_* flags, which the reader uses.
find_program(PROTOC_C protoc-c)
find_file(VOUCH_ONNX_PROTO NAMES onnx.proto onnx-ml.proto PATH_SUFFIXES onnx
          PATHS /usr/include /usr/local/include /usr/share/onnx)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
if(NOT PROTOC_C OR NOT VOUCH_ONNX_PROTO)
  message(FATAL_ERROR "protoc-c or onnx.proto is missing: run tools/setup.sh core")
endif()
file(STRINGS ${VOUCH_ONNX_PROTO} onnx_syntax REGEX "^syntax")
if(NOT onnx_syntax MATCHES "proto2")
  message(FATAL_ERROR "${VOUCH_ONNX_PROTO} is not proto2: "
                      "set VOUCH_ONNX_PROTO to the onnx.proto or onnx-ml.proto of libonnx-dev")
endif()

set(ONNX_DIR ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${ONNX_DIR})
configure_file(${VOUCH_ONNX_PROTO} ${ONNX_DIR}/onnx.proto COPYONLY)
add_custom_command(
  OUTPUT ${ONNX_DIR}/onnx.pb-c.c ${ONNX_DIR}/onnx.pb-c.h
  COMMAND ${PROTOC_C} --c_out=${ONNX_DIR} --proto_path=${ONNX_DIR} onnx.proto
  DEPENDS ${ONNX_DIR}/onnx.proto
  COMMENT "protoc-c onnx.proto" VERBATIM)

add_library(vouch_onnx OBJECT ${ONNX_DIR}/onnx.pb-c.c ${ONNX_DIR}/onnx.pb-c.h)
set_target_properties(vouch_onnx PROPERTIES POSITION_INDEPENDENT_CODE ${VOUCH_SHARED})
target_compile_options(vouch_onnx PRIVATE -w -fvisibility=hidden)
target_include_directories(vouch_onnx SYSTEM PUBLIC ${ONNX_DIR})
target_link_libraries(vouch_onnx PUBLIC PkgConfig::PROTOBUF_C)
